import { rule08 } from '../rule-08.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';

export const cases: Cases = {
  rule: rule08,
  passes: {
    'the abort is taken back': (h) => {
      h.rollout(NGINX).version('v1', 10).nginx('v1', 'v1', 0).status({ abort: true }, 'person');
      h.wait(1).status({ abort: null });
    },
    'the next version comes': (h) => {
      h.rollout(NGINX)
        .version('v1', 10)
        .nginx('v1', 'v1', 0)
        .status({ abort: true }, 'person')
        .status({ abort: null });
      h.wait(10)
        .patch('Rollout', 'web', { spec: { replicas: 5 } }, 'person')
        .wait(1)
        .scale('v1', 5);
    },
  },
  breaks: {
    'stable is scaled': (h) => {
      h.rollout(NGINX).version('v1', 10).status({ abort: true }, 'person').wait(1).scale('v1', 0);
    },
    'it is called Degraded': (h) => {
      h.rollout(NGINX)
        .version('v1', 10)
        .status({ abort: true }, 'person')
        .wait(1)
        .status({ phase: 'Degraded' });
    },
  },
};
