import { rule01 } from '../rule-01.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { keyOfName, nginxWith, NOT_READY, warning } from '../hand.ts';
import type { JsonObject } from '../../../../src/lang/json.ts';

const update = (h: Hand, canary: Parameters<typeof nginxWith>[0]): Hand =>
  h
    .rollout(nginxWith(canary), {}, { phase: 'Progressing', currentPodHash: 'v2', currentStepIndex: 0 })
    .version('v1', 10)
    .nginx('v1', 'v2', 0);

const withoutStable = (h: Hand): Hand =>
  h
    .rollout(nginxWith({}), {}, { phase: 'Progressing', currentPodHash: 'v2', currentStepIndex: 0 })
    .version('v1', 10, 0)
    .nginx('v1', 'v2', 0);

export const cases: Cases = {
  rule: rule01,
  passes: {
    'exactly the share': (h) => {
      update(h, {}).version('v2', 5, 5).weight(50);
    },
    'a threshold of 50 %': (h) => {
      update(h, { replicaProgressThreshold: { type: 'Percent', value: 50 } })
        .version('v2', 10, 5)
        .weight(100);
    },
    'a pod that died after the pass began': (h) => {
      update(h, {}).version('v2', 5, 5).begin();
      h.wait(1).patch('Pod', 'web-v2-0', NOT_READY, 'kubernetes').weight(50);
    },
    'a size that a person writes in the instant in which the pass begins': (h) => {
      update(h, {}).version('v2', 5, 5).wait(10).begin();
      h.patch('Rollout', 'web', { spec: { replicas: 20 } }, 'person').weight(50);
    },
    'a ReplicaSet that somebody deleted, and that comes back to its weight without pods': (h) => {
      update(h, {}).version('v2', 5, 5).weight(50).remove('ReplicaSet', 'web-v2', 'meddler').wait(10);
      h.version('v2', 0, 0, 'sluice');
    },
    'a ReplicaSet that somebody took the owner of, and that comes back to its weight with fewer pods': (
      h,
    ) => {
      update(h, {}).version('v2', 5, 5).weight(50).patch('Pod', 'web-v2-0', NOT_READY, 'kubernetes');
      const owners = h.watch.scene.get('ReplicaSet', keyOfName('web-v2'))?.metadata.ownerReferences;
      const metadata = (ownerReferences: unknown): JsonObject => ({
        metadata: { ownerReferences } as JsonObject,
      });
      h.patch('ReplicaSet', 'web-v2', metadata(null), 'person').wait(10);
      h.patch('ReplicaSet', 'web-v2', metadata(owners));
    },
    'a setCanaryScale of the user, and the Warning': (h) => {
      update(h, { steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 50 }] })
        .version('v2', 1, 1)
        .weight(50);
      h.create(warning('CanaryBelowWeight'), 'sluice').wait(120).end();
    },
    'a Service that is put back after the last step of a setCanaryScale': (h) => {
      update(h, { steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 0 }] })
        .version('v2', 5, 5)
        .weight(50);
      h.patch('Pod', 'web-v2-0', NOT_READY, 'kubernetes').status({ currentStepIndex: 2 });
      h.select('web-canary', '', 'meddler').wait(60).begin().select('web-canary', 'v2').wait(120).end();
    },
    'a weight that somebody wrote while the Service was on its way': (h) => {
      update(h, {}).version('v2', 5, 5).version('v3', 1, 0).begin().wait(10).weight(50, 'meddler');
      h.wait(10).select('web-canary', 'v3');
    },
    'back to its weight, where stable has no pods and a version without traffic has some': (h) => {
      withoutStable(h)
        .version('v2', 10, 5)
        .version('v3', 5, 5)
        .weight(0, 'meddler')
        .wait(60)
        .begin()
        .weight(100);
    },
    'stable, whatever it has': (h) => {
      update(h, {})
        .version('v2', 5, 5)
        .weight(50)
        .patch('Pod', 'web-v1-0', NOT_READY, 'kubernetes')
        .weight(0);
      h.weight(20);
    },
  },
  breaks: {
    'beyond its pods, where stable has none and the version that has the traffic has some': (h) => {
      withoutStable(h).version('v2', 10, 5).version('v3', 5, 1).weight(100, 'meddler').wait(60).begin();
      h.select('web-canary', 'v3');
    },
    'beyond its pods, where stable has one': (h) => {
      withoutStable(h).pod('v1', 0).version('v2', 10, 5).weight(100);
    },
    'one pod short': (h) => {
      update(h, {}).version('v2', 5, 4).weight(50);
    },
    'by the selector of a Service that has the weight': (h) => {
      update(h, {}).version('v2', 5, 5).version('v3', 5, 1).weight(50).wait(60).select('web-canary', 'v3');
    },
    'a weight that somebody wrote before the pass that moves the Service': (h) => {
      update(h, {}).version('v2', 5, 5).version('v3', 1, 0).weight(50, 'meddler').wait(10).begin();
      h.wait(10).select('web-canary', 'v3');
    },
    'a Service that is put back to pods that died, without a setCanaryScale': (h) => {
      update(h, {}).version('v2', 5, 5).weight(50).patch('Pod', 'web-v2-0', NOT_READY, 'kubernetes');
      h.select('web-canary', '', 'meddler').wait(60).begin().select('web-canary', 'v2');
    },
    'a weight of its own after the last step of a setCanaryScale': (h) => {
      update(h, { steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 0 }] })
        .version('v2', 1, 1)
        .status({ currentStepIndex: 2 })
        .weight(50);
    },
    'a pod that had died long before': (h) => {
      update(h, {})
        .version('v2', 5, 5)
        .patch('Pod', 'web-v2-0', NOT_READY, 'kubernetes')
        .wait(60)
        .begin()
        .weight(50);
    },
    'a size that a person wrote before the pass began': (h) => {
      update(h, {}).version('v2', 5, 5).wait(10);
      h.patch('Rollout', 'web', { spec: { replicas: 20 } }, 'person')
        .wait(10)
        .begin()
        .weight(50);
    },
    'a blue-green switch to half a version': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .service('web-active', 'v1')
        .version('v1', 10);
      h.version('v2', 10, 5).wait(60).select('web-active', 'v2');
    },
    'a setCanaryScale of the user without a Warning': (h) => {
      update(h, { steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 50 }] })
        .version('v2', 1, 1)
        .weight(50);
      h.wait(120).end();
    },
  },
};
