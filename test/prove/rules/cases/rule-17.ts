import { rule17 } from '../rule-17.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';

export const cases: Cases = {
  rule: rule17,
  passes: {
    'seen within the time': (h) => {
      h.rollout(NGINX)
        .patch('Rollout', 'web', { spec: { replicas: 3 } }, 'person')
        .wait(1190)
        .begin()
        .finish();
      h.status({ observedGeneration: '2' }).wait(9000).begin().finish().end();
    },
  },
  breaks: {
    'a change that nobody sees': (h) => {
      h.rollout(NGINX)
        .patch('Rollout', 'web', { spec: { replicas: 3 } }, 'person')
        .wait(60)
        .begin()
        .finish();
      h.wait(1300).begin().finish();
    },
    'an abort that is forgotten at the end': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2' }).status({ abort: true }, 'person').wait(60).end();
    },
  },
};
