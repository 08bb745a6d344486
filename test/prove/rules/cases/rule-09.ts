import { rule09 } from '../rule-09.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { NGINX } from '../hand.ts';

const update = (h: Hand): Hand =>
  h
    .rollout(
      NGINX,
      {},
      { currentPodHash: 'v2', canary: { currentBackgroundAnalysisRunStatus: { name: 'run' } } },
    )
    .version('v1', 10)
    .version('v2', 5)
    .run('run', { 'rollouts-pod-template-hash': 'v2', 'rollout-type': 'Background' });

const failing = (h: Hand): Hand => h.patch('AnalysisRun', 'run', { status: { phase: 'Failed' } });

export const cases: Cases = {
  rule: rule09,
  passes: {
    'an abort that stands in the status': (h) => {
      update(h)
        .status({ abort: true }, 'person')
        .wait(1)
        .begin()
        .status({ abortedAt: 'now' })
        .finish('router is down');
    },
    'the status could not be written': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().call({ code: 409 }).finish('conflict');
    },
    'an abort that a promotion in full takes back': (h) => {
      update(h).status({ promoteFull: true, abort: true }, 'person').wait(1).begin().finish('router is down');
    },
    'an abort of a Rollout without a strategy, which has no update': (h) => {
      update(h).patch('Rollout', 'web', { spec: { strategy: { canary: null } } }, 'person');
      h.status({ abort: true }, 'person').wait(1).begin().finish();
    },
    'an abort in the instant in which the pass began, and after that': (h) => {
      update(h).begin().status({ abort: true }, 'person').wait(1).finish();
    },
    'a run that fails after the pass began': (h) => {
      failing(update(h).begin().wait(1)).finish();
    },
  },
  breaks: {
    'an abort that a router stood before': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().finish('router is down');
    },
    'an abort in the instant in which the pass began, and before that': (h) => {
      update(h).status({ abort: true }, 'person').begin().wait(1).finish();
    },
    'a failed run that was overlooked': (h) => {
      failing(update(h)).wait(1).begin().finish();
    },
  },
};
