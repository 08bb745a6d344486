/** The sizes of all ReplicaSets after this pass, and the writes that get there (spec 02 sections 8 to 10, 03 section 5). */

import type { TrafficWeights } from '../../api/rollout.ts';
import { formatTime } from '../../lang/time.ts';
import type { Weights } from './canary/sizes.ts';
import { atDesired, basicSizes, basicSizesAtOnce, basicTarget, routedSizes } from './canary/sizes.ts';
import type { Sizes } from './canary/target.ts';
import { isStableBroken } from './canary/broken.ts';
import { currentSetWeight, scaleInForce } from './canary/course.ts';
import type { Counts } from './canary/counts.ts';
import { sum, availableOf } from './canary/counts.ts';
import { abortScaleDownDelay, maxWeight, replicaFloor, scaleDownDelaySeconds } from './defaults.ts';
import { DESIRED_REPLICAS, SCALE_DOWN_DEADLINE } from './names.ts';
import type { Progress } from './progress.ts';
import { courseOf, isInconclusive, isPromoted } from './progress.ts';
import type { ReplicaSet } from './replica-set.ts';
import {
  byRevision,
  countsOf,
  desiredReplicasOf,
  hasDeadline,
  hashOf,
  scaleDownDeadlineOf,
  revisionNumber,
} from './replica-set.ts';
import { createKey, newReplicaSet } from './revision.ts';
import { restartIsDue } from './restart.ts';
import { withRestartSurge } from './restart-surge.ts';
import { isSelected, isServed, selectsEvery } from './services.ts';
import type { Situation } from './situation.ts';
import { hasFailed, mayGetTraffic, mostWeight } from './situation.ts';
import { isReplacing, weightKept } from './takeover.ts';

function input(s: Situation, p: Progress) {
  return {
    course: courseOf(s, p),
    canary: s.canary,
    stable: isPromoted(s, p) ? undefined : s.stable,
    others: s.others,
  };
}

/** What the step asks for now, before anything holds it back. `sent` are the weights of this pass, once they are decided. */
export function wantedSizes(s: Situation, p: Progress, sent?: TrafficWeights): Sizes {
  if (!s.routed)
    return s.revisions.fresh === undefined
      ? basicSizes(input(s, p), s.fences)
      : basicSizesAtOnce(input(s, p), s.fences);
  if (input(s, p).stable === undefined) return { canary: s.replicas, stable: 0 };
  const routed = routedSizes(input(s, p), weightsInForce(s, sent));
  const sizes = { ...routed, canary: Math.max(routed.canary, leftOpenByStable(s)) };
  const takesAllBack = isReplacing(s) || (p.abort && s.strategy.abortScaleDownDelaySeconds === 0);
  return {
    canary: p.abort ? sizes.canary : withKeptWeight(s, p, sizes.canary),
    stable: takesAllBack ? s.replicas : Math.max(sizes.stable, leftToStable(s, p)),
  };
}

/**
 * With dynamicStableScale a setCanaryScale says what the canary has; what the step's weight leaves to stable needs its pods
 * all the same, or that weight could never be set.
 */
function leftToStable(s: Situation, p: Progress): number {
  const course = courseOf(s, p);
  if (p.abort || scaleInForce(course) === undefined) return 0;
  const max = maxWeight(s.strategy);
  return Math.ceil(((max - currentSetWeight(course)) * s.replicas) / max);
}

/** Traffic that a broken stable can't take back needs its pods, also where the step asks for fewer, or for none. */
function withKeptWeight(s: Situation, p: Progress, wanted: number): number {
  if (wanted > 0 && !isReplacing(s) && scaleInForce(courseOf(s, p)) !== undefined) return wanted;
  return Math.max(wanted, Math.ceil((weightKept(s) * s.replicas) / maxWeight(s.strategy)));
}

/**
 * Pods of the canary that have to be there while stable has less than it may have (rule 5), whatever the steps ask for.
 * Never more than it has, and so nothing to wait for.
 */
export function leftOpenByStable(s: Situation): number {
  const least = s.replicas - s.fences.unavailable - availableOf(s.stable);
  return Math.max(0, Math.min(s.canary.available, s.canary.size, least));
}

/**
 * For each the most traffic that it may have: by the record, by what the routers show, and by what this very pass sends,
 * which a setCanaryScale in force may leave to fewer pods.
 */
