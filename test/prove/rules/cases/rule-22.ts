import { rule22 } from '../rule-22.ts';
import type { Cases } from './cases.ts';
import { NGINX } from '../hand.ts';

export const cases: Cases = {
  rule: rule22,
  passes: {
    'what is ours': (h) => {
      h.rollout(NGINX).version('v1', 10).service('web-stable').select('web-stable', 'v1').scale('v1', 9);
      h.patch('Rollout', 'web', { metadata: { annotations: { 'rollout.argoproj.io/revision': '2' } } });
    },
    'what no client can read is taken out': (h) => {
      const unreadable = [
        { name: 'app', image: 'x', resources: { requests: { cpu: 'many', memory: '1Gi' } } },
      ];
      const readable = [{ name: 'app', image: 'x', resources: { requests: { memory: '1Gi' } } }];
      const debug = [{ name: 'debug' }];
      h.rollout(NGINX).patch(
        'Rollout',
        'web',
        { spec: { template: { spec: { containers: unreadable, ephemeralContainers: debug } } } },
        'person',
      );
      h.patch('Rollout', 'web', {
        spec: { template: { spec: { containers: readable, ephemeralContainers: null } } },
      });
    },
    'all is restored': (h) => {
      h.rollout(NGINX).service('web-stable', 'v1').remove('Rollout', 'web', 'person').wait(1);
      h.patch('Service', 'web-stable', { spec: { selector: { 'rollouts-pod-template-hash': null } } }).end();
    },
  },
  breaks: {
    'the selector of the user': (h) => {
      h.rollout(NGINX)
        .service('web-stable')
        .patch('Service', 'web-stable', { spec: { selector: { app: 'other' } } });
    },
    'the spec of the user': (h) => {
      h.rollout(NGINX).patch('Rollout', 'web', { spec: { replicas: 3 } });
    },
    'a quantity that can be read': (h) => {
      const container = { name: 'app', image: 'x' };
      const limited = [{ ...container, resources: { limits: { cpu: '500m' } } }];
      h.rollout(NGINX).patch(
        'Rollout',
        'web',
        { spec: { template: { spec: { containers: limited } } } },
        'person',
      );
      h.patch('Rollout', 'web', {
        spec: { template: { spec: { containers: [{ ...container, resources: { limits: {} } }] } } },
      });
    },
    'a text that is no quantity, where none belongs': (h) => {
      const container = { name: 'app', image: 'x' };
      h.rollout(NGINX).patch(
        'Rollout',
        'web',
        { spec: { template: { spec: { containers: [{ ...container, workingDir: '/srv' }] } } } },
        'person',
      );
      h.patch('Rollout', 'web', { spec: { template: { spec: { containers: [container] } } } });
    },
    'an Ingress of the user': (h) => {
      h.rollout(NGINX)
        .nginx('v1', 'v1', 0)
        .patch('Ingress', 'web', { metadata: { annotations: { x: 'y' } } });
    },
    'a Service that keeps its hash': (h) => {
      h.rollout(NGINX).service('web-stable', 'v1').remove('Rollout', 'web', 'person').wait(60).end();
    },
  },
};
