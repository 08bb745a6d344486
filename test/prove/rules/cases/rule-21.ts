import { rule21 } from '../rule-21.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { nginxWith } from '../hand.ts';

const broken = (h: Hand): Hand =>
  h
    .rollout(
      nginxWith({ steps: [{ setWeight: 20 }, { setWeight: 50 }] }),
      {},
      {
        currentPodHash: 'v2',
        currentStepIndex: 0,
        phase: 'Progressing',
      },
    )
    .version('v1', 10, 0)
    .version('v2', 2)
    .wait(30)
    .begin()
    .finish()
    .wait(30);

export const cases: Cases = {
  rule: rule21,
  passes: {
    'the fix goes on': (h) => {
      broken(h).wait(60).begin().finish().status({ currentStepIndex: 1 }).wait(60).begin().finish();
      h.wait(60).begin().finish().status({ currentStepIndex: 2, phase: 'Healthy' }).wait(60).begin().finish();
    },
  },
  breaks: {
    'the fix waits for the broken one': (h) => {
      broken(h).wait(300).begin().finish().wait(300).begin().finish().wait(300).begin().finish();
    },
  },
};
