import { rule18 } from '../rule-18.ts';
import type { Cases } from './cases.ts';
import type { JsonObject } from '../../../../src/lang/json.ts';
import type { Hand } from '../hand.ts';
import { NGINX, nginxWith, template } from '../hand.ts';
import type { Happening } from '../types.ts';

const INJECTED = 'rollout.argoproj.io/ephemeral-metadata';
const leads = (h: Hand): Happening => ({ what: 'process', at: h.now, name: 'b', state: 'leads' });
const replicaSet = (name: string, tag: string): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name,
    labels: { app: 'web', 'rollouts-pod-template-hash': name },
    ownerReferences: [
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', uid: 'uid-web', controller: true },
    ],
  },
  spec: { replicas: 0, template: template(tag) },
});

const LABELLED: JsonObject = { spec: { template: { metadata: { labels: { role: 'stable' } } } } };

export const cases: Cases = {
  rule: rule18,
  passes: {
    'another template': (h) => {
      h.rollout(NGINX).version('v1', 10).create(replicaSet('web-v2', 'v2'), 'sluice');
    },
    'metadata that is injected': (h) => {
      h.rollout(NGINX).version('v1', 10);
      h.patch('ReplicaSet', 'web-v1', {
        metadata: { annotations: { [INJECTED]: '{"labels":{"role":"stable"}}' } },
        spec: { template: { metadata: { labels: { role: 'stable' } } } },
      });
    },
    'metadata that is injected into one that somebody has taken away meanwhile': (h) => {
      h.rollout(nginxWith({ stableMetadata: { labels: { role: 'stable' } } })).version('v1', 10);
      h.patch('ReplicaSet', 'web-v1', { metadata: { ownerReferences: null } }, 'person');
      h.patch('ReplicaSet', 'web-v1', LABELLED);
    },
    'a restart into something to do': (h) => {
      h.rollout(NGINX, {}, { phase: 'Progressing' })
        .version('v1', 10)
        .wait(900)
        .tell(leads(h))
        .scale('v1', 9);
    },
  },
  breaks: {
    'metadata that only another Rollout injects': (h) => {
      h.rollout(nginxWith({ stableMetadata: { labels: { role: 'stable' } } })).version('v1', 10);
      const labels = { app: 'other', 'rollouts-pod-template-hash': 'v1' };
      h.patch('ReplicaSet', 'web-v1', { metadata: { ownerReferences: null, labels } }, 'person');
      h.patch('ReplicaSet', 'web-v1', LABELLED);
    },
    'the same template again': (h) => {
      h.rollout(NGINX).version('v1', 10).create(replicaSet('web-other', 'v1'), 'sluice');
    },
    'a template that changes': (h) => {
      h.rollout(NGINX).version('v1', 10);
      h.patch('ReplicaSet', 'web-v1', { spec: { template: { spec: { containers: [] } } } });
    },
    'a restart that writes': (h) => {
      h.rollout(NGINX).version('v1', 10).wait(900).tell(leads(h)).scale('v1', 9);
    },
  },
};
