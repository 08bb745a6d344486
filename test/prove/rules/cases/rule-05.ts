import { rule05 } from '../rule-05.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';

export const cases: Cases = {
  rule: rule05,
  passes: {
    'a quarter of ten may be away': (h) => {
      h.rollout({ canary: {} }).version('v1', 10).wait(60).scale('v1', 8);
    },
    'pods that are not ready': (h) => {
      h.rollout({ canary: { maxUnavailable: 0 } })
        .version('v1', 10)
        .version('v2', 5, 0)
        .wait(60)
        .scale('v2', 0);
    },
    'an aborted canary behind a router, with all of stable': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2', abort: true }).version('v1', 10).version('v2', 5).wait(60);
      h.scale('v2', 0);
    },
  },
  breaks: {
    'one more than may be away': (h) => {
      h.rollout({ canary: {} }).version('v1', 10).wait(60).scale('v1', 7);
    },
    'an aborted canary while stable lacks pods': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2', abort: true })
        .version('v1', 10, 5)
        .version('v2', 5)
        .wait(60);
      h.scale('v2', 0);
    },
    'a restart that evicts too many': (h) => {
      h.rollout({ canary: { maxUnavailable: 1 } }, { replicas: 3 })
        .version('v1', 3)
        .wait(60);
      h.remove('Pod', 'web-v1-0', 'sluice', 'eviction').remove('Pod', 'web-v1-1', 'sluice', 'eviction');
    },
  },
};