function weightsInForce(s: Situation, sent: TrafficWeights | undefined): Weights | undefined {
  const recorded = s.old.canary?.weights;
  if (recorded === undefined) return undefined;
  const max = maxWeight(s.strategy);
  const shown = s.snapshot.routes.flatMap(({ weight }) => weight ?? []);
  const known = [recorded, ...(sent === undefined ? [] : [sent])];
  return {
    canary: Math.max(...known.map(({ canary }) => canary.weight), ...shown),
    stable: Math.max(...known.map(({ stable }) => stable.weight), ...shown.map((weight) => max - weight)),
  };
}

const isDynamic = (s: Situation): boolean => s.routed && s.strategy.dynamicStableScale === true;

/**
 * With dynamicStableScale both versions shrink. Neither goes below what the other's available pods leave open of all
 * replicas (rule 5), whatever a progress threshold let pass.
 */
function neededBeside(s: Situation, own: Counts, wanted: number, other: Counts | undefined): number {
  if (!isDynamic(s) || wanted >= own.size) return wanted;
  const kept = Math.max(wanted, Math.min(own.size, s.replicas - availableOf(other)));
  if (kept > wanted)
    s.draft.note(
      'size.beside',
      `${kept} pods stay until the other version has ${s.replicas - wanted} available`,
    );
  return kept;
}

/** Whether the current step has its pods: those of its target, not only those of the next move towards it. */
export function isAtDesired(s: Situation, p: Progress): boolean {
  if (s.revisions.fresh === undefined) return false;
  if (!s.routed && isKeptFromShrinking(s, p)) return true;
  const desired = s.routed ? wantedSizes(s, p) : basicTarget(input(s, p), s.fences);
  return atDesired(input(s, p), desired);
}

/**
 * Basic canary: a step asks for fewer pods of it than it has, all available, and no more of them can go while stable has
 * none (rule 21). From one look that one may only have yet to grow: its pods go on coming, and the step is done as in the
 * reference.
 */
function isKeptFromShrinking(s: Situation, p: Progress): boolean {
  if (p.abort || s.stable === undefined || sum(s.others, 'size') > 0) return false;
  if (!isStableBroken({ ...s, recorded: undefined })) return false;
  const next = wantedSizes(s, p);
  const { size, available } = s.canary;
  const isShort = size > basicTarget(input(s, p), s.fences).canary && available >= size;
  return isShort && next.canary === size && next.stable === s.stable.size;
}

/** Nobody scales while a person holds the update, except to follow a change of spec.replicas. */
function isHalted(s: Situation, p: Progress): boolean {
  if (s.rollout.spec.paused !== true && !isInconclusive(p)) return false;
  // An aborted version would keep its traffic: without a router as long as it has pods, with a dynamic stable until that grows.
  if (p.abort) return false;
  const { fresh, stable } = s.revisions;
  return ![fresh, stable].some(
    (rs) => rs !== undefined && countsOf(rs).size > 0 && (desiredReplicasOf(rs) ?? s.replicas) !== s.replicas,
  );
}

/** While a person holds the update: as it is, but for the pod on top that a restart asks for. */
function heldSize(s: Situation, rs: ReplicaSet, wanted: number): number {
  const { size } = countsOf(rs);
  const onTop = size === wanted + 1 && (wanted === 1 || size > s.replicas);
  const surged = onTop && restartIsDue(s.rollout, s.revisions.hash, s.now) !== undefined;
  return withRestartSurge(s, rs, surged ? wanted : size);
}

/** By name of the ReplicaSet: how many pods this plan asks for. */
export type PlannedSizes = ReadonlyMap<string, number>;

/** `weights` are those of this pass; without a router there are none. */
export function planSizes(s: Situation, p: Progress, weights?: TrafficWeights): PlannedSizes {
  const planned = new Map<string, number>();
  const halted = isHalted(s, p);
  if (halted)
    s.draft.note(
      'size.halt',
      s.rollout.spec.paused === true ? 'spec.paused is set' : 'waiting for a decision',
    );
  const wanted = wantedSizes(s, p, weights);
  planStable(s, p, halted, wanted, planned);
  planNew(s, p, halted, { ...wanted, weights }, planned);
  if (!halted) planOthers(s, p, planned);
  return planned;
}

function planStable(
  s: Situation,
  p: Progress,
  halted: boolean,
  wanted: Sizes,
  planned: Map<string, number>,
): void {
  const { stable, fresh } = s.revisions;
  if (stable === undefined || stable === fresh || isPromoted(s, p)) return;
  const counts = countsOf(stable);
  // An abort only ever gives stable pods back.
  const least = p.abort && isDynamic(s) ? Math.min(counts.size, s.replicas) : 0;
  const needed = neededBeside(s, counts, Math.max(wanted.stable, least), s.canary);
  const kept = halted
    ? heldSize(s, stable, wanted.stable)
    : withRestartSurge(s, stable, keptForService(s, stable, needed));
  const size = settled(s, stable, kept);
  planned.set(stable.metadata.name, size);
  scale(s, stable, size, { halted, dropDeadline: true, wave: 'stable' });
}

