/**
 * Looked at: going to a version that was found bad before, by an analysis or by an abort of ours. It gets no short-cut:
 * no step is skipped, and no active Service moves without new evidence where a gate is declared.
 */

import { Attempts, indexOf, isBadPhase, promotesInFull, selectorHash } from './attempts.ts';
import { servicesOf, stepsOf, strategyFields } from './facts.ts';
import { at, beside, textAt } from './read.ts';
import type { Rule, RolloutScene } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

export const rule13: Rule = {
  number: 13,
  sentence: 'Rolling back never routes to a version known to be unhealthy.',
  threads: ['FL 1898', 'FL 1932'],
  needs: [],
  start: watching((checked) => {
    const attempts = new Attempts();
    /** When a version was found bad. */
    const bad = new Map<string, number>();
    const isBad = (rollout: RolloutScene, hash: string): boolean =>
      (bad.get(`${rollout.key} ${hash}`) ?? Infinity) < attempts.startedAt(rollout.key);
    return {
      see(happening, scene) {
        if (happening.what !== 'change') return undefined;
        attempts.take(happening);
        const { key, before, after, kind } = happening;
        if (kind === 'AnalysisRun') {
          const run = attempts.runs.get(key);
          if (run?.hash !== undefined && isBadPhase(run.phase))
            bad.set(`${run.rollout} ${run.hash}`, scene.now);
          return undefined;
        }
        if (!isOurs(happening)) return undefined;
        if (kind === 'Rollout') {
          const rollout = scene.rollout(key);
          const hash = textAt(after, 'status', 'currentPodHash');
          if (rollout === undefined || hash === undefined || after === undefined) return undefined;
          const abortsNow = at(before, 'status', 'abort') !== true && at(after, 'status', 'abort') === true;
          if (abortsNow) bad.set(`${key} ${hash}`, scene.now);
          const stable = textAt(before, 'status', 'stableRS');
          // What went through all steps is good again.
          if (stable !== undefined && stable !== hash && textAt(after, 'status', 'stableRS') === hash)
            bad.delete(`${key} ${hash}`);
          if (stable === undefined || stable === hash || !isBad(rollout, hash)) return undefined;
          const steps = stepsOf(after).length;
          const from = textAt(before, 'status', 'currentPodHash') === hash ? (indexOf(before) ?? 0) : 0;
          const to = indexOf(after) ?? 0;
          checked();
          if (to - from <= 1 || to < steps || promotesInFull(happening)) return undefined;
          return violation(
            13,
            scene,
            `${writer(happening)} went from step ${from} to the end for version ${hash}, which was found bad`,
            `Rollout ${key}`,
          );
        }
        if (kind !== 'Service') return undefined;
        for (const rollout of scene.rollouts()) {
          const { active } = servicesOf(rollout.rollout);
          const to = selectorHash(after);
          if (active === undefined || beside(rollout.key, active) !== key || to === selectorHash(before))
            continue;
          if (to === undefined || to === rollout.stable || !isBad(rollout, to)) continue;
          if (strategyFields(rollout.rollout)['prePromotionAnalysis'] === undefined) continue;
          checked();
          const again = attempts
            .ofAttempt(rollout.key, to, 'PrePromotion')
            .some((run) => run.phase === 'Successful');
          if (again || rollout.rollout.status?.promoteFull === true) continue;
          return violation(
            13,
            scene,
            `${writer(happening)} switched ${key} back to version ${to}, which was found bad, without new evidence`,
            `Rollout ${rollout.key}`,
            `Service ${key}`,
          );
        }
        return undefined;
      },
    };
  }),
};
