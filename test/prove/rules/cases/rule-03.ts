import { rule03 } from '../rule-03.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { nginxWith } from '../hand.ts';

const update = (h: Hand, canary: Parameters<typeof nginxWith>[0]): Hand =>
  h
    .rollout(nginxWith(canary), {}, { phase: 'Progressing', currentPodHash: 'v2' })
    .version('v1', 10)
    .version('v2', 5)
    .nginx('v1', 'v2', 50);

const promoted = (h: Hand): Hand =>
  h
    .rollout({ blueGreen: { activeService: 'web-active' } })
    .service('web-active', 'v1')
    .version('v1', 10)
    .version('v2', 10)
    .status({ currentPodHash: 'v2' })
    .wait(60)
    .select('web-active', 'v2')
    .status({ stableRS: 'v2' });

export const cases: Cases = {
  rule: rule03,
  passes: {
    'the weight first, then the pods': (h) => {
      update(h, {}).weight(20).wait(60).scale('v2', 2);
    },
    'the old stable version after its delay': (h) => {
      promoted(h).wait(30).scale('v1', 0);
    },
    'an old stable version that somebody else has marked': (h) => {
      const annotations = { 'scale-down-deadline': 'soon' };
      promoted(h)
        .patch('ReplicaSet', 'web-v1', { metadata: { annotations } }, 'person')
        .wait(1)
        .scale('v1', 0);
    },
    'an old stable version that never had a ready pod': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .service('web-active')
        .version('v1', 10, 0)
        .status({ currentPodHash: 'v2', stableRS: 'v2' })
        .wait(30)
        .version('v2', 10)
        .select('web-active', 'v2')
        .scale('v1', 0);
    },
    'a middle version goes at once': (h) => {
      update(h, {}).status({ currentPodHash: 'v3' }).weight(0).wait(1).scale('v2', 0);
    },
    'a middle version that was stable long ago': (h) => {
      h.rollout(nginxWith({}), {}, { stableRS: 'v2', currentPodHash: 'v2' })
        .version('v1', 10)
        .version('v2', 5);
      h.nginx('v1', 'v2', 0).status({ stableRS: 'v1', currentPodHash: 'v2' }).weight(50).wait(60);
      h.status({ currentPodHash: 'v3' }).weight(0).wait(1).scale('v2', 0);
    },
    'fewer pods because the user wants fewer': (h) => {
      update(h, {})
        .patch('Rollout', 'web', { spec: { replicas: 2 } }, 'person')
        .wait(60)
        .scale('v2', 1)
        .scale('v1', 2);
    },
    'aborted, after its delay': (h) => {
      update(h, { abortScaleDownDelaySeconds: 20 })
        .status({ abort: true }, 'person')
        .weight(0)
        .wait(20)
        .scale('v2', 0);
    },
  },
  breaks: {
    'pods below the weight': (h) => {
      update(h, {}).wait(60).scale('v2', 4);
    },
    'before the route let go': (h) => {
      update(h, {}).status({ abort: true }, 'person').wait(60).scale('v2', 0);
    },
    'the old stable version before its delay': (h) => {
      promoted(h).wait(10).scale('v1', 0);
    },
    'the old stable version before its delay, though one pod of it was unready': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } })
        .service('web-active', 'v1')
        .version('v1', 10, 9)
        .version('v2', 10)
        .status({ currentPodHash: 'v2' })
        .wait(60)
        .select('web-active', 'v2')
        .status({ stableRS: 'v2' });
      h.wait(10).scale('v1', 0);
    },
    'the old stable version before its delay, with our own mark': (h) => {
      const annotations = { 'scale-down-deadline': 'soon' };
      promoted(h).patch('ReplicaSet', 'web-v1', { metadata: { annotations } }).wait(1).scale('v1', 0);
    },
    'an aborted version whose delay says never': (h) => {
      update(h, { abortScaleDownDelaySeconds: 0 })
        .status({ abort: true }, 'person')
        .weight(0)
        .wait(900)
        .scale('v2', 0);
    },
  },
};
