import { rule20 } from '../rule-20.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { nginxWith } from '../hand.ts';

const paused = (h: Hand, weight: number, ready = 2, stable = 10, asked = 20): Hand =>
  h
    .rollout(
      nginxWith({ steps: [{ setWeight: asked }, { pause: {} }, { setWeight: 50 }] }),
      {},
      {
        currentPodHash: 'v2',
        currentStepIndex: 1,
        phase: 'Paused',
        pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 't' }],
      },
    )
    .version('v1', 10, stable)
    .version('v2', Math.max(2, ready), ready)
    .nginx('v1', 'v2', weight)
    .wait(60);

/** Paused behind a header route that the router has not. */
const routed = (h: Hand, size: number): Hand =>
  h
    .rollout(
      {
        canary: {
          steps: [{ setHeaderRoute: { name: 'beta', match: [{ headerName: 'x' }] } }, { pause: {} }],
          trafficRouting: { plugins: { 'test/recorder': {} }, managedRoutes: [{ name: 'beta' }] },
        },
      },
      {},
      {
        currentPodHash: 'v2',
        currentStepIndex: 1,
        phase: 'Paused',
        pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 't' }],
      },
    )
    .version('v1', 10)
    .version('v2', size)
    .create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web-weights' },
      data: { canary: '0', stable: '100', managed: '[]' },
    })
    .wait(60)
    .begin()
    .finish()
    .wait(60)
    .end();

export const cases: Cases = {
  rule: rule20,
  passes: {
    'the weight of the step before the pause': (h) => {
      paused(h, 20).begin().finish().wait(60).end();
    },
    'a canary that lacks pods may have less': (h) => {
      paused(h, 0, 1).begin().finish().wait(60).end();
    },
    'stable lacks a pod to take its traffic back': (h) => {
      paused(h, 50, 2, 7).begin().finish().wait(60).end();
    },
    'stable has no pod for the small share that is its own': (h) => {
      paused(h, 100, 10, 0, 95).begin().finish().wait(60).end();
    },
    'a weight that the next pass gives, as the pods have just come': (h) => {
      paused(h, 0).begin().finish().weight(20).begin().finish().end();
    },
    'no header route while the canary has no pods': (h) => {
      routed(h, 0);
    },
  },
  breaks: {
    'no header route though the canary has pods': (h) => {
      routed(h, 2);
    },
    'another weight, after a jump': (h) => {
      paused(h, 0).begin().finish().wait(60).end();
    },
    'another weight, pass after pass': (h) => {
      paused(h, 0).begin().finish().wait(3).begin().finish();
    },
    'more than the step asks for': (h) => {
      paused(h, 50).begin().finish().wait(60).end();
    },
    'more than the step asks for, where stable has just the pods': (h) => {
      paused(h, 50, 2, 8).begin().finish().wait(60).end();
    },
  },
};
