import { rule05 } from '../rule-05.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { NGINX } from '../hand.ts';

/** v2 was aborted; stable lacks half of its pods. */
const aborted = (h: Hand, active: string): Hand =>
  h
    .rollout({ blueGreen: { activeService: 'web-active' } }, {}, { currentPodHash: 'v2', abort: true })
    .service('web-active', active)
    .version('v1', 10, 5)
    .version('v2', 5)
    .wait(60);

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
    'beside a version that somebody takes away while the pass runs': (h) => {
      h.rollout({ canary: {} }, {}, { currentPodHash: 'v2' })
        .version('v1', 2)
        .version('v2', 10)
        .wait(60)
        .begin();
      h.wait(1)
        .patch('ReplicaSet', 'web-v2', { metadata: { ownerReferences: null } }, 'person')
        .scale('v1', 0);
    },
    'an aborted preview that no user gets, while stable lacks pods': (h) => {
      aborted(h, 'v1').scale('v2', 0);
    },
  },
  breaks: {
    'an aborted version that the active Service still selects': (h) => {
      aborted(h, 'v2').scale('v2', 0);
    },
    'stable of blue-green, which lacks pods already': (h) => {
      aborted(h, 'v1').scale('v1', 2);
    },
    'beside a version that somebody took away before the pass began': (h) => {
      h.rollout({ canary: {} }, {}, { currentPodHash: 'v2' }).version('v1', 2).version('v2', 10).wait(60);
      h.patch('ReplicaSet', 'web-v2', { metadata: { ownerReferences: null } }, 'person').wait(1);
      h.begin().scale('v1', 0);
    },
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
