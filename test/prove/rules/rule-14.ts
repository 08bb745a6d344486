/**
 * Looked at: the step on record, the clock of a pause, AnalysisRuns that we start, commits that we revert. Each goes
 * on where it was, whatever crashed between two writes.
 */

import { Attempts, indexOf, isCompletedPhase, promotesInFull } from './attempts.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import { parseDuration } from '../../../src/lang/duration.ts';
import { parseTime } from '../../../src/lang/time.ts';
import { stepsOf } from './facts.ts';
import { at, listAt, numberAt, textAt } from './read.ts';
import type { Change, Fault, Pass, Rule, RolloutScene, Scene, Violation } from './types.ts';
import { isClockFault, isOurs, SET_RIGHT_MS, seconds, violation, watching, writer } from './watching.ts';

const WHOLE_SECOND_MS = 1_000;

export const rule14: Rule = {
  number: 14,
  sentence:
    'A crash between any two writes and a restart end in the same state: no step skipped or repeated, no second ' +
    'AnalysisRun, ReplicaSet or revert commit, the pause clock kept.',
  threads: ['AR 1107', 'AR 942', 'AR 747', 'AR 3674'],
  needs: [],
  start: watching((checked) => {
    const attempts = new Attempts();
    const pauses = new Map<string, Pause>();
    const clocks = new Clocks();
    const passes = new Passes();
    const reverted = new Map<string, string>();
    return {
      see(happening, scene) {
        if (happening.what === 'fault') clocks.take(happening);
        if (happening.what === 'pass') passes.take(happening);
        if (happening.what === 'commit' && happening.by === 'sluice' && happening.reverts !== undefined) {
          checked();
          const first = reverted.get(happening.reverts);
          reverted.set(happening.reverts, happening.sha);
          return first === undefined
            ? undefined
            : violation(
                14,
                scene,
                `${happening.reverts} was reverted by ${first} and again by ${happening.sha}`,
              );
        }
        if (happening.what !== 'change') return undefined;
        if (happening.kind === 'AnalysisRun' && happening.verb === 'create' && isOurs(happening)) {
          const found = secondRun(happening, scene, attempts, checked);
          attempts.take(happening);
          return found;
        }
        attempts.take(happening);
        const rollout = happening.kind === 'Rollout' ? scene.rollout(happening.key) : undefined;
        if (rollout === undefined) return undefined;
        const before = pauseStart(happening.before);
        const after = pauseStart(happening.after);
        const pause = pauses.get(rollout.key);
        if (after === undefined) pauses.delete(rollout.key);
        else if (before === undefined || indexOf(happening.before) !== indexOf(happening.after))
          pauses.set(rollout.key, {
            at: passes.beganAt(happening),
            by: happening.actor.name,
            told: Date.parse(after),
          });
        if (!isOurs(happening)) return undefined;
        return (
          otherStep(happening, rollout, scene, checked) ??
          otherClock(happening, scene, checked) ??
          (pause === undefined ? undefined : tooShort(happening, rollout, scene, pause, clocks, checked))
        );
      },
    };
  }),
};

interface Pause {
  /** When it was decided, which is before its writes are through, and by whom. */
  readonly at: number;
  readonly by: string;
  /** The start that was written: what the clock of the writer said. */
  readonly told: number;
}

/** When passes began: what a pass decides, it decides then. */
class Passes {
  readonly #began = new Map<number, number>();

