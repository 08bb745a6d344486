/**
 * Measurements of an AnalysisRun that has to go on: one that its Rollout's status names, or one that somebody made by
 * hand. Each answer is written, one that does not count included, for a backend may be asked for as long as it takes and
 * everybody may see that it is. So many writes are bounded by the runs and their intervals, and no unrest; a run that
 * nobody waits for any more has none of them.
 */

import type { KubeObject } from '../../../src/kube/api.ts';
import { at, beside, listAt, ownerOf, textAt, timeAt } from './read.ts';
import type { Change } from './types.ts';

/** `rolloutOf` finds a Rollout by its key. */
export function isMeasurement(
  { kind, key, before, after }: Change,
  rolloutOf: (key: string) => KubeObject | undefined,
): boolean {
  if (kind !== 'AnalysisRun' || before === undefined || after === undefined) return false;
  if (textAt(after, 'status', 'phase') !== 'Running' || lastAnswer(after) <= lastAnswer(before)) return false;
  const owner = ownerOf(after, 'Rollout');
  return owner === undefined || namesRun(rolloutOf(beside(key, owner.name)), after.metadata.name);
}

const lastAnswer = (run: KubeObject): number =>
  Math.max(
    0,
    ...listAt(run, 'status', 'metricResults').flatMap((result) =>
      listAt(result, 'measurements').map((measurement) => timeAt(measurement, 'finishedAt') ?? 0),
    ),
  );

/** Whether the status of the Rollout waits for this run. */
export const namesRun = (rollout: KubeObject | undefined, name: string): boolean =>
  [
    ['canary', 'currentStepAnalysisRunStatus'],
    ['canary', 'currentBackgroundAnalysisRunStatus'],
    ['blueGreen', 'prePromotionAnalysisRunStatus'],
    ['blueGreen', 'postPromotionAnalysisRunStatus'],
  ].some((path) => at(rollout, 'status', ...path, 'name') === name);
