import { rule07 } from '../rule-07.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { NGINX } from '../hand.ts';

const update = (h: Hand): Hand =>
  h.rollout(NGINX, {}, { currentPodHash: 'v2' }).version('v1', 10).version('v2', 6).nginx('v1', 'v2', 50);

export const cases: Cases = {
  rule: rule07,
  passes: {
    'to 0 in the first pass that knows': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().weight(0).finish();
    },
    'a pass that began before the abort': (h) => {
      update(h).begin().wait(1).status({ abort: true }, 'person').weight(60).finish();
    },
    'stable without a ready pod keeps nothing': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2' })
        .version('v1', 10, 0)
        .version('v2', 5)
        .nginx('v1', 'v2', 50);
      h.status({ abort: true }, 'person').wait(1).begin().finish().weight(40);
    },
    'the router refused': (h) => {
      update(h)
        .status({ abort: true }, 'person')
        .wait(1)
        .begin()
        .call({ kind: 'Ingress', code: 500 })
        .finish();
      h.begin().weight(0).finish();
    },
  },
  breaks: {
    'a pass that knows and leaves it': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().finish();
    },
    'a weight that rises after the abort': (h) => {
      update(h)
        .status({ abort: true }, 'person')
        .wait(1)
        .begin()
        .weight(0)
        .finish()
        .wait(10)
        .begin()
        .weight(20);
    },
    'blue-green stays on the aborted version': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } }, {}, { currentPodHash: 'v2' });
      h.service('web-active', 'v2').version('v1', 10).version('v2', 10).status({ abort: true }, 'person');
      h.wait(1).begin().finish();
    },
  },
};
