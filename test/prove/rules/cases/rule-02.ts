import { rule02 } from '../rule-02.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { NGINX } from '../hand.ts';

const update = (h: Hand): Hand => h.rollout(NGINX).version('v1', 10).nginx('v1', 'v2', 0);

export const cases: Cases = {
  rule: rule02,
  passes: {
    'a canary Service with one ready pod': (h) => {
      update(h).version('v2', 1, 1).weight(10);
    },
    'the last pod died by itself': (h) => {
      update(h).version('v2', 1, 1).weight(10).remove('Pod', 'web-v2-0', 'kubernetes').wait(60).weight(5);
      h.patch('Pod', 'web-v1-0', { status: { phase: 'Running' } }, 'kubernetes');
    },
    'a weight that somebody rewrites while a pass takes the pods behind it': (h) => {
      update(h).version('v2', 1, 1).wait(60).begin().wait(1).weight(50, 'meddler').scale('v2', 0);
    },
    'the user asked for no pods': (h) => {
      update(h)
        .patch('Rollout', 'web', { spec: { replicas: 0 } }, 'person')
        .wait(60)
        .scale('v1', 0);
      h.watch.scene.rollouts();
      h.patch('Rollout', 'web', { spec: { replicas: 2 } }, 'person')
        .wait(60)
        .weight(1);
      h.version('v2', 1, 1).weight(2);
    },
    'an autoscaler asks for no pods between two sizes that are refused': (h) => {
      update(h)
        .patch('Rollout', 'web', { spec: { replicas: -1 } }, 'person')
        .wait(60);
      h.patch('Rollout', 'web', { spec: { replicas: 0 } }, 'hpa').begin();
      h.patch('Rollout', 'web', { spec: { replicas: -1 } }, 'person').scale('v1', 0);
    },
    'all versions are without pods': (h) => {
      h.rollout(NGINX).version('v1', 10, 0).version('v2', 1, 0).nginx('v1', 'v2', 0).weight(10);
    },
    'a selector that Git asks for': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .version('v1', 3)
        .service('web-active', 'v1');
      h.patch('Service', 'web-active', { spec: { selector: { app: 'other' } } });
    },
    'a version without pods, adopted again': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .version('v1', 3, 0)
        .version('v2', 3)
        .service('web-active', 'v1');
      const owner = h.watch.scene.get('ReplicaSet', 'shop/web-v1')?.metadata.ownerReferences ?? [];
      h.wait(60).patch('ReplicaSet', 'web-v1', { metadata: { ownerReferences: null } }, 'person');
      h.wait(60).patch('ReplicaSet', 'web-v1', { metadata: { ownerReferences: [...owner] as never } });
      h.scale('v2', 2);
    },
    'a weight goes from a version without pods to another one without': (h) => {
      h.rollout(NGINX).version('v1', 10, 0).version('v2', 1, 0).version('v3', 1, 1).nginx('v1', 'v2', 50);
      h.wait(60).weight(40);
    },
    'a strategy that Git asks for': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-other' } })
        .version('v1', 3)
        .service('web-other', 'v1')
        .service('web-active', 'gone');
      h.wait(60).patch('Rollout', 'web', {
        spec: { strategy: { blueGreen: { activeService: 'web-active' } } },
      });
      h.scale('v1', 2);
    },
    'a selector whose version had none before, either': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .version('v1', 3, 0)
        .version('v2', 3, 0)
        .version('v3', 3)
        .service('web-active', 'v1');
      h.wait(60).begin().select('web-active', 'v2');
    },
    'a version that another process has made small meanwhile': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .version('v1', 3)
        .version('v2', 3)
        .service('web-active', 'v2');
      h.as('b').begin().wait(1).as('a').scale('v1', 0);
      for (let i = 0; i < 3; i++) h.remove('Pod', `web-v1-${i}`, 'kubernetes');
      h.as('b').select('web-active', 'v1');
    },
    'a version whose owner somebody has taken away': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .version('v1', 3)
        .version('v2', 3)
        .service('web-active', 'v1');
      h.wait(60).patch('ReplicaSet', 'web-v1', { metadata: { ownerReferences: null } }, 'person');
      h.wait(60).patch('ReplicaSet', 'web-v2', { metadata: { annotations: { seen: 'yes' } } });
      h.scale('v2', 2);
    },
    'a weight for a version whose ReplicaSet somebody deletes while the write is on its way': (h) => {
      update(h).version('v2', 1, 1).begin().wait(1).remove('ReplicaSet', 'web-v2', 'meddler').weight(10);
    },
  },
  breaks: {
    'a weight for a version whose ReplicaSet was deleted before the pass began': (h) => {
      update(h)
        .version('v2', 1, 1)
        .wait(1)
        .remove('ReplicaSet', 'web-v2', 'meddler')
        .wait(1)
        .begin()
        .weight(10);
    },
    'a weight for a version that had no pods when somebody deleted its ReplicaSet': (h) => {
      update(h).version('v2', 1, 0).begin().wait(1).remove('ReplicaSet', 'web-v2', 'meddler').weight(10);
    },
    'a selector that Git asks for, with a version that has no pods': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .version('v1', 3)
        .version('v2', 3, 0)
        .service('web-active', 'v1');
      const selector = { app: 'other', 'rollouts-pod-template-hash': 'v2' };
      h.patch('Service', 'web-active', { spec: { selector } });
    },
    'a version that the same process has made small in this pass': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .version('v1', 3)
        .version('v2', 3)
        .service('web-active', 'v2');
      h.begin().wait(1).scale('v1', 0);
      for (let i = 0; i < 3; i++) h.remove('Pod', `web-v1-${i}`, 'kubernetes');
      h.select('web-active', 'v1');
    },
    'a weight goes back from a version with pods to one without': (h) => {
      h.rollout(NGINX).version('v1', 10, 0).version('v2', 5).nginx('v1', 'v2', 50);
      h.wait(60).weight(40);
      h.wait(60).weight(100, 'meddler').wait(60).weight(0);
    },
    'a weight for a version without a ready pod': (h) => {
      update(h).version('v2', 1, 0).weight(10);
    },
    'a weight that somebody rewrote before the pass takes the pods behind it': (h) => {
      update(h).version('v2', 1, 1).wait(60).weight(50, 'meddler').wait(1).begin().scale('v2', 0);
    },
    'the pods of the active Service are scaled down': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .service('web-active', 'v1')
        .version('v1', 10)
        .wait(60);
      h.scale('v1', 0);
    },
    'the active Service moves to a version without pods': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .service('web-active', 'v1')
        .version('v1', 10);
      h.version('v2', 10, 0).wait(60).select('web-active', 'v2');
    },
    'the last pod is evicted': (h) => {
      h.rollout({ canary: {} }, { replicas: 1 }).service('web').version('v1', 1).wait(60);
      h.remove('Pod', 'web-v1-0', 'sluice', 'eviction');
    },
  },
};
