/** What would come of a Rollout as it stands: its course, its gates, and how long the ways out take. */

import type { AnalysisRun } from '../../api/analysis.ts';
import type { AnalysisRunManifest } from '../analysis/build.ts';
import { Draft } from '../rollout/intents.ts';
import { fullyPromoted, isUpdate } from '../rollout/phase.ts';
import { HASH_LABEL } from '../rollout/names.ts';
import { hashOf, countsOf } from '../rollout/replica-set.ts';
import { claim, revisionsOf } from '../rollout/revision.ts';
import { refusalOf } from '../rollout/validation.ts';
import type { Moment, Rehearsal, Start } from './rehearse.ts';
import { rehearse } from './rehearse.ts';
import { runTime } from './runs.ts';
import type { Assumptions } from './world.ts';
import { RehearsalWorld } from './world.ts';
import { strategyOf, writtenStatus } from '../rollout/defaults.ts';

export interface Foresight {
  /** Why nothing is done at all, as the condition would say it. */
  readonly refusal?: string | undefined;
  readonly kind: Kind;
  /** Of the version that is wanted; '' where nothing is done. */
  readonly hash: string;
  readonly rehearsal: Rehearsal;
  readonly gates: readonly ForeseenGate[];
  readonly times: Times;
}

export type Kind = 'first deploy' | 'update' | 'rollback' | 'update under way' | 'change' | 'nothing';

/** Milliseconds since the start; undefined where it never happens, or where there is no such thing. */
export interface Times {
  /** The new version is stable, and gates pass at their first chance. Waits for a person are not counted. */
  readonly finish: number | undefined;
  /** The same where gates take as many tries as their limits allow. */
  readonly longest: number | undefined;
  /** A version that never gets ready is reported. */
  readonly noticed: number | undefined;
  /** Whether it is aborted then, by itself. */
  readonly abortsByItself: boolean;
  /** The worst moment for an abort. */
  readonly abort: AbortTime | undefined;
}

/** Milliseconds since the abort. */
export interface AbortTime {
  /** No traffic goes to the new version any more. Undefined: some stays, because stable has no pods to take it back. */
  readonly safe: number | undefined;
  /** Nothing is left to do. */
  readonly done: number;
  /** Index of the step at which it took so long; undefined without steps. */
  readonly step: number | undefined;
}

export interface ForeseenGate {
  readonly run: AnalysisRunManifest;
  /** Since the start, milliseconds. */
  readonly startsAt: number;
  /** Undefined: for as long as the update lasts. */
  readonly quickest: number | undefined;
  readonly slowest: number | undefined;
  /** Until a version at which every measurement fails is found bad. */
  readonly failsAfter: number | undefined;
}

/** Aborts tried for one update; more moments than that are much alike. */
const MAX_TRIALS = 150;

export function foresee(start: Start, assumptions: Assumptions): Foresight {
  const refusal = refusalOf(start);
  if (refusal !== undefined)
    return {
      refusal: refusal.condition.message,
      kind: 'nothing',
      hash: '',
      rehearsal: { moments: [], ending: 'stuck', duration: 0, promotions: 0 },
      gates: [],
      times: NEVER,
    };
  return foreseeIn(new RehearsalWorld(start, assumptions), assumptions);
}

/** The same for a world that has come to some point already. It is carried on to its end. */
export function foreseeIn(world: RehearsalWorld, assumptions: Assumptions): Foresight {
  const kind = kindOf(world);
  const { hash } = revisionsOf(
    world.rollout,
    claim(world.rollout, world.snapshot().replicaSets, new Draft()),
  );
  const isNew = kind === 'update' || kind === 'rollback' || kind === 'update under way';
  const slow = world.fork();
  const unready = isNew
    ? world.fork({
        readyAfterMs: (rs) => (hashOf(rs) === hash ? Infinity : assumptions.readyAfterMs(rs)),
      })
    : undefined;
  let abort: AbortTime | undefined;
  let trials = 0;
  const rehearsal = rehearse(world, {
    promotes: true,
    onMoment: (at, moment) => {
      if (!isNew || !isInProgress(at) || trials++ >= MAX_TRIALS) return;
      const tried = tryAbort(at, hash, moment);
      if (tried === undefined) return;
      if (abort === undefined || isWorse(tried, abort)) abort = tried;
    },
  });
  const slowest = rehearse(slow, { promotes: true, mood: 'slow' });
  const late = unready === undefined ? undefined : rehearse(unready, { promotes: true, until: isDegraded });
  const noticed = late?.moments.find(isDegraded);
  return {
    kind: rehearsal.moments.length === 0 ? 'nothing' : kind,
    hash,
    rehearsal,
    gates: gatesOf(rehearsal, world.now - rehearsal.duration),
    times: {
      finish: finishOf(rehearsal),
      longest: finishOf(slowest),
      noticed: noticed?.at,
      abortsByItself: noticed?.status?.abort === true,
      abort,
    },
  };
}

