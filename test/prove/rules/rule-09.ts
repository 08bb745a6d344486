/**
 * Looked at: the end of every pass, also of one that failed. What it could know when it began, a user's abort or a
 * failed analysis, must stand in the status by then, unless the API server refused just that write.
 */

import { Attempts, indexOf, isBadPhase } from './attempts.ts';
import { at, beside, textAt } from './read.ts';
import type { Pass, Rule, RolloutScene, Scene, Violation } from './types.ts';
import { seconds, violation, watching } from './watching.ts';

const NAMES = [
  ['canary', 'currentStepAnalysisRunStatus'],
  ['canary', 'currentBackgroundAnalysisRunStatus'],
  ['blueGreen', 'prePromotionAnalysisRunStatus'],
  ['blueGreen', 'postPromotionAnalysisRunStatus'],
] as const;

/** Times in objects are cut to it. */
const WHOLE_SECOND_MS = 1_000;

interface Begun {
  readonly since: number;
  /** When somebody had asked for an abort; what comes in the same instant, but later, it can't know. */
  readonly abortAskedAt: number | undefined;
  /** Keys of the runs that the status named. */
  readonly named: readonly string[];
  refused: boolean;
}

export const rule09: Rule = {
  number: 9,
  sentence: 'Verdict, deadline and user commands are evaluated in every pass, whatever else fails.',
  threads: ['AR 4626', 'AR 4128', 'AR 4461', 'AR 3756'],
  needs: ['pass', 'call'],
  start: watching((checked) => {
    const attempts = new Attempts();
    const abortAskedAt = new Map<string, number>();
    const passes = new Map<number, Begun>();
    return {
      see(happening, scene) {
        if (happening.what === 'call' && happening.kind === 'Rollout') {
          const pass = passes.get(happening.actor.pass ?? -1);
          if (pass !== undefined && (happening.code === 0 || happening.code >= 400)) pass.refused = true;
        }
        if (happening.what === 'change') {
          attempts.take(happening);
          if (happening.kind !== 'Rollout') return undefined;
          const aborted = at(happening.after, 'status', 'abort') === true;
          if (!aborted) abortAskedAt.delete(happening.key);
          else if (!abortAskedAt.has(happening.key)) abortAskedAt.set(happening.key, happening.at);
          return undefined;
        }
        if (happening.what !== 'pass' || happening.controller !== 'Rollouts') return undefined;
        const rollout = scene.rollout(happening.key);
        if (happening.state === 'begins') {
          const named = NAMES.map((path) => textAt(rollout?.rollout, 'status', ...path, 'name'));
          passes.set(happening.id, {
            since: happening.informedSince,
            abortAskedAt: abortAskedAt.get(happening.key),
            named: named.flatMap((name) => (name === undefined ? [] : [beside(happening.key, name)])),
            refused: false,
          });
          return undefined;
        }
        const begun = passes.get(happening.id);
        passes.delete(happening.id);
        if (begun === undefined || begun.refused || rollout === undefined || rollout.ending) return undefined;
        // Without a strategy there is no update: nothing says what would have to be taken back.
        if (rollout.strategy === 'none') return undefined;
        // It wrote nothing because it does not lead any more.
        if (/lease/.test(happening.error ?? '') || rollout.lastUserChangeAt > begun.since) return undefined;
        checked();
        return (
          unheard(happening, rollout, scene, begun, abortAskedAt.get(happening.key)) ??
          unjudged(happening, rollout, scene, begun, attempts)
        );
      },
    };
  }),
};

function unheard(
  pass: Pass,
  rollout: RolloutScene,
  scene: Scene,
  begun: Begun,
  askedAt: number | undefined,
): Violation | undefined {
  if (askedAt === undefined || askedAt !== begun.abortAskedAt || askedAt > begun.since) return undefined;
  if (rollout.stable === rollout.current) return undefined;
  if (at(rollout.rollout, 'status', 'abortedAt') !== undefined) return undefined;
  // Heard, and taken back: a promotion in full clears an abort (spec 03 section 7, 04 section 7).
  if (at(rollout.rollout, 'status', 'promoteFull') === true) return undefined;
  return violation(
    9,
    scene,
    `a pass of ${pass.actor.name} ended ${seconds(scene.now - askedAt)} after an abort and had not taken it up` +
      (pass.error === undefined ? '' : ` (${pass.error})`),
    `Rollout ${rollout.key}`,
  );
}

function unjudged(
  pass: Pass,
  rollout: RolloutScene,
  scene: Scene,
  begun: Begun,
  attempts: Attempts,
): Violation | undefined {
  const { key, stable, current } = rollout;
  if (stable === undefined || stable === current) return undefined;
  const { status } = rollout.rollout;
  if (status?.abort === true || status?.promoteFull === true) return undefined;
  for (const name of begun.named) {
    const run = attempts.runs.get(name);
    if (run === undefined || !isBadPhase(run.phase) || run.hash !== current) continue;
    if (
      (run.completedAt ?? Infinity) + WHOLE_SECOND_MS > begun.since ||
      run.createdAt < attempts.startedAt(key)
    )
      continue;
    if (run.type === 'Step' && run.stepIndex !== indexOf(scene.get('Rollout', key))) continue;
    return violation(
      9,
      scene,
      `a pass of ${pass.actor.name} ended with AnalysisRun ${name} ${run.phase} and the update not aborted` +
        (pass.error === undefined ? '' : ` (${pass.error})`),
      `Rollout ${key}`,
      `AnalysisRun ${name}`,
    );
  }
  return undefined;
}
