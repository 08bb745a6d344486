import { rule27 } from '../rule-27.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { template } from '../hand.ts';

const CANARY = { canary: {} };
const tracking = (of: string) => ({
  metadata: { annotations: { 'argocd.argoproj.io/tracking-id': `app:${of}` } },
});
const TRACKED = tracking('argoproj.io/Rollout:shop/web');
const tracked = (h: Hand): Hand => {
  h.create({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'app' },
    spec: { syncPolicy: { automated: { prune: true } } },
  });
  for (const name of ['one', 'two'])
    h.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, ...tracking(`/Service:shop/${name}`).metadata },
      spec: {},
    });
  return h;
};

export const cases: Cases = {
  rule: rule27,
  passes: {
    'one of two objects goes': (h) => {
      tracked(h).remove('Service', 'one');
    },
    'a good version comes after a bad one': (h) => {
      tracked(h).rollout(CANARY, {}, { currentPodHash: 'v2' }).patch('Rollout', 'web', TRACKED, 'person');
      h.status({ abort: true }).tell({ what: 'commit', at: h.now, by: 'person', repository: 'r', sha: 'c2' });
      h.patch('Rollout', 'web', { spec: { template: template('v3') } });
    },
    'a ReplicaSet that carries the id of its Rollout is no object of the application': (h) => {
      tracked(h).version('v1', 4).patch('ReplicaSet', 'web-v1', TRACKED, 'kubernetes');
      for (let i = 0; i < 12; i++) h.wait(5).scale('v1', 4 + (i % 2));
    },
    'a person changes the Application in between': (h) => {
      tracked(h);
      for (let i = 0; i < 12; i++) {
        h.wait(5).patch('Service', 'one', { spec: { n: i } });
        if (i % 6 === 5) h.patch('Application', 'app', { spec: { n: i } }, 'person');
      }
    },
    'drift is taken back now and then': (h) => {
      tracked(h);
      for (let i = 0; i < 12; i++) h.wait(60).patch('Service', 'one', { spec: { n: i } });
    },
  },
  breaks: {
    'the last object goes': (h) => {
      tracked(h).remove('Service', 'one').remove('Service', 'two');
    },
    'a bad version comes back': (h) => {
      tracked(h).rollout(CANARY, {}, { currentPodHash: 'v2' }).patch('Rollout', 'web', TRACKED, 'person');
      h.status({ abort: true }).patch('Rollout', 'web', { spec: { template: template('v0') } }, 'person');
      h.wait(9).patch('Rollout', 'web', { spec: { template: template('v1') } });
    },
    'it fights over an object': (h) => {
      tracked(h);
      for (let i = 0; i < 12; i++) h.wait(5).patch('Service', 'one', { spec: { n: i } });
    },
    'it fights over an object, and says so in its status, which raises the generation': (h) => {
      tracked(h);
      for (let i = 0; i < 12; i++)
        h.wait(5)
          .patch('Service', 'one', { spec: { n: i } })
          .patch('Application', 'app', { spec: {}, status: { n: i } });
    },
  },
};