const NEVER: Times = {
  finish: undefined,
  longest: undefined,
  noticed: undefined,
  abortsByItself: false,
  abort: undefined,
};

const isDegraded = ({ phase }: Moment): boolean => phase === 'Degraded';

function kindOf(world: RehearsalWorld): Kind {
  const { rollout } = world;
  const { currentPodHash = '', stableRS = '' } = rollout.status ?? {};
  const { hash, fresh } = revisionsOf(rollout, claim(rollout, world.snapshot().replicaSets, new Draft()));
  if (stableRS === '') return 'first deploy';
  if (hash !== currentPodHash) return hash === stableRS || fresh !== undefined ? 'rollback' : 'update';
  return hash === stableRS ? 'change' : 'update under way';
}

function isInProgress({ rollout: { status = {} } }: RehearsalWorld): boolean {
  return isUpdate(status) && status.abort !== true;
}

/** When the update was through; the old version may live on for a while. */
function finishOf({ moments, ending }: Rehearsal): number | undefined {
  const last = moments.at(-1);
  if (ending !== 'settled' || last === undefined) return last === undefined ? 0 : undefined;
  // From the end: a Rollout is Healthy also before the change is noticed.
  let finish = last.at;
  for (const { at, phase } of moments.toReversed()) {
    if (phase !== 'Healthy') return finish;
    finish = at;
  }
  return finish;
}

/** Undefined: it is not heard any more, because the version is stable already, or promoted in full. */
function tryAbort(at: RehearsalWorld, hash: string, { step }: Moment): AbortTime | undefined {
  const world = at.fork();
  const start = world.now;
  world.edit((rollout) => void ((rollout.status ??= {}).abort = true));
  let safe = isSafe(world, hash) ? 0 : undefined;
  const { duration } = rehearse(world, {
    onMoment: () => {
      if (isSafe(world, hash)) safe ??= world.now - start;
      // Traffic that came back would make the first answer wrong.
      else safe = undefined;
    },
  });
  const status = writtenStatus(world.rollout);
  if (fullyPromoted(status) || status.abort !== true) return undefined;
  return { safe, done: duration, step };
}

function isWorse(
  { safe = Infinity, done }: AbortTime,
  { safe: best = Infinity, done: least }: AbortTime,
): boolean {
  return safe > best || (safe === best && done > least);
}

/** No user is sent to the version any more. */
function isSafe(world: RehearsalWorld, hash: string): boolean {
  const { canary, blueGreen } = strategyOf(world.rollout);
  if (blueGreen !== undefined)
    return world.services.get(blueGreen.activeService ?? '')?.selector[HASH_LABEL] !== hash;
  if (canary?.trafficRouting !== undefined)
    return world.shownRoutes().every(({ weight, managed = [] }) => weight === 0 && managed.length === 0);
  const rs = world.withHash(hash);
  return rs === undefined || countsOf(rs).size === 0;
}

function gatesOf({ moments }: Rehearsal, start: number): ForeseenGate[] {
  return moments.flatMap(({ at, writes }) =>
    writes.flatMap((intent) => {
      if (intent.kind !== 'createAnalysisRun') return [];
      const run = intent.object as unknown as AnalysisRun;
      const time = (mood: 'good' | 'slow' | 'bad'): number | undefined => {
        const ms = runTime(run, start + at, mood);
        return ms === Infinity ? undefined : ms;
      };
      return [
        {
          run: intent.object,
          startsAt: at,
          quickest: time('good'),
          slowest: time('slow'),
          failsAfter: time('bad'),
        },
      ];
    }),
  );
}