function planNew(
  s: Situation,
  p: Progress,
  halted: boolean,
  wanted: Sizes & { readonly weights: TrafficWeights | undefined },
  planned: Map<string, number>,
): void {
  const { fresh, name, revision } = s.revisions;
  if (fresh === undefined) {
    // A stable one that somebody deleted serves, whoever holds the update.
    const size = halted && !isPromoted(s, p) ? 0 : wanted.canary;
    planned.set(name, size);
    const key = createKey(name);
    if (hasFailed(s, key)) return;
    s.draft.intend({
      kind: 'createReplicaSet',
      key,
      wave: 'objects',
      object: newReplicaSet(s.rollout, s.revisions, size),
    });
    if (size > 0) scalingEvent(s, name, revision, 0, size, key);
    return;
  }
  const delay = abortScaleDownDelay(s.strategy);
  const deadline = scaleDownDeadlineOf(fresh);
  if (p.abort && s.routed && s.stable !== undefined && !halted) {
    planned.set(name, planAborted(s, fresh, delay, deadline, wanted.canary));
    return;
  }
  const needed = isPromoted(s, p)
    ? wanted.canary
    : neededBeside(s, s.canary, keptForTraffic(s, p, wanted.canary, wanted.weights), s.stable);
  const selected = s.routed && !isPromoted(s, p) ? isServed : isSelected;
  const kept = halted
    ? heldSize(s, fresh, wanted.canary)
    : withRestartSurge(s, fresh, keptForService(s, fresh, needed, selected));
  const size = settled(s, fresh, kept);
  planned.set(name, size);
  scale(s, fresh, size, { halted, dropDeadline: true });
}

/**
 * The canary of an aborted update lives on for a while, so that what it did can be looked at and a retry is quick.
 * Never scaled down where the user asked for 0, as the documentation of the field promises.
 */
function planAborted(
  s: Situation,
  fresh: ReplicaSet,
  delay: number | 'never',
  deadline: number | undefined,
  wanted: number,
): number {
  const { size } = s.canary;
  const keep = (why: string): number => {
    s.draft.note('abort.pods', why);
    scale(s, fresh, size, { halted: false, dropDeadline: false });
    return size;
  };
  if (delay === 'never') return keep('the canary keeps its pods: abortScaleDownDelaySeconds is 0');
  if (size === 0) return keep('the canary has no pods');
  const waits = mayGetTraffic(s) || isSelected(s, s.revisions.hash);
  if (isDynamic(s) && s.strategy.abortScaleDownDelaySeconds === undefined) {
    // Down by the steps, as stable comes back.
    const needed = neededBeside(s, s.canary, wanted, s.stable);
    const left = Math.min(size, waits ? Math.max(1, needed) : needed);
    scale(s, fresh, left, { halted: false, dropDeadline: false });
    return left;
  }
  if (waits) return keep('the canary keeps its pods until traffic has left it');
  if (deadline === undefined) {
    if (s.old.abort !== true) return keep('the delay of the canary counts from when the abort is on record');
    if (availableOf(s.stable) < s.replicas)
      return keep('the canary keeps its pods until stable has all of its own');
    const at = s.now + delay * 1000;
    annotate(s, fresh, { [SCALE_DOWN_DEADLINE]: formatTime(at) });
    s.draft.lookAgainAt(at);
    return keep(`the canary is scaled down in ${delay} s`);
  }
  if (deadline > s.now) {
    s.draft.lookAgainAt(deadline);
    return keep(`the canary is scaled down at ${formatTime(deadline)}`);
  }
  // Stable may have lost pods in the meantime.
  const left = leftOpenByStable(s);
  scale(s, fresh, left, { halted: false, dropDeadline: false });
  return left;
}

/**
 * No ReplicaSet grows while pods that it was told to let go of are still counted: its status would pass them off as
 * the new ones.
 */
export function settled(s: Situation, rs: ReplicaSet, wanted: number): number {
  const { size, created } = countsOf(rs);
  if (wanted <= size || !isShrinking(rs)) return wanted;
  s.draft.note('size.settle', `ReplicaSet ${rs.metadata.name} still has ${created} pods of ${size}`);
  return size;
}

/** Whether pods are on their way out. */
export function isShrinking(rs: ReplicaSet): boolean {
  const { size, created } = countsOf(rs);
  return created > size;
}

