import { rule23 } from '../rule-23.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';
import type { Hand } from '../hand.ts';
import type { JsonObject } from '../../../../src/lang/json.ts';

const HELD = {
  phase: 'Paused',
  message:
    'AnalysisRun web-1: Metric "rate" holds since 2026-01-01T00:00:30Z: the provider answers with no data',
  canary: { currentStepAnalysisRunStatus: { name: 'web-1', status: 'Running' } },
};

const ORPHANED: JsonObject = { metadata: { ownerReferences: null } };

/** The pods are there, and the pass begins. */
const aboutToSayHealthy = (h: Hand): Hand =>
  h.rollout(NGINX, {}, { phase: 'Progressing' }).version('v1', 10).nginx('v1', 'v1', 0).wait(9).begin();

export const cases: Cases = {
  rule: rule23,
  passes: {
    'paused, because evidence never comes': (h) => {
      h.rollout(NGINX, {}, HELD).run('web-1', {}, { phase: 'Running' }).end();
    },
    'paused, because traffic never comes': (h) => {
      const message =
        'AnalysisRun web-1: Metric "rate" waits for traffic: the weight of the new version is 0';
      h.rollout(NGINX, {}, { ...HELD, message })
        .run('web-1', {}, { phase: 'Running' })
        .end();
    },
    'all pods, all routes': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing' }).version('v1', 10).nginx('v1', 'v1', 0).wait(9);
      h.status({ phase: 'Healthy' }).end();
    },
    'somebody takes the ReplicaSet away while the pass runs': (h) => {
      aboutToSayHealthy(h).wait(1).patch('ReplicaSet', 'web-v1', ORPHANED, 'person');
      h.status({ phase: 'Healthy' });
    },
    'somebody deletes the ReplicaSet while the pass runs': (h) => {
      aboutToSayHealthy(h).wait(1).remove('ReplicaSet', 'web-v1', 'person');
      h.status({ phase: 'Healthy' });
    },
    'paused, and says why': (h) => {
      h.rollout(NGINX, { paused: true }, { phase: 'Paused', message: 'manually paused' }).end();
    },
  },
  breaks: {
    'paused for evidence of a run that has ended': (h) => {
      h.rollout(NGINX, {}, HELD).run('web-1', {}, { phase: 'Successful' }).end();
    },
    'paused for evidence of a run that it does not wait for': (h) => {
      h.rollout(NGINX, {}, { ...HELD, canary: {} })
        .run('web-1', {}, { phase: 'Running' })
        .end();
    },
    'paused for evidence, without saying of what': (h) => {
      const message = 'AnalysisRun web-1: Metric "rate" holds since 2026-01-01T00:00:30Z: ';
      h.rollout(NGINX, {}, { ...HELD, message })
        .run('web-1', {}, { phase: 'Running' })
        .end();
    },
    'the ReplicaSet was taken away before the pass began': (h) => {
      aboutToSayHealthy(h).wait(1).patch('ReplicaSet', 'web-v1', ORPHANED, 'person').wait(1).begin();
      h.status({ phase: 'Healthy' });
    },
    'the pass deleted the ReplicaSet itself': (h) => {
      aboutToSayHealthy(h).wait(1).remove('ReplicaSet', 'web-v1').status({ phase: 'Healthy' });
    },
    'the stable Service is elsewhere, and somebody deletes the ReplicaSet while the pass runs': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing' }).version('v0', 10).version('v1', 10).nginx('v0', 'v1', 0);
      h.wait(9).begin().wait(1).remove('ReplicaSet', 'web-v1', 'person').status({ phase: 'Healthy' });
    },
    'the ReplicaSet had lost its pods before somebody deleted it': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing' })
        .version('v1', 10, 9)
        .nginx('v1', 'v1', 0)
        .wait(9)
        .begin();
      h.wait(1).remove('ReplicaSet', 'web-v1', 'person').status({ phase: 'Healthy' });
    },
    'a pod is missing': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing' }).version('v1', 10, 9).nginx('v1', 'v1', 0).wait(9);
      h.status({ phase: 'Healthy' });
    },
    'the stable Service is elsewhere': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing', stableRS: 'v2', currentPodHash: 'v2' }).version('v1', 10);
      h.version('v2', 10).nginx('v1', 'v2', 0).wait(9).status({ phase: 'Healthy' });
    },
    'old pods are left': (h) => {
      h.rollout({ canary: {} }, {}, { phase: 'Progressing' }).version('v0', 1).version('v1', 10).wait(9);
      h.status({ phase: 'Healthy' });
    },
    'it never comes to rest': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing', message: 'more replicas need to be updated' }).end();
    },
  },
};
