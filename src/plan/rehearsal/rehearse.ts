/**
 * Carries out an update in a small world on a virtual clock, with the very functions that decide about the real one,
 * and keeps what happened.
 */

import type { RolloutStatus } from '../../api/rollout.ts';
import type { RolloutIntent, RolloutSnapshot } from '../rollout/index.ts';
import { planRollout, WAVES_AFTER_STATUS, WAVES_BEFORE_STATUS } from '../rollout/index.ts';
import { hashOf, countsOf, revisionNumber } from '../rollout/replica-set.ts';
import { trafficOf } from '../analysis/traffic.ts';
import { isCompleted } from '../analysis/types.ts';
import type { Mood } from './runs.ts';
import { advanceRun } from './runs.ts';
import type { RehearsalWorld } from './world.ts';
import { writtenStatus, pausesOf } from '../rollout/defaults.ts';

/** The world after a pass that changed something. */
export interface Moment {
  /** Milliseconds since the start. */
  readonly at: number;
  /** Writes of this pass in their order; the status apart. */
  readonly writes: readonly RolloutIntent[];
  /** Undefined: it was not written. */
  readonly status: RolloutStatus | undefined;
  readonly step: number | undefined;
  readonly phase: string;
  readonly message: string;
  /** Of the canary, as the routers have it; undefined without a router. */
  readonly weight: number | undefined;
  /** Oldest first. */
  readonly versions: readonly Version[];
  /** A person had to promote here. */
  readonly promoted?: true;
}

export interface Version {
  readonly name: string;
  readonly hash: string;
  readonly revision: number;
  readonly size: number;
  readonly available: number;
}

export type Ending =
  /** Nothing is left to do. */
  | 'settled'
  /** It waits for something that only a person can bring about. */
  | 'stuck'
  /** It goes on for longer than anyone looks ahead. */
  | 'endless';

export interface Rehearsal {
  readonly moments: readonly Moment[];
  readonly ending: Ending;
  /** Milliseconds since the start until the last change. */
  readonly duration: number;
  /** How often a person promoted. */
  readonly promotions: number;
}

export interface RehearsalOptions {
  readonly mood?: Mood | undefined;
  /** Whether someone promotes at once where an update waits for it. */
  readonly promotes?: boolean | undefined;
  /** Called in the world of each moment, to try what else could happen. */
  readonly onMoment?: ((world: RehearsalWorld, moment: Moment) => void) | undefined;
  readonly until?: ((moment: Moment) => boolean) | undefined;
}

/** More passes than any update has; a year is longer than any. */
const MAX_PASSES = 20_000;
const MAX_MS = 366 * 24 * 3_600_000;
/** Passes at one instant without any effect: nothing will come of the next either. */
const MAX_IDLE = 5;
/** Promotions at one instant, more than an update has pauses: an inconclusive analysis stays so. */
const MAX_IN_VAIN = 100;
/** Looks at a later time without any effect, where only asking again is due: what time brings is searched for then. */
const MAX_LOOKS = 10;

export function rehearse(world: RehearsalWorld, options: RehearsalOptions = {}): Rehearsal {
  const start = world.now;
  const moments: Moment[] = [];
  let promotions = 0;
  let idle = 0;
  let looks = 0;
  let promotedAt = NaN;
  let inVain = 0;
  const end = (ending: Ending): Rehearsal => ({
    moments,
    ending,
    duration: moments.at(-1)?.at ?? 0,
    promotions,
  });
  for (let pass = 0; pass < MAX_PASSES && world.now - start < MAX_MS; pass++) {
    const nextRun = advanceRuns(world, options.mood ?? 'good');
    const plan = planRollout(world.snapshot());
    const writes = carryOut(world, plan);
    if (writes.length > 0 || plan.status !== undefined) {
      idle = 0;
      looks = 0;
      const moment = momentOf(world, start, writes, plan.status);
      moments.push(moment);
      options.onMoment?.(world, moment);
      if (options.until?.(moment) === true) return end('stuck');
      continue;
    }
    const change = Math.min(world.nextChange(), nextRun);
    const again = plan.requeueAt ?? Infinity;
    looks = again < change ? looks + 1 : 0;
    const next = looks < MAX_LOOKS ? Math.min(change, again) : dueAt(world, change);
    if (next === Infinity) {
      inVain = world.now === promotedAt ? inVain + 1 : 0;
      promotedAt = world.now;
      if (options.promotes !== true || inVain === MAX_IN_VAIN || !promote(world))
        return end(isWaiting(world) ? 'stuck' : 'settled');
      promotions += 1;
      looks = 0;
      moments.push({ ...momentOf(world, start, [], undefined), promoted: true });
      continue;
    }
    idle = next <= world.now ? idle + 1 : 0;
    if (idle >= MAX_IDLE) return end('stuck');
    world.now = Math.max(world.now, next);
  }
  return end('endless');
}