  take({ id, state, at: when }: Pass): void {
    if (state === 'begins') this.#began.set(id, when);
    for (const old of this.#began.keys()) {
      if (this.#began.size <= 500) break;
      this.#began.delete(old);
    }
  }

  /** Where passes are not told, what was decided is what was written. */
  beganAt({ actor, at: when }: Change): number {
    return (actor.pass === undefined ? undefined : this.#began.get(actor.pass)) ?? when;
  }
}

/** Which processes have a clock that is wrong, or was. Another life of a process has another name and a right clock. */
class Clocks {
  readonly #movedUntil = new Map<string, number>();

  take({ kind, target, at: when, until }: Fault): void {
    if (isClockFault(kind)) this.#movedUntil.set(target, until === when ? until : until + SET_RIGHT_MS);
  }

  /**
   * From when on a process could know that this pause ran; undefined: its clock does not allow to say. The start is
   * handed on as a time of day, so that who has a right clock believes one who has not.
   */
  startOf(pause: Pause, ender: string): number | undefined {
    const moved = this.#movedUntil.get(ender);
    if (ender === pause.by) return moved === undefined || moved < pause.at ? pause.at : undefined;
    if (moved !== undefined) return undefined;
    return this.#movedUntil.has(pause.by) ? pause.told : pause.at;
  }
}

/** A start that nobody can read, which is no start of ours, tells no clock that could be kept. */
function pauseStart(rollout: KubeObject | undefined): string | undefined {
  const pause = listAt(rollout, 'status', 'pauseConditions').find(
    (item) => textAt(item, 'reason') === 'CanaryPauseStep',
  );
  const start = textAt(pause, 'startTime');
  return parseTime(start) === undefined ? undefined : start;
}

const sameUpdate = ({ before, after }: Change): boolean =>
  ['currentPodHash', 'currentStepHash'].every(
    (name) => at(before, 'status', name) === at(after, 'status', name),
  );

function otherStep(
  change: Change,
  rollout: RolloutScene,
  scene: Scene,
  checked: () => void,
): Violation | undefined {
  const { before, after } = change;
  const from = indexOf(before);
  const to = indexOf(after);
  if (after === undefined || from === undefined || to === undefined || from === to || !sameUpdate(change))
    return undefined;
  checked();
  const end = stepsOf(after).length;
  const stable = textAt(before, 'status', 'stableRS');
  const idle = stable === undefined || stable === rollout.current || rollout.stable === rollout.current;
  const short = promotesInFull(change) || (numberAt(after, 'spec', 'rollbackWindow', 'revisions') ?? 0) > 0;
  const back = to === 0 && [before, after].some((object) => at(object, 'status', 'abort') === true);
  if (to === from + 1 || back || (to === end && (idle || short))) return undefined;
  return violation(
    14,
    scene,
    `${writer(change)} went from step ${from} to step ${to} of ${end}`,
    `Rollout ${rollout.key}`,
  );
}

function otherClock(change: Change, scene: Scene, checked: () => void): Violation | undefined {
  const [before, after] = [pauseStart(change.before), pauseStart(change.after)];
  if (before === undefined || after === undefined || !sameUpdate(change)) return undefined;
  if (indexOf(change.before) !== indexOf(change.after)) return undefined;
  checked();
  return before === after
    ? undefined
    : violation(
        14,
        scene,
        `${writer(change)} set the clock of the pause from ${before} to ${after}`,
        `Rollout ${change.key}`,
      );
}

function tooShort(
  change: Change,
  rollout: RolloutScene,
  scene: Scene,
  pause: Pause,
  clocks: Clocks,
  checked: () => void,
): Violation | undefined {
  const from = indexOf(change.before);
  if (change.after === undefined || from === undefined || indexOf(change.after) !== from + 1)
    return undefined;
  if (!sameUpdate(change) || promotesInFull(change) || rollout.lastUserChangeAt >= pause.at) return undefined;
  const began = clocks.startOf(pause, change.actor.name);
  const duration = at(stepsOf(change.after)[from], 'pause', 'duration');
  if (began === undefined || duration === undefined || rollout.stable === rollout.current) return undefined;
  const ms = typeof duration === 'number' ? duration * 1_000 : durationOf(String(duration));
  if (ms === undefined) return undefined;
  checked();
  const waited = scene.now - began;
  // A watch tells when things arrived, and not when they were written.
  const slack = change.actor.pass === undefined ? 2 * WHOLE_SECOND_MS : WHOLE_SECOND_MS;
  return waited >= ms - slack
    ? undefined
    : violation(
        14,
        scene,
        `${writer(change)} ended the pause of ${seconds(ms)} after ${seconds(waited)}`,
        `Rollout ${rollout.key}`,
      );
}

function durationOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  try {
    return Number(parseDuration(text));
  } catch {
    return undefined;
  }
}

function secondRun(
  change: Change,
  scene: Scene,
  attempts: Attempts,
  checked: () => void,
): Violation | undefined {
  const labels = change.after?.metadata.labels ?? {};
  const rollout = change.after === undefined ? undefined : scene.rolloutOf('AnalysisRun', change.after);
  const type = labels['rollout-type'];
  const hash = labels['rollouts-pod-template-hash'];
  if (rollout === undefined || type === undefined || hash === undefined) return undefined;
  checked();
  const step = labels['step-index'] === undefined ? undefined : Number(labels['step-index']);
  for (const run of attempts.ofAttempt(rollout.key, hash, type, step)) {
    if (run.terminated || scene.get('AnalysisRun', run.key) === undefined) continue;
    if (
      isCompletedPhase(run.phase) &&
      (run.phase !== 'Successful' || rollout.lastUserChangeAt > run.createdAt)
    )
      continue;
    return violation(
      14,
      scene,
      `${writer(change)} started ${change.key} beside ${run.key} (${run.phase || 'new'}) for the same version and place`,
      `AnalysisRun ${change.key}`,
      `AnalysisRun ${run.key}`,
    );
  }
  return undefined;
}
