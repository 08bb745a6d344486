import { rule24 } from '../rule-24.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';

export const cases: Cases = {
  rule: rule24,
  passes: {
    'busy, then still': (h) => {
      h.rollout(NGINX).version('v1', 10);
      for (let i = 0; i < 40; i++) h.wait(0.3).scale('v1', i);
      h.wait(90).end();
    },
  },
  breaks: {
    'one object again and again': (h) => {
      h.rollout(NGINX).version('v1', 10);
      for (let i = 0; i < 45; i++) h.wait(0.1).scale('v1', i);
    },
    'writes that do not end': (h) => {
      h.rollout(NGINX).version('v1', 10).wait(300).scale('v1', 9).wait(30).end();
    },
    'requests that do not end': (h) => {
      h.rollout(NGINX).wait(300);
      for (let i = 0; i < 50; i++) h.wait(1).call({ verb: 'get' });
      h.end();
    },
  },
};