/**
 * When a step lowers the weight, the pods follow the traffic, also that which this very pass sends: the step that
 * raised it may be done, and the next one ask for less. An explicit setCanaryScale is the user's own word, but
 * the last pods go only after the traffic.
 */
function keptForTraffic(
  s: Situation,
  p: Progress,
  wanted: number,
  weights: TrafficWeights | undefined,
): number {
  if (!s.routed || isPromoted(s, p)) return wanted;
  if (wanted === 0 && s.replicas > 0 && mayGetTraffic(s)) return s.canary.size;
  const weight = Math.max(
    ...[s.old.canary?.weights, weights].map((known) =>
      known?.canary.podTemplateHash === s.revisions.hash ? known.canary.weight : 0,
    ),
  );
  if (weight === 0) return wanted;
  const needed = Math.ceil((weight * s.replicas) / maxWeight(s.strategy));
  if (wanted >= needed || scaleInForce(courseOf(s, p)) !== undefined) return wanted;
  return Math.max(wanted, Math.min(needed, s.canary.size));
}

/**
 * The last pods that a Service selects stay until it selects others; of a version made small by dynamicStableScale one
 * does.
 */
function keptForService(s: Situation, rs: ReplicaSet, wanted: number, selected = isSelected): number {
  if (wanted > 0 || s.replicas === 0 || !selected(s, hashOf(rs))) return wanted;
  const { size } = countsOf(rs);
  if (size > 0)
    s.draft.note('size.selected', `ReplicaSet ${rs.metadata.name} is still selected by a Service`);
  return isDynamic(s) ? Math.min(size, Math.max(1, replicaFloor(s.strategy, s.replicas))) : size;
}

function planOthers(s: Situation, p: Progress, planned: Map<string, number>): void {
  const alive = s.revisions.others.filter((rs) => countsOf(rs).size > 0);
  if (alive.length === 0) return;
  if (s.routed) planRoutedOthers(s, p, alive, planned);
  else planBasicOthers(s, alive, planned);
}

/**
 * Pods of older revisions that aren't available go at once, the others as far as availability allows. The last one that is
 * ready stays: it serves, though it does not count as available yet.
 */
function planBasicOthers(s: Situation, alive: readonly ReplicaSet[], planned: Map<string, number>): void {
  const available = s.canary.available + availableOf(s.stable) + sum(s.others, 'available');
  let budget = available - (s.replicas - s.fences.unavailable);
  let serving = sum(s.revisions.all.map(countsOf), 'ready');
  for (const rs of alive.toSorted(byRevision)) {
    const counts = countsOf(rs);
    const healthy = Math.min(counts.size, counts.available);
    const drained = budget > 0 ? Math.max(0, healthy - budget) : healthy;
    budget -= healthy - drained;
    const isLast = counts.ready > 0 && serving === counts.ready && s.replicas > 0;
    const size = keptForService(s, rs, isLast ? Math.max(1, drained) : drained);
    serving -= Math.max(0, counts.ready - size);
    planned.set(rs.metadata.name, size);
    scale(s, rs, size, { halted: false, dropDeadline: size === 0 });
  }
}

/** With a router: nothing that may still be asked for is touched; then the delay; a middle revision goes at once. */
function planRoutedOthers(
  s: Situation,
  p: Progress,
  alive: readonly ReplicaSet[],
  planned: Map<string, number>,
): void {
  const { scaleDownDelayRevisionLimit = Infinity } = s.strategy;
  const delay = scaleDownDelaySeconds(s.strategy);
  let waiting = 0;
  for (const rs of alive.toSorted(byRevision)) {
    const { name } = rs.metadata;
    const { size } = countsOf(rs);
    const keep = (why: string): void => {
      planned.set(name, size);
      s.draft.note('size.old', `ReplicaSet ${name} ${why}`);
    };
    const drop = (): void => {
      const left = isPromoted(s, p) ? neededBeside(s, countsOf(rs), 0, s.canary) : 0;
      planned.set(name, left);
      scale(s, rs, left, { halted: false, dropDeadline: true });
    };
    const delayed = isPromoted(s, p) || hasDeadline(rs);
    const deadline = scaleDownDeadlineOf(rs);
    const served = isServedNow(s, rs) || isServedAmongAll(s, rs, delayed);
    if (served || isReferenced(s, hashOf(rs))) {
      keep('may still get traffic');
      const due = (deadline ?? -Infinity) - delay * 1000;
      // What is only named has no traffic to lose: its delay goes on for as long as that is enough.
      if (served || due < s.now) suspendDeadline(s, rs, delay);
      else s.draft.lookAgainAt(due + 1);
      continue;
    }
    if (!delayed || s.strategy.dynamicStableScale === true) {
      drop();
      continue;
    }
    waiting++;
    if (waiting > scaleDownDelayRevisionLimit || (deadline === undefined && delay <= 0)) {
      drop();
    } else if (deadline === undefined) {
      const at = s.now + delay * 1000;
      annotate(s, rs, { [SCALE_DOWN_DEADLINE]: formatTime(at) });
      s.draft.lookAgainAt(at);
      keep(`is scaled down in ${delay} s`);
    } else if (deadline > s.now) {
      s.draft.lookAgainAt(deadline);
      keep(`is scaled down at ${formatTime(deadline)}`);
    } else {
      drop();
    }
  }
}

