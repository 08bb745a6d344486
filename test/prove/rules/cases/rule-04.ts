import { rule04 } from '../rule-04.ts';
import type { Cases } from './cases.ts';
import { NGINX, nginxWith } from '../hand.ts';

export const cases: Cases = {
  rule: rule04,
  passes: {
    'all and nothing': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 10).nginx('v1', 'v2', 0).weight(100).weight(0);
    },
    'weights in the status': (h) => {
      h.rollout(nginxWith({ trafficRouting: { nginx: { stableIngress: 'web' }, maxTrafficWeight: 1000 } }));
      h.status({ canary: { weights: { canary: { weight: 125 }, stable: { weight: 875 } } } });
    },
    'another whole, and a status that is about something else': (h) => {
      h.rollout(NGINX).status({ canary: { weights: { canary: { weight: 0 }, stable: { weight: 100 } } } });
      const routing = { trafficRouting: { maxTrafficWeight: 1000 } };
      h.patch('Rollout', 'web', { spec: { strategy: { canary: routing } } }, 'person');
      h.status({ phase: 'Degraded' });
    },
  },
  breaks: {
    'more than all': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 10).nginx('v1', 'v2', 0).weight(120);
    },
    'a part of a percent': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 10).nginx('v1', 'v2', 0).weight(12.5);
    },
    'a sum that is not the whole': (h) => {
      h.rollout(NGINX).status({ canary: { weights: { canary: { weight: 20 }, stable: { weight: 70 } } } });
    },
  },
};
