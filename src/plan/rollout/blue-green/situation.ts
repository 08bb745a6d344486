/** A blue-green Rollout as its chain of decisions sees it: a Rollout without steps and routes, with two Services. */

import type { BlueGreenStrategy, Rollout } from '../../../api/rollout.ts';
import type { Counts } from '../canary/counts.ts';
import type { Draft } from '../intents.ts';
import { HASH_LABEL } from '../names.ts';
import type { Revisions } from '../revision.ts';
import type { Situation } from '../situation.ts';
import { situate } from '../situation.ts';
import type { RolloutSnapshot } from '../snapshot.ts';

export interface BlueGreenSituation extends Situation {
  readonly blueGreen: BlueGreenStrategy;
  /** Hash that the active Service selects now; '' where it selects every version. */
  readonly active: string;
}

export function situateBlueGreen(
  snapshot: RolloutSnapshot,
  rollout: Rollout,
  blueGreen: BlueGreenStrategy,
  revisions: Revisions,
  draft: Draft,
): BlueGreenSituation {
  const { maxUnavailable } = blueGreen;
  return {
    // maxUnavailable is the pace of restarts; a version comes and goes as a whole.
    ...situate(snapshot, rollout, { maxUnavailable }, revisions, draft),
    blueGreen,
    active: selectedBy(snapshot, blueGreen.activeService),
  };
}

/** Hash in the selector of a Service; '' where there is none. */
export const selectedBy = (snapshot: RolloutSnapshot, service: string | undefined): string =>
  (service === undefined ? undefined : snapshot.services[service]?.selector[HASH_LABEL]) ?? '';

/** All pods that the Rollout asks for are there and available (spec 04 section 3). */
export const isSaturated = (s: BlueGreenSituation, counts: Counts): boolean =>
  counts.size === s.replicas && counts.available === s.replicas;

/** The first pass after someone took an abort back. */
export const isRetry = ({ old }: BlueGreenSituation): boolean =>
  old.abort !== true && old.abortedAt !== undefined;

const DEFAULT_DELAY_SECONDS = 30;

/** How long the version that was active keeps its pods. */
export const scaleDownDelaySeconds = ({ scaleDownDelaySeconds: seconds }: BlueGreenStrategy): number =>
  seconds ?? DEFAULT_DELAY_SECONDS;

/** The same for the new version of an aborted update (spec 02 section 10). */
export const abortScaleDownDelay = ({
  abortScaleDownDelaySeconds: seconds,
}: BlueGreenStrategy): number | 'never' => (seconds === 0 ? 'never' : (seconds ?? DEFAULT_DELAY_SECONDS));
