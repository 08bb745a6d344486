/** Looked at: phases of AnalysisRuns that change after their end, aborts that we take back, and steps that go on. */

import { Attempts, indexOf, isBadPhase, isCompletedPhase, promotesInFull } from './attempts.ts';
import { stepsOf } from './facts.ts';
import { at, textAt } from './read.ts';
import type { Rule } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

export const rule11: Rule = {
  number: 11,
  sentence:
    'A failed verdict is final and bound to its revision; terminated is not success; retry starts a new run.',
  threads: ['AR 1411', 'AR 1329', 'AR 943', 'AR 4393'],
  needs: [],
  start: watching((checked) => {
    const attempts = new Attempts();
    const abortedAt = new Map<string, number>();
    return {
      see(happening, scene) {
        if (happening.what !== 'change') return undefined;
        const { key, before, after } = happening;
        if (happening.kind === 'AnalysisRun') {
          attempts.take(happening);
          const was = textAt(before, 'status', 'phase') ?? '';
          const is = textAt(after, 'status', 'phase') ?? '';
          if (!isOurs(happening) || after === undefined || !isCompletedPhase(was)) return undefined;
          checked();
          return was === is
            ? undefined
            : violation(
                11,
                scene,
                `${writer(happening)} changed ${key} from ${was} to ${is}`,
                `AnalysisRun ${key}`,
              );
        }
        if (happening.kind !== 'Rollout' || before === undefined || after === undefined) return undefined;
        const startedAt = attempts.startedAt(key);
        attempts.take(happening);
        const rollout = scene.rollout(key);
        const aborted = (object: unknown): boolean => at(object, 'status', 'abort') === true;
        const since = abortedAt.get(key);
        if (!aborted(after)) abortedAt.delete(key);
        else if (since === undefined) abortedAt.set(key, scene.now);
        if (!isOurs(happening) || rollout === undefined) return undefined;
        if (aborted(before) && !aborted(after)) {
          checked();
          // A new template, other steps, a promotion or a retry are the user's; so is an abort with nothing to abort.
          const idle = rollout.stable === rollout.current;
          const newer = at(before, 'status', 'currentPodHash') !== at(after, 'status', 'currentPodHash');
          if (!idle && !newer && rollout.lastUserChangeAt < (since ?? scene.now))
            return violation(
              11,
              scene,
              `${writer(happening)} took an abort back that nobody took back`,
              `Rollout ${key}`,
            );
        }
        const from = indexOf(before);
        const to = indexOf(after);
        const same = at(before, 'status', 'currentPodHash') === at(after, 'status', 'currentPodHash');
        if (from === undefined || to !== from + 1 || !same || promotesInFull(happening)) return undefined;
        if (rollout.stable === rollout.current || at(stepsOf(after)[from], 'analysis') === undefined)
          return undefined;
        checked();
        const runs = [...attempts.runs.values()].filter(
          (run) =>
            run.rollout === key &&
            run.hash === rollout.current &&
            run.type === 'Step' &&
            run.stepIndex === from &&
            run.createdAt >= startedAt,
        );
        const last = runs.at(-1);
        if (last === undefined || (last.phase === 'Successful' && !last.terminated)) return undefined;
        if (!isBadPhase(last.phase) && !last.terminated) return undefined;
        return violation(
          11,
          scene,
          `${writer(happening)} went on from step ${from + 1} although its run ${last.key} was ${last.terminated ? 'terminated' : last.phase}`,
          `Rollout ${key}`,
          `AnalysisRun ${last.key}`,
        );
      },
    };
  }),
};
