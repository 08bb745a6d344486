import { rule15 } from '../rule-15.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';

const lease = (h: Hand, holderIdentity: string): Hand =>
  h.create(
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'lease' },
      spec: { holderIdentity, leaseDurationSeconds: 15 },
    },
    'sluice',
  );

const OTHER_PASS = { role: 'sluice', name: 'a', pass: 99 } as const;

export const cases: Cases = {
  rule: rule15,
  passes: {
    'within the lease': (h) => {
      lease(h, 'a').wait(14).version('v1', 5).scale('v1', 4).call({ kind: 'ReplicaSet', key: 'shop/web-v1' });
    },
    'reads need no lease': (h) => {
      lease(h, 'a').wait(60).call({ verb: 'get' });
      h.patch('Lease', 'lease', { spec: { holderIdentity: 'a', renewTime: 't' } }).call({ verb: 'create' });
    },
    'a lost answer of which is heard when another pass has written the same object': (h) => {
      lease(h, 'a').version('v1', 5).service('web-stable', 'v1').begin().select('web-stable', 'v2');
      h.call({ kind: 'Service', key: 'shop/web-stable', precondition: false, actor: OTHER_PASS });
      h.call({ kind: 'Service', key: 'shop/web-stable', code: 0 });
    },
  },
  breaks: {
    'after the lease': (h) => {
      lease(h, 'a').wait(16).call({});
    },
    'without ever holding it': (h) => {
      lease(h, 'b').wait(1).call({});
    },
    'a scale-down without a precondition': (h) => {
      lease(h, 'a').version('v1', 5).scale('v1', 4);
      h.call({ kind: 'ReplicaSet', key: 'shop/web-v1', precondition: false });
    },
  },
};
