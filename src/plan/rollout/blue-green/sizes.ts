/** The sizes of all ReplicaSets after this pass (spec 04 sections 2 and 3, 02 sections 9 and 10). */

import { formatTime } from '../../../lang/time.ts';
import { SCALE_DOWN_DEADLINE } from '../names.ts';
import type { Progress } from '../progress.ts';
import { isInconclusive, isPromoted } from '../progress.ts';
import type { ReplicaSet } from '../replica-set.ts';
import { byRevision, countsOf, hasDeadline, hashOf, scaleDownDeadlineOf } from '../replica-set.ts';
import { withRestartSurge } from '../restart-surge.ts';
import { createKey, newReplicaSet } from '../revision.ts';
import { hasFailed } from '../situation.ts';
import type { PlannedSizes } from '../sizes.ts';
import { annotate, leftOpenByStable, scale, scalingEvent, settled, suspendDeadline } from '../sizes.ts';
import { isHalted } from './active.ts';
import { isFastRollback, isStillRunning } from './fast-track.ts';
import type { BlueGreenSituation } from './situation.ts';
import { abortScaleDownDelay, scaleDownDelaySeconds, selectedBy } from './situation.ts';
import { availableOf } from '../canary/counts.ts';

export interface SizeFacts {
  /** What the active Service selects after this pass. */
  readonly active: string;
  readonly checkpoint: boolean;
  /** No analysis stands after the switch. */
  readonly verified: boolean;
}

/** What the new version should ask for at this stage. First match wins. */
export function newSize(
  s: BlueGreenSituation,
  p: Progress,
  { active, checkpoint }: Pick<SizeFacts, 'active' | 'checkpoint'>,
): number {
  const { previewReplicaCount } = s.blueGreen;
  const { hash, all } = s.revisions;
  if (previewReplicaCount === undefined || isFastRollback(s, p) || p.promoteFull) return s.replicas;
  const activeExists = all.some((rs) => hashOf(rs) === active);
  if (!activeExists || active === hash) return s.replicas;
  const preview = Math.max(0, previewReplicaCount);
  if (!checkpoint) return preview;
  // A person who holds the update keeps the pods that are there.
  return isHalted(s, p)
    ? Math.min(Math.max(preview, s.canary.size), Math.max(preview, s.replicas))
    : s.replicas;
}

/** The new version has what this stage asks for. */
export function isReady(s: BlueGreenSituation, wanted: number): boolean {
  return s.revisions.fresh !== undefined && s.canary.size === wanted && s.canary.available === wanted;
}

export function planBlueGreenSizes(s: BlueGreenSituation, p: Progress, facts: SizeFacts): PlannedSizes {
  const planned = new Map<string, number>();
  planStable(s, p, planned);
  planNew(s, p, facts, planned);
  planOthers(s, p, facts, planned);
  return planned;
}

/** Stable always has all of its pods: it is what an abort goes back to. */
function planStable(s: BlueGreenSituation, p: Progress, planned: Map<string, number>): void {
  const { stable, fresh } = s.revisions;
  if (stable === undefined || stable === fresh || isPromoted(s, p)) return;
  const size = settled(s, stable, withRestartSurge(s, stable, s.replicas));
  planned.set(stable.metadata.name, size);
  scale(s, stable, size, { halted: false, dropDeadline: true, wave: 'stable' });
}

function planNew(s: BlueGreenSituation, p: Progress, facts: SizeFacts, planned: Map<string, number>): void {
  const { fresh, name, revision } = s.revisions;
  const wanted = newSize(s, p, facts);
  if (fresh === undefined) {
    planned.set(name, wanted);
    const key = createKey(name);
    if (hasFailed(s, key)) return;
    s.draft.intend({
      kind: 'createReplicaSet',
      key,
      wave: 'objects',
      object: newReplicaSet(s.rollout, s.revisions, wanted),
    });
    if (wanted > 0) scalingEvent(s, name, revision, 0, wanted, key, 'before');
    return;
  }
  if (p.abort && s.stable !== undefined) {
    planned.set(name, planAborted(s, fresh, facts));
    return;
  }
  const size = settled(s, fresh, withRestartSurge(s, fresh, wanted));
  planned.set(name, size);
  // The deadline marks a rollback as fast until it is over.
  scale(s, fresh, size, { halted: false, dropDeadline: isPromoted(s, p) || !isStillRunning(s, p) });
}

