import { rule08 } from '../rule-08.ts';
import type { Cases } from './cases.ts';
import type { JsonObject } from '../../../../src/lang/json.ts';
import type { Hand } from '../hand.ts';
import { keyOfName, NGINX, template } from '../hand.ts';

/** The template is a Deployment's, which the status knows. */
const deployment = (h: Hand): Hand =>
  h
    .create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 0, template: template('v1') },
    })
    .rollout(
      NGINX,
      { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
      { workloadObservedGeneration: '1' },
    )
    .version('v1', 10);

export const cases: Cases = {
  rule: rule08,
  passes: {
    'the abort is taken back': (h) => {
      h.rollout(NGINX).version('v1', 10).nginx('v1', 'v1', 0).status({ abort: true }, 'person');
      h.wait(1).status({ abort: null });
    },
    'the next version comes': (h) => {
      h.rollout(NGINX)
        .version('v1', 10)
        .nginx('v1', 'v1', 0)
        .status({ abort: true }, 'person')
        .status({ abort: null });
      h.wait(10)
        .patch('Rollout', 'web', { spec: { replicas: 5 } }, 'person')
        .wait(1)
        .scale('v1', 5);
    },
    'a change that nobody has looked at yet is in progress': (h) => {
      h.rollout(NGINX)
        .version('v1', 10)
        .patch('Rollout', 'web', { spec: { template: template('v2') } }, 'person');
      h.status({ abort: true }, 'person')
        .wait(1)
        .status({ currentPodHash: 'v2', abort: null })
        .version('v2', 10);
      h.wait(9).scale('v1', 0);
    },
    'so is one of the workload': (h) => {
      deployment(h).patch('Deployment', 'web', { spec: { template: template('v2') } }, 'person');
      h.status({ abort: true }, 'person').wait(1).scale('v1', 4);
    },
    'the next version comes from the workload': (h) => {
      deployment(h).status({ abort: true }, 'person').wait(1).status({ abort: null });
      h.patch('Deployment', 'web', { spec: { template: template('v2') } }, 'person')
        .wait(9)
        .scale('v1', 4);
    },
    'a stable ReplicaSet that somebody deleted comes back as it was': (h) => {
      h.rollout(NGINX).version('v1', 10).status({ abort: true }, 'person').wait(1);
      const stable = h.watch.scene.get('ReplicaSet', keyOfName('web-v1'));
      h.remove('ReplicaSet', 'web-v1', 'meddler').create(stable as unknown as JsonObject, 'sluice');
    },
  },
  breaks: {
    'stable is scaled, with a workload that the status knows': (h) => {
      deployment(h).status({ abort: true }, 'person').wait(1).scale('v1', 4);
    },
    'a stable ReplicaSet comes back smaller': (h) => {
      h.rollout(NGINX).version('v1', 10).status({ abort: true }, 'person').wait(1);
      const stable = h.watch.scene.get('ReplicaSet', keyOfName('web-v1')) as unknown as JsonObject;
      h.remove('ReplicaSet', 'web-v1', 'meddler');
      h.create({ ...stable, spec: { ...(stable['spec'] as JsonObject), replicas: 9 } }, 'sluice');
    },
    'stable is scaled': (h) => {
      h.rollout(NGINX).version('v1', 10).status({ abort: true }, 'person').wait(1).scale('v1', 0);
    },
    'it is called Degraded': (h) => {
      h.rollout(NGINX)
        .version('v1', 10)
        .status({ abort: true }, 'person')
        .wait(1)
        .status({ phase: 'Degraded', message: 'RolloutAborted: Rollout aborted update to revision 2' });
    },
  },
};
