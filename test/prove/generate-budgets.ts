/** Worlds with PodDisruptionBudgets, and people who restart: before, in the middle of, and after a release. */

import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { Dice } from './dice.ts';
import type { History, HistoryEvent } from './history.ts';
import { NAME, SHOP } from './manifests.ts';

const STREAM = 0x627564;
const SECOND = 1_000;
/** One history in so many. */
const EACH = 8;

export function withBudgets(history: History): History {
  const { seed, setup, events } = history;
  if (seed % EACH !== 1) return history;
  const dice = new Dice(seed ^ STREAM);
  const replicas = Number((setup.rollout['spec'] as JsonObject)['replicas'] ?? 1);
  const span = (events.at(-1)?.at ?? 60 * SECOND) + 60 * SECOND;
  // Whatever it forbade: in the end nothing stands in the way of a restart.
  const end: HistoryEvent = {
    at: span + 30 * SECOND,
    do: 'break',
    what: 'the budget is gone',
    of: `PodDisruptionBudget/${NAME}`,
    change: null,
  };
  const restarts = Array.from({ length: dice.int(1, 3) }, (): HistoryEvent => ({
    at: dice.int(5, Math.round(span / SECOND)) * SECOND,
    do: 'command',
    command: 'restart',
  }));
  return {
    ...history,
    setup: { ...setup, objects: [...setup.objects, budget(dice, replicas)] },
    events: [...events, ...restarts, end].toSorted((a, b) => a.at - b.at),
  };
}

/** Some of them allow nothing, for a time or ever: then a restart waits. */
function budget(dice: Dice, replicas: number): KubeObject {
  const allowed = dice.pick<JsonObject>([
    { minAvailable: Math.max(1, replicas - dice.int(0, 2)) },
    { minAvailable: dice.pick(['50%', '80%', '100%']) },
    { maxUnavailable: dice.int(0, 2) },
    { maxUnavailable: dice.pick(['20%', '50%']) },
  ]);
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: NAME, namespace: SHOP },
    spec: { ...allowed, selector: { matchLabels: { app: NAME } } },
  };
}
