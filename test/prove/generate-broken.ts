/**
 * Worlds in which people write something wrong in the middle of a history, and put it right after a while. Not by the
 * dice of the history, so that the rest of it stays what it was. Mistakes are taken in turn, so that some dozens of
 * such histories have all of them.
 */

import type { KubeObject } from '../../src/kube/api.ts';
import type { Json, JsonObject } from '../../src/lang/json.ts';
import { MISTAKES, type Mistake, type Place, PRUNED } from './broken-rollouts.ts';
import { Dice } from './dice.ts';
import type { History, HistoryEvent, Setup } from './history.ts';
import { LINT_FILES, type LintFile } from './lint-files.ts';
import { analysisTemplate, podTemplate, rollout } from './manifests.ts';

const SECOND = 1_000;
/** One history in so many. */
const EACH = 4;
const MISTAKES_EACH = 6;
const LINTS_EACH = 2;

export const isBroken = (seed: number): boolean => seed % EACH === 2;

export function withMistakes(history: History): History {
  const { seed, setup, events } = history;
  if (!isBroken(seed)) return history;
  const dice = new Dice(seed ^ 0x6d_69_73_74);
  const fitting = MISTAKES.filter(({ in: places }) => places.every((place) => has(setup, place)));
  const turn = Math.floor(seed / EACH);
  const from = turn * MISTAKES_EACH;
  const first = events.find((event) => event.do === 'image')?.at ?? 10 * SECOND;
  let at = Math.max(2 * SECOND, first + dice.int(-10, 10) * SECOND);
  const made: HistoryEvent[] = [];
  for (let i = 0; i < MISTAKES_EACH; i++) {
    const { what, of, change } = fitting[(from + i) % fitting.length] as Mistake;
    made.push({ at, do: 'break', what, of, change });
    // Now and then the next mistake is made on top of it.
    if (dice.chance(0.2)) at += dice.int(0, 10) * SECOND;
    else {
      at += dice.pick([0.2, 2, 5, 15, 45]) * SECOND;
      made.push({ at, do: 'mend' });
      at += dice.int(0, 10) * SECOND;
    }
  }
  // Some leave it as it is: that ends well, too, with a stated reason.
  if (!dice.chance(0.1)) made.push({ at, do: 'mend' });
  made.push(...withOther(dice, first));
  // Others ask before they write.
  for (let i = 0; i < LINTS_EACH; i++) {
    const { canary, beside } = LINT_FILES[(turn * LINTS_EACH + i) % LINT_FILES.length] as LintFile;
    made.push({ at: first + dice.int(0, 60) * SECOND, do: 'lint', canary, beside });
  }
  return {
    seed,
    setup: {
      ...setup,
      objects: setup.source === 'git' ? setup.objects : [...setup.objects, everywhere(), other()],
      ...(dice.chance(0.7) ? { crds: 'open' } : {}),
      flags: {
        ...(dice.chance(0.3) ? { statusForm: 'int' } : {}),
        prunedFields: PRUNED,
      },
    },
    events: [...events, ...made].toSorted((a, b) => a.at - b.at),
  };
}

const OTHER = 'other';

/** A Rollout beside, with which all is well: what is wrong with the first one does not stop it. */
function other(): KubeObject {
  const plain = rollout({ canary: { steps: [{ setWeight: 50 }, { pause: { duration: 5 } }] } });
  const template = { metadata: { labels: { app: OTHER } }, spec: podSpec('v1') };
  const spec = { replicas: 2, selector: { matchLabels: { app: OTHER } }, template };
  return {
    ...plain,
    metadata: { ...plain.metadata, name: OTHER },
    spec: { ...(plain['spec'] as JsonObject), ...spec },
  } as unknown as KubeObject;
}

const podSpec = (tag: string): Json => podTemplate(tag)['spec'] as Json;

function withOther(dice: Dice, first: number): HistoryEvent[] {
  const template = { spec: podSpec('v2') };
  const at = first + dice.int(5, 60) * SECOND;
  return [
    {
      at,
      do: 'break',
      what: 'nothing: a new version',
      of: `Rollout/${OTHER}`,
      change: { spec: { template } },
    },
  ];
}

/** For all namespaces. */
function everywhere(): KubeObject {
  const { metadata, ...template } = analysisTemplate('success-everywhere');
  return { ...template, kind: 'ClusterAnalysisTemplate', metadata: { name: metadata.name } } as KubeObject;
}

function has({ rollout: first, source }: Setup, place: Place): boolean {
  const spec = first['spec'] as JsonObject;
  const strategy = spec['strategy'] as { canary?: JsonObject; blueGreen?: JsonObject };
  switch (place) {
    case 'canary':
      return strategy.canary !== undefined;
    case 'blueGreen':
      return strategy.blueGreen !== undefined;
    case 'nginx':
      return strategy.canary?.['trafficRouting'] !== undefined;
    case 'services':
      return strategy.canary?.['stableService'] !== undefined;
    case 'template':
      return spec['template'] !== undefined;
    case 'workload':
      return source === 'workload';
  }
}
