/** Looked at: each answer of `why`, with the snapshot that it was given for, and with what it waits for granted. */

import { planRollout } from '../../../src/plan/rollout/index.ts';
import { explainRollout } from '../../../src/plan/why/explain.ts';
import type { Asked, Rule } from '../rules/types.ts';
import { seconds, violation, watching } from '../rules/watching.ts';
import { granted } from './granted.ts';
import { untruthOf } from './truth.ts';

export const WHY = 28;

export const why: Rule = {
  number: WHY,
  sentence:
    'Whoever asks `why` gets an answer at any moment: what the objects bear out, and when what it names comes, the ' +
    'Rollout goes on.',
  threads: ['AR 3333', 'AR 1052', 'AR 4371'],
  needs: ['asked'],
  start: watching((checked) => ({
    see(happening, scene) {
      if (happening.what !== 'asked') return undefined;
      checked();
      const text = wrong(happening);
      return text === undefined ? undefined : violation(WHY, scene, text, `Rollout ${happening.key}`);
    },
  })),
};

function wrong({ snapshot, answer, atRest }: Asked): string | undefined {
  if (typeof answer === 'string') return `there is no answer: ${answer}`;
  const { cause } = answer;
  const said = `"${cause}: ${answer.text}"`;
  const untruth = untruthOf(snapshot, answer);
  if (untruth !== undefined) return `${said} is not so: ${untruth}`;
  if (atRest && cause === 'acting') return `${said}, and nothing has been written for long`;
  const { until } = answer;
  if (cause === 'pause' && until !== undefined && until - snapshot.now > 2_000) {
    const { status = snapshot.rollout?.status } = planRollout({ ...snapshot, now: until - 1_000 });
    if ((status?.pauseConditions ?? []).length === 0)
      return `${said}, but it is over ${seconds(1_000)} before`;
  }
  const next = granted(snapshot, answer);
  if (next === undefined) return undefined;
  const then = explainRollout(next);
  if (then.cause !== cause) return undefined;
  return `${said} has come, and it says the same: "${then.text}"`;
}
