import { rule23 } from '../rule-23.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';

export const cases: Cases = {
  rule: rule23,
  passes: {
    'all pods, all routes': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing' }).version('v1', 10).nginx('v1', 'v1', 0).wait(9);
      h.status({ phase: 'Healthy' }).end();
    },
    'paused, and says why': (h) => {
      h.rollout(NGINX, { paused: true }, { phase: 'Paused', message: 'manually paused' }).end();
    },
  },
  breaks: {
    'a pod is missing': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing' }).version('v1', 10, 9).nginx('v1', 'v1', 0).wait(9);
      h.status({ phase: 'Healthy' });
    },
    'the stable Service is elsewhere': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing', stableRS: 'v2', currentPodHash: 'v2' }).version('v1', 10);
      h.version('v2', 10).nginx('v1', 'v2', 0).wait(9).status({ phase: 'Healthy' });
    },
    'old pods are left': (h) => {
      h.rollout({ canary: {} }, {}, { phase: 'Progressing' }).version('v0', 1).version('v1', 10).wait(9);
      h.status({ phase: 'Healthy' });
    },
    'it never comes to rest': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing', message: 'more replicas need to be updated' }).end();
    },
  },
};
