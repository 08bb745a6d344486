import { rule24 } from '../rule-24.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { NGINX } from '../hand.ts';

/** An answer after each interval, in seconds. */
function measuring(h: Hand, interval = 1): Hand {
  for (let i = 0; i < 70; i++) {
    const finishedAt = new Date(h.wait(interval).now).toISOString();
    const metricResults = [{ name: 'rate', measurements: [{ phase: 'Successful', finishedAt }] }];
    h.patch('AnalysisRun', 'web-1', { status: { metricResults } }, 'sluice').call({ verb: 'patch' });
  }
  return h;
}

export const cases: Cases = {
  rule: rule24,
  passes: {
    'busy, then still': (h) => {
      h.rollout(NGINX).version('v1', 10);
      for (let i = 0; i < 40; i++) h.wait(0.3).scale('v1', i);
      h.wait(90).end();
    },
    'conflicts about two objects, each with its back-off': (h) => {
      h.rollout(NGINX);
      for (let i = 0; i < 160; i++) h.wait(0.05).call({ verb: 'patch', key: `shop/${i % 2}`, code: 409 });
    },
    'conflicts about one object that is written all the same, now and then': (h) => {
      h.rollout(NGINX).version('v1', 10);
      for (let i = 0; i < 160; i++) {
        h.wait(0.05).call({ verb: 'patch', kind: 'ReplicaSet', key: 'shop/web-v1', code: 409 });
        if (i % 10 === 9) h.scale('v1', i);
      }
    },
    'a background analysis goes on at a pause, with a request for each answer': (h) => {
      const waited = { canary: { currentBackgroundAnalysisRunStatus: { name: 'web-1' } } };
      measuring(h.rollout(NGINX, {}, waited).run('web-1', {}, { phase: 'Running' })).end();
    },
  },
  breaks: {
    'measurements that nobody waits for any more': (h) => {
      measuring(h.rollout(NGINX).run('web-1', {}, { phase: 'Running' })).end();
    },
    'an AnalysisRun that is written without a new answer': (h) => {
      const waited = { canary: { currentBackgroundAnalysisRunStatus: { name: 'web-1' } } };
      h.rollout(NGINX, {}, waited).run('web-1', {}, { phase: 'Running' });
      for (let i = 0; i < 60; i++) h.wait(1).patch('AnalysisRun', 'web-1', { status: { i } }, 'sluice');
      h.end();
    },
    'measurements as fast as the backend answers': (h) => {
      const waited = { canary: { currentBackgroundAnalysisRunStatus: { name: 'web-1' } } };
      measuring(h.rollout(NGINX, {}, waited).run('web-1', {}, { phase: 'Running' }), 0.1);
    },
    'one object again and again': (h) => {
      h.rollout(NGINX).version('v1', 10);
      for (let i = 0; i < 45; i++) h.wait(0.1).scale('v1', i);
    },
    'conflicts about one object as fast as they are answered': (h) => {
      h.rollout(NGINX);
      for (let i = 0; i < 110; i++) h.wait(0.05).call({ verb: 'patch', key: 'shop/web', code: 409 });
    },
    'conflicts about one object beside requests that succeed and change nothing': (h) => {
      h.rollout(NGINX);
      for (let i = 0; i < 110; i++)
        h.wait(0.05)
          .call({ verb: 'patch', key: 'shop/web', code: 409 })
          .call({ verb: i % 2 === 0 ? 'get' : 'patch', key: 'shop/web' });
    },
    'lists that fail one after the other': (h) => {
      h.rollout(NGINX);
      for (let i = 0; i < 160; i++) h.wait(0.05).call({ verb: 'list', code: 500 });
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