/**
 * Somebody gave an old version traffic once more: its delay counts from when it loses that. The empty annotation says so in
 * one write, however long the traffic stays (a deadline that is moved on and on is written for ever).
 */
export function suspendDeadline(s: Situation, rs: ReplicaSet, delay: number): void {
  if (scaleDownDeadlineOf(rs) !== undefined && delay > 0) annotate(s, rs, { [SCALE_DOWN_DEADLINE]: '' });
}

/**
 * A Service that was never given a version, or has lost it, selects all of them. The delay of one that was stable counts from
 * its end; any other goes, unless no other one has a pod.
 */
function isServedAmongAll(s: Situation, rs: ReplicaSet, delayed: boolean): boolean {
  const isServing = (other: ReplicaSet): boolean => countsOf(other).ready > 0;
  if (!isServing(rs) || !selectsEvery(s)) return false;
  return delayed || !s.revisions.all.some((other) => other !== rs && isServing(other));
}

/** Behind a Service that gets traffic, or in the record with a weight. */
function isServedNow(s: Situation, rs: ReplicaSet): boolean {
  const hash = hashOf(rs);
  return isServed(s, hash) || (mostWeight(s) > 0 && s.old.canary?.weights?.canary.podTemplateHash === hash);
}

/** Named by the stored status or by a Service: traffic may still reach it (spec 02 section 9). */
function isReferenced(s: Situation, hash: string): boolean {
  const { weights } = s.old.canary ?? {};
  return (
    hash === s.old.stableRS ||
    hash === s.old.currentPodHash ||
    hash === weights?.canary.podTemplateHash ||
    hash === weights?.stable.podTemplateHash ||
    isSelected(s, hash)
  );
}

export function scale(
  s: Situation,
  rs: ReplicaSet,
  size: number,
  options: { halted: boolean; dropDeadline: boolean; wave?: 'stable' | 'sizes' },
): void {
  const { name, uid, resourceVersion } = rs.metadata;
  const from = countsOf(rs).size;
  const deadline = options.dropDeadline && hasDeadline(rs);
  const isOther = s.revisions.others.includes(rs);
  const stale = !isOther && !options.halted && desiredReplicasOf(rs) !== s.replicas;
  if (from === size && !deadline && !stale) return;
  const annotations = {
    [DESIRED_REPLICAS]: String(s.replicas),
    ...(deadline ? { [SCALE_DOWN_DEADLINE]: null } : {}),
  };
  const key = `scale/${name}`;
  const { wave = 'sizes' } = options;
  if (from === size) {
    s.draft.intend({ kind: 'annotateReplicaSet', key, wave, target: { name, uid }, annotations });
    return;
  }
  s.draft.intend({
    kind: 'scaleReplicaSet',
    key,
    wave,
    // Pods can't be had back: a decision to let some go must not rest on an older view.
    target: { name, uid, ...(size < from ? { resourceVersion } : {}) },
    from,
    to: size,
    annotations,
  });
  const revision = rs === s.revisions.fresh ? s.revisions.revision : revisionNumber(rs);
  scalingEvent(s, name, revision, from, size, key);
}

export function scalingEvent(
  s: Situation,
  name: string,
  revision: number,
  from: number,
  to: number,
  of: string,
  when: 'before' | 'after' = 'after',
): void {
  const direction = to > from ? 'up' : 'down';
  s.draft.event(
    'Normal',
    'ScalingReplicaSet',
    `Scaled ${direction} ReplicaSet ${name} (revision ${revision}) from ${from} to ${to}`,
    { of, when },
  );
  s.draft.note('size.change', `ReplicaSet ${name}: ${from} to ${to}`);
}

export function annotate(s: Situation, rs: ReplicaSet, annotations: Record<string, string | null>): void {
  const { name, uid } = rs.metadata;
  s.draft.intend({
    kind: 'annotateReplicaSet',
    key: `deadline/${name}`,
    wave: 'sizes',
    target: { name, uid },
    annotations,
  });
}
