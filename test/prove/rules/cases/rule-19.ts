import { rule19 } from '../rule-19.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';

const BLUE_GREEN = { blueGreen: { activeService: 'web-active' } };

export const cases: Cases = {
  rule: rule19,
  passes: {
    'the new version becomes stable': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2' })
        .version('v1', 10)
        .version('v2', 10)
        .status({ stableRS: 'v2' });
      h.scale('v1', 0);
    },
    'a first blue-green version is replaced before the active Service was ever switched': (h) => {
      h.rollout(BLUE_GREEN).version('v1', 10).status({ currentPodHash: 'v2', stableRS: 'v2' });
    },
    'a first canary that never came up is replaced': (h) => {
      h.rollout(NGINX).version('v1', 10, 0).status({ currentPodHash: 'v2', stableRS: 'v2' });
    },
    'stable follows the user': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2' }).version('v1', 10);
      h.patch('Rollout', 'web', { spec: { replicas: 6 } }, 'person')
        .wait(9)
        .scale('v1', 6);
    },
  },
  breaks: {
    'a middle version becomes stable': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2' }).status({ currentPodHash: 'v3', stableRS: 'v2' });
    },
    'a blue-green version that was active is replaced at once': (h) => {
      h.rollout(BLUE_GREEN, {}, { blueGreen: { activeSelector: 'v1' } })
        .version('v1', 10)
        .status({ currentPodHash: 'v2', stableRS: 'v2' });
    },
    'a canary that serves is replaced at once': (h) => {
      h.rollout(NGINX).version('v1', 10).status({ currentPodHash: 'v2', stableRS: 'v2' });
    },
    'stable shrinks in mid-update': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2' }).version('v1', 10).wait(9).scale('v1', 9);
    },
  },
};
