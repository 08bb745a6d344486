import { rule07 } from '../rule-07.ts';
import type { Cases } from './cases.ts';
import type { Hand } from '../hand.ts';
import { NGINX, nginxWith, template } from '../hand.ts';

const update = (h: Hand): Hand =>
  h.rollout(NGINX, {}, { currentPodHash: 'v2' }).version('v1', 10).version('v2', 6).nginx('v1', 'v2', 50);

/** Blue-green, back on stable. */
const aborted = (h: Hand): Hand =>
  h
    .rollout({ blueGreen: { activeService: 'web-active' } }, {}, { currentPodHash: 'v2' })
    .service('web-active', 'v1')
    .version('v1', 10)
    .version('v2', 10)
    .status({ abort: true }, 'person')
    .wait(1);

/** The last pod of a stable version that was made small becomes ready. */
const grown = (h: Hand): Hand =>
  h
    .rollout(nginxWith({ dynamicStableScale: true }), {}, { currentPodHash: 'v2' })
    .version('v1', 10, 9)
    .version('v2', 6)
    .nginx('v1', 'v2', 10)
    .status({ abort: true }, 'person')
    .wait(1)
    .pod('v1', 9)
    .wait(1);

/** Aborted, and then somebody edits the Deployment. */
function ofDeployment(h: Hand, tag: string): Hand {
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  h.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 0, template: template('v2') },
  });
  h.rollout(NGINX, { workloadRef }, { currentPodHash: 'v2', workloadObservedGeneration: '1' })
    .version('v1', 10)
    .version('v2', 6)
    .nginx('v1', 'v2', 50);
  h.status({ abort: true }, 'person').wait(1).begin().weight(0).finish().version('v3', 6).wait(1);
  return h.patch('Deployment', 'web', { spec: { replicas: 1, template: template(tag) } }, 'person').wait(1);
}

export const cases: Cases = {
  rule: rule07,
  passes: {
    'the last pod of a dynamic stable came when the pass began': (h) => {
      grown(h)
        .begin('Rollouts', undefined, h.now - 1_000)
        .finish();
    },
    'to 0 in the first pass that knows': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().weight(0).finish();
    },
    'a pass that began before the abort': (h) => {
      update(h).begin().wait(1).status({ abort: true }, 'person').weight(60).finish();
    },
    'stable without a ready pod keeps nothing': (h) => {
      h.rollout(NGINX, {}, { currentPodHash: 'v2' })
        .version('v1', 10, 0)
        .version('v2', 5)
        .nginx('v1', 'v2', 50);
      h.status({ abort: true }, 'person').wait(1).begin().finish().weight(40);
    },
    'the router refused': (h) => {
      update(h)
        .status({ abort: true }, 'person')
        .wait(1)
        .begin()
        .call({ kind: 'Ingress', code: 500 })
        .finish();
      h.begin().weight(0).finish();
    },
    'a person asks for another version': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().weight(0).finish().version('v3', 6).wait(1);
      h.patch('Rollout', 'web', { spec: { paused: false } }, 'person')
        .wait(1)
        .begin();
      h.select('web-canary', 'v3').weight(50);
    },
    'a person edits the template that the Rollout takes from a Deployment': (h) => {
      ofDeployment(h, 'v3').begin().select('web-canary', 'v3').weight(50);
    },
    'a person edits the steps': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().weight(0).finish().wait(1);
      h.patch('Rollout', 'web', { spec: { strategy: { canary: { steps: [{ setWeight: 50 }] } } } }, 'person');
      h.wait(1).begin().weight(50);
    },
    'a person promotes the aborted version in full': (h) => {
      aborted(h).status({ promoteFull: true }, 'person').wait(1).begin().select('web-active', 'v2').finish();
    },
  },
  breaks: {
    'a pass that knows of all pods of a dynamic stable, and leaves it': (h) => {
      grown(h).begin().finish();
    },
    'the aborted version comes back by itself': (h) => {
      aborted(h).begin().select('web-active', 'v2').finish();
    },
    'an abort after a full promotion was done with': (h) => {
      aborted(h).status({ promoteFull: true }, 'person').wait(1).status({ promoteFull: null, abort: null });
      h.wait(1).status({ abort: true }, 'person').wait(1).begin().select('web-active', 'v2').finish();
    },
    'the aborted version, when a person asks for another one': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().weight(0).finish().version('v3', 6).wait(1);
      h.patch('Rollout', 'web', { spec: { paused: false } }, 'person')
        .wait(1)
        .begin()
        .weight(50);
    },
    'another version, though only the size of its Deployment was edited': (h) => {
      ofDeployment(h, 'v2').begin().select('web-canary', 'v3').weight(50);
    },
    'another version, though nobody asks for it': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().weight(0).finish().version('v3', 6).wait(1);
      h.begin().select('web-canary', 'v3').weight(50);
    },
    'a pass that knows and leaves it': (h) => {
      update(h).status({ abort: true }, 'person').wait(1).begin().finish();
    },
    'a weight that rises after the abort': (h) => {
      update(h)
        .status({ abort: true }, 'person')
        .wait(1)
        .begin()
        .weight(0)
        .finish()
        .wait(10)
        .begin()
        .weight(20);
    },
    'blue-green stays on the aborted version': (h) => {
      h.rollout({ blueGreen: { activeService: 'web-active' } }, {}, { currentPodHash: 'v2' });
      h.service('web-active', 'v2').version('v1', 10).version('v2', 10).status({ abort: true }, 'person');
      h.wait(1).begin().finish();
    },
  },
};