/**
 * When something is done at last, `change` where nothing is before that. The world stays as it is until then, and a plan
 * depends on the time alone: what is due once stays due. Some ask again every few seconds for what comes late or never, as
 * a restart that waits for pods.
 */
function dueAt(world: RehearsalWorld, change: number): number {
  const trial = world.fork();
  const isDue = (at: number): boolean => {
    trial.now = at;
    const { intents, status } = planRollout(trial.snapshot());
    return intents.length > 0 || status !== undefined;
  };
  let [idle, due] = [world.now, Math.min(change - 1, world.now + MAX_MS)];
  if (!isDue(due)) return change;
  while (due - idle > 1) {
    const middle = Math.floor((idle + due) / 2);
    if (isDue(middle)) due = middle;
    else idle = middle;
  }
  return due;
}

/** In the order in which the controller does it. */
function carryOut(world: RehearsalWorld, plan: ReturnType<typeof planRollout>): RolloutIntent[] {
  const writes: RolloutIntent[] = [];
  const work = (waves: readonly string[]): void => {
    for (const wave of waves)
      for (const intent of plan.intents)
        if (intent.wave === wave) {
          world.write(intent);
          writes.push(intent);
        }
  };
  work(WAVES_BEFORE_STATUS);
  if (plan.status !== undefined) world.writeStatus(plan.status);
  work(WAVES_AFTER_STATUS);
  return writes;
}

function advanceRuns(world: RehearsalWorld, mood: Mood): number {
  let next = Infinity;
  for (const [name, run] of world.runs) {
    if (isCompleted(run.status?.phase)) continue;
    const advanced = advanceRun(run, world.now, mood, trafficOf(world.rollout, run.metadata.labels));
    world.runs.set(name, advanced.run);
    if (isCompleted(advanced.run.status?.phase)) continue;
    next = Math.min(next, advanced.next);
  }
  return next;
}

/** As `kubectl sluice promote` does it. False: nothing waits for that. */
function promote(world: RehearsalWorld): boolean {
  if (pausesOf(writtenStatus(world.rollout)).length === 0 || world.rollout.spec.paused === true) return false;
  world.edit((rollout) => void delete rollout.status?.pauseConditions);
  return true;
}

const isWaiting = (world: RehearsalWorld): boolean => writtenStatus(world.rollout).phase !== 'Healthy';

function momentOf(
  world: RehearsalWorld,
  start: number,
  writes: readonly RolloutIntent[],
  written: RolloutStatus | undefined,
): Moment {
  const status = writtenStatus(world.rollout);
  const [route] = world.shownRoutes();
  return {
    at: world.now - start,
    writes,
    status: written,
    step: status.currentStepIndex,
    phase: status.phase ?? '',
    message: status.message ?? '',
    weight: route === undefined ? undefined : (route.weight ?? 0),
    versions: versionsOf(world),
  };
}

export function versionsOf(world: RehearsalWorld): Version[] {
  return [...world.replicaSets.values()]
    .map((rs) => ({
      name: rs.metadata.name,
      hash: hashOf(rs),
      revision: revisionNumber(rs),
      size: countsOf(rs).size,
      available: world.available(rs.metadata.name),
    }))
    .sort((a, b) => a.revision - b.revision);
}

/** A snapshot that can be rehearsed. */
export type Start = RolloutSnapshot & { readonly rollout: NonNullable<RolloutSnapshot['rollout']> };
