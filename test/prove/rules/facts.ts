/** Numbers that the spec of a Rollout stands for, from the text of its reference and from nothing of ours. */

import type { Rollout } from '../../../src/api/rollout.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import { at, intOrPercent, listAt, numberAt, recordAt, textAt } from './read.ts';

/** An object as it came; the typed form is the same JSON. */
type Reading = KubeObject | Rollout;

export type Strategy = 'canary' | 'blueGreen' | 'none';

export function strategyOf(rollout: Reading): Strategy {
  if (at(rollout, 'spec', 'strategy', 'canary') !== undefined) return 'canary';
  return at(rollout, 'spec', 'strategy', 'blueGreen') === undefined ? 'none' : 'blueGreen';
}

export const strategyFields = (rollout: Reading): Readonly<Record<string, unknown>> =>
  recordAt(rollout, 'spec', 'strategy', strategyOf(rollout));

export const desiredOf = (rollout: KubeObject): number => numberAt(rollout, 'spec', 'replicas') ?? 1;

/** Milliseconds. */
export const progressDeadlineOf = (rollout: Reading): number =>
  1_000 * (numberAt(rollout, 'spec', 'progressDeadlineSeconds') ?? 600);

export const routingOf = (rollout: KubeObject): Readonly<Record<string, unknown>> | undefined => {
  const routing = at(rollout, 'spec', 'strategy', 'canary', 'trafficRouting');
  return typeof routing === 'object' && routing !== null
    ? (routing as Readonly<Record<string, unknown>>)
    : undefined;
};

/** A whole that is none stands in a spec that is refused. */
export function maxWeightOf(rollout: KubeObject): number {
  const max = numberAt(routingOf(rollout), 'maxTrafficWeight') ?? 100;
  return max > 0 ? max : 100;
}

/** Spec 03 section 3.1. */
export function maxUnavailableOf(rollout: KubeObject): number {
  const desired = desiredOf(rollout);
  if (desired === 0) return 0;
  const fields = strategyFields(rollout);
  const unavailable = intOrPercent(fields['maxUnavailable'] ?? '25%', desired, 'down');
  const surge = intOrPercent(fields['maxSurge'] ?? '25%', desired, 'up');
  return Math.min(desired, unavailable === 0 && surge === 0 ? 1 : unavailable);
}

export const stepsOf = (rollout: KubeObject): readonly unknown[] =>
  listAt(rollout, 'spec', 'strategy', 'canary', 'steps');

/** The weight that the steps ask for at an index: the nearest `setWeight` at it or before it (spec 03 section 2). */
export function weightAtStep(rollout: KubeObject, index: number): number {
  const steps = stepsOf(rollout);
  if (index >= steps.length) return maxWeightOf(rollout);
  for (let i = index; i >= 0; i--) {
    const weight = numberAt(steps[i], 'setWeight');
    if (weight !== undefined) return weight;
  }
  return 0;
}

/** A `setCanaryScale` at an index or before it that asks for a size of its own (spec 03 section 4.4). */
export function scaleStepAt(rollout: KubeObject, index: number): boolean {
  const steps = stepsOf(rollout);
  if (routingOf(rollout) === undefined || index >= steps.length) return false;
  for (let i = index; i >= 0; i--) {
    const scale = at(steps[i], 'setCanaryScale');
    if (scale !== undefined) return at(scale, 'matchTrafficWeight') !== true;
  }
  return false;
}

export const isDynamic = (rollout: KubeObject): boolean =>
  at(rollout, 'spec', 'strategy', 'canary', 'dynamicStableScale') === true &&
  routingOf(rollout) !== undefined;

/** Pods that may stand for a weight: `replicaProgressThreshold` asks for fewer than all of them. */
export function podsNeeded(rollout: KubeObject, target: number): number {
  const threshold = at(rollout, 'spec', 'strategy', 'canary', 'replicaProgressThreshold');
  const value = numberAt(threshold, 'value');
  if (value === undefined || value < 0) return target;
  const type = textAt(threshold, 'type');
  const asked = type === 'Percent' ? (target * value) / 100 : value;
  return Math.min(target, asked);
}

/** Milliseconds that an old version keeps its pods after it lost its traffic; 0: no delay (spec 02 section 9). */
export function scaleDownDelayOf(rollout: KubeObject): number {
  const seconds = numberAt(strategyFields(rollout), 'scaleDownDelaySeconds');
  const applies = strategyOf(rollout) === 'blueGreen' || routingOf(rollout) !== undefined;
  if (!applies || isDynamic(rollout)) return 0;
  return (seconds ?? 30) * 1_000;
}

/** The same after an abort; Infinity: never (spec 02 section 10). */
export function abortDelayOf(rollout: KubeObject): number {
  const seconds = numberAt(strategyFields(rollout), 'abortScaleDownDelaySeconds');
  if (strategyOf(rollout) !== 'blueGreen' && routingOf(rollout) === undefined) return 0;
  if (isDynamic(rollout) && (seconds === undefined || seconds === 0)) return 0;
  if (seconds === 0) return Infinity;
  return (seconds ?? 30) * 1_000;
}

export const servicesOf = (
  rollout: KubeObject,
): { stable?: string; canary?: string; active?: string; preview?: string; ping?: string; pong?: string } => {
  const fields = strategyFields(rollout);
  const entries: [string, string | undefined][] = [
    ['stable', textAt(fields, 'stableService')],
    ['canary', textAt(fields, 'canaryService')],
    ['active', textAt(fields, 'activeService')],
    ['preview', textAt(fields, 'previewService')],
    ['ping', textAt(fields, 'pingPong', 'pingService')],
    ['pong', textAt(fields, 'pingPong', 'pongService')],
  ];
  return Object.fromEntries(entries.filter(([, name]) => name !== undefined));
};
