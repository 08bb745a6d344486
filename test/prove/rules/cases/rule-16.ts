import { rule16 } from '../rule-16.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';
const CREATE = {
  verb: 'create',
  kind: 'ReplicaSet',
  key: 'shop/web-x',
  code: 409,
  carriedOut: false,
} as const;
export const cases: Cases = {
  rule: rule16,
  passes: {
    'exists, is read, and counted': (h) => {
      h.rollout(NGINX).call(CREATE).call({ verb: 'get', kind: 'ReplicaSet', key: 'shop/web-x' });
      h.status({ collisionCount: 1 });
    },
    'an empty ReplicaSet of the history goes': (h) => {
      h.rollout(NGINX).version('v0', 0).remove('ReplicaSet', 'web-v0');
    },
  },
  breaks: {
    'counted without a look': (h) => {
      h.rollout(NGINX).call(CREATE).status({ collisionCount: 1 });
    },
    'a ReplicaSet with pods is deleted': (h) => {
      h.rollout(NGINX).version('v0', 1).remove('ReplicaSet', 'web-v0');
    },
  },
};
