import { rule20 } from '../rule-20.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { nginxWith } from '../hand.ts';

const paused = (h: Hand, weight: number, ready = 2, stable = 10): Hand =>
  h
    .rollout(
      nginxWith({ steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }] }),
      {},
      {
        currentPodHash: 'v2',
        currentStepIndex: 1,
        phase: 'Paused',
        pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 't' }],
      },
    )
    .version('v1', 10, stable)
    .version('v2', 2, ready)
    .nginx('v1', 'v2', weight)
    .wait(60);

export const cases: Cases = {
  rule: rule20,
  passes: {
    'the weight of the step before the pause': (h) => {
      paused(h, 20).begin().finish();
    },
    'a canary that lacks pods may have less': (h) => {
      paused(h, 0, 1).begin().finish();
    },
    'stable lacks a pod to take its traffic back': (h) => {
      paused(h, 50, 2, 7).begin().finish();
    },
  },
  breaks: {
    'another weight, after a jump': (h) => {
      paused(h, 0).begin().finish();
    },
    'more than the step asks for': (h) => {
      paused(h, 50).begin().finish();
    },
    'more than the step asks for, where stable has just the pods': (h) => {
      paused(h, 50, 2, 8).begin().finish();
    },
  },
};
