import { rule06 } from '../rule-06.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';

export const cases: Cases = {
  rule: rule06,
  passes: {
    'two fields in one pass': (h) => {
      h.rollout(NGINX)
        .version('v1', 10)
        .version('v2', 5)
        .nginx('v1', 'v2', 0)
        .begin()
        .weight(50)
        .select('web-canary', 'v1');
      h.finish();
    },
    'twice, as somebody wrote first, and the pass looks again': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 5).nginx('v1', 'v2', 0).begin().weight(50);
      h.call({ subresource: 'status', code: 409, carriedOut: false }).weight(0).finish();
    },
    'twice, as a slow write has made the first plan old': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 5).nginx('v1', 'v2', 0).begin().weight(50);
      h.wait(11).weight(0).finish();
    },
    'twice, as the first write was on its way until its plan was old': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 5).nginx('v1', 'v2', 0).begin().wait(11).weight(50);
      h.call({ kind: 'Ingress', sentAt: h.now - 11_000 })
        .weight(0)
        .finish();
    },
    'to and fro because a person changes his mind': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 5).nginx('v1', 'v2', 0);
      for (let i = 0; i < 8; i++)
        h.status({ abort: i % 2 === 0 }, 'person')
          .weight(i % 2 === 0 ? 50 : 0)
          .wait(1);
    },
    'to and fro because the steps ask for one and the other': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2', currentStepIndex: 0 })
        .version('v1', 10)
        .version('v2', 5)
        .nginx('v1', 'v2', 0);
      for (let i = 1; i < 9; i++)
        h.wait(1)
          .status({ currentStepIndex: i })
          .begin()
          .weight(i % 2 === 0 ? 50 : 0)
          .finish();
    },
  },
  breaks: {
    'to and fro with a step that comes and goes': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2', currentStepIndex: 0 })
        .version('v1', 10)
        .version('v2', 5)
        .nginx('v1', 'v2', 0);
      for (let i = 1; i < 10; i++)
        h.wait(1)
          .status({ currentStepIndex: i % 2 })
          .begin()
          .weight(i % 2 === 0 ? 50 : 0)
          .finish();
    },
    'one selector twice in one pass': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 5).nginx('v1', 'v2', 0).begin();
      h.select('web-canary', 'v1').select('web-canary', 'v2');
    },
    'twice in one pass, with a write that took its time, but not so long': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 5).nginx('v1', 'v2', 0).begin().wait(9).weight(50);
      h.call({ kind: 'Ingress', sentAt: h.now - 9_000 }).weight(0);
    },
    'twice in one pass, with a failure in between that is no conflict': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 5).nginx('v1', 'v2', 0).begin().weight(50);
      h.call({ subresource: 'status', code: 500, carriedOut: false }).weight(0);
    },
    'a selector that goes to and fro by itself': (h) => {
      h.rollout(NGINX).version('v1', 10).version('v2', 5).nginx('v1', 'v1', 0);
      for (let i = 0; i < 8; i++)
        h.begin()
          .select('web-canary', i % 2 === 0 ? 'v2' : 'v1')
          .finish()
          .wait(1);
    },
  },
};