/** The new version of an aborted update lives on for a while, so that a look at it or a retry is quick. */
function planAborted(s: BlueGreenSituation, fresh: ReplicaSet, { active }: SizeFacts): number {
  const { size } = s.canary;
  const { hash } = s.revisions;
  const keep = (why: string): number => {
    s.draft.note('abort.pods', why);
    // Without pods there is nothing to be kept up to date.
    scale(s, fresh, size, { halted: size === 0, dropDeadline: false });
    return size;
  };
  const delay = abortScaleDownDelay(s.blueGreen);
  if (active === hash) return keep('the new version keeps its pods until the active Service has left it');
  if (delay === 'never') return keep('the new version keeps its pods: abortScaleDownDelaySeconds is 0');
  if (size === 0) return keep('the new version has no pods');
  const deadline = scaleDownDeadlineOf(fresh);
  if (deadline === undefined) {
    if (s.active === hash || s.old.abort !== true)
      return keep(
        'the delay of the new version counts from when the abort is on record and the active Service has left it',
      );
    if (availableOf(s.stable) < s.replicas)
      return keep('the new version keeps its pods until stable has all of its own');
    const at = s.now + delay * 1000;
    annotate(s, fresh, { [SCALE_DOWN_DEADLINE]: formatTime(at) });
    s.draft.lookAgainAt(at);
    return keep(`the new version is scaled down in ${delay} s`);
  }
  if (deadline > s.now) {
    s.draft.lookAgainAt(deadline);
    return keep(`the new version is scaled down at ${formatTime(deadline)}`);
  }
  if (s.active === hash) return keep('the new version keeps its pods until the active Service has left it');
  // Stable may have lost pods in the meantime.
  const left = leftOpenByStable(s);
  scale(s, fresh, left, { halted: false, dropDeadline: false });
  return left;
}

/** Old versions, newest first: what may still be asked for stays; the others live out their delay. */
function planOthers(
  s: BlueGreenSituation,
  p: Progress,
  facts: SizeFacts,
  planned: Map<string, number>,
): void {
  const alive = s.revisions.others.filter((rs) => countsOf(rs).size > 0);
  if (alive.length === 0) return;
  const held = holdsOthers(s, p, facts);
  if (held !== undefined) {
    s.draft.note('size.old', held);
    return;
  }
  const { scaleDownDelayRevisionLimit = Infinity } = s.blueGreen;
  const delay = scaleDownDelaySeconds(s.blueGreen);
  let waiting = 0;
  for (const rs of alive.toSorted(byRevision)) {
    const { name } = rs.metadata;
    const resize = (wanted: number, dropDeadline: boolean, why: string): void => {
      const size = settled(s, rs, wanted);
      planned.set(name, size);
      scale(s, rs, size, { halted: false, dropDeadline });
      s.draft.note('size.old', `ReplicaSet ${name} ${why}`);
    };
    const isLeft = s.active === '' && facts.active !== '' && countsOf(rs).ready > 0;
    if (isLeft && hasDeadline(rs)) {
      suspendDeadline(s, rs, delay);
      resize(countsOf(rs).size, false, 'was selected until now');
      continue;
    }
    if (hashOf(rs) === s.active) {
      resize(s.replicas, false, 'serves until the active Service moves on');
      continue;
    }
    if (isReferenced(s, rs)) {
      resize(countsOf(rs).size, false, 'may still get traffic');
      continue;
    }
    const deadline = scaleDownDeadlineOf(rs);
    waiting++;
    if (waiting > scaleDownDelayRevisionLimit) {
      resize(0, true, 'is beyond scaleDownDelayRevisionLimit');
    } else if (deadline === undefined && delay > 0) {
      const at = s.now + delay * 1000;
      annotate(s, rs, { [SCALE_DOWN_DEADLINE]: formatTime(at) });
      s.draft.lookAgainAt(at);
      planned.set(name, countsOf(rs).size);
      s.draft.note('size.old', `ReplicaSet ${name} is scaled down in ${delay} s`);
    } else if (deadline !== undefined && deadline > s.now) {
      s.draft.lookAgainAt(deadline);
      resize(s.replicas, false, `is scaled down at ${formatTime(deadline)}`);
    } else {
      resize(0, true, 'is no longer needed');
    }
  }
}

/** Why no old version is touched at all. */
function holdsOthers(
  s: BlueGreenSituation,
  p: Progress,
  { active, verified }: SizeFacts,
): string | undefined {
  if (isInconclusive(p)) return 'old versions stay: an analysis waits for a decision';
  if (active === '' && s.others.some(({ ready }) => ready > 0))
    return 'old versions stay: the active Service still selects all of them';
  const applies = active === s.revisions.hash && !isPromoted(s, p) && !verified;
  if (applies && s.blueGreen.scaleDownDelaySeconds === undefined)
    return 'old versions stay until the analysis after the switch is done';
  return undefined;
}

/** Named by the stored status or by the preview Service (spec 02 section 9). */
function isReferenced(s: BlueGreenSituation, rs: ReplicaSet): boolean {
  const { stableRS, currentPodHash, blueGreen } = s.old;
  return [
    stableRS,
    currentPodHash,
    blueGreen?.activeSelector,
    blueGreen?.previewSelector,
    selectedBy(s.snapshot, s.blueGreen.previewService),
  ].includes(hashOf(rs));
}
