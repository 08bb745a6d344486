/** What an old CRD let into a Rollout and typed clients can't read: taken out, told of, and the rest is deployed. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../src/kube/api.ts';
import { POD, REPLICA_SET, ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { MINUTE, NAMESPACE, System, rolloutYaml } from './world.ts';

const bad = (more = ''): string => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: bad}
spec:
  replicas: 2
  selector: {matchLabels: {app: bad}}
  template:
    metadata: {labels: {app: bad}}
    spec:
      containers:
        - {name: first, image: "first:v1"}
        - name: second
          image: "second:v1"
          resources: {requests: {cpu: 5m, memory: invalid, "example.com/de~vice": []}, limits: {memory: 1Gi}}
      volumes: [{name: scratch, emptyDir: {sizeLimit: much}}]
${more}
  strategy:
    canary: {}
---
`;

const templateOf = (object: KubeObject): JsonObject =>
  (object['spec'] as { template: { spec: JsonObject } }).template.spec;

describe('a part of a template that can not be decoded', () => {
  it('is taken out of the stored object, and nothing else', async () => {
    await using system = new System();
    await system.create(bad('      ephemeralContainers: [{name: debug, image: "busybox"}]'));
    const created = await system.get(ROLLOUT, 'bad');
    await system.create(rolloutYaml('good', { replicas: 2 }));
    await system.clock.advance(2 * MINUTE);

    assert.equal((await system.rollout('good')).phase, 'Healthy');
    assert.equal((await system.rollout('bad')).phase, 'Healthy');
    const mended = await system.get(ROLLOUT, 'bad');
    const expected = structuredClone(created['spec']) as { template: { spec: JsonObject } };
    expected.template.spec = {
      containers: [
        { name: 'first', image: 'first:v1' },
        {
          name: 'second',
          image: 'second:v1',
          resources: { requests: { cpu: '5m' }, limits: { memory: '1Gi' } },
        },
      ],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    };
    assert.deepEqual(mended['spec'], expected);
    assert.equal(mended.metadata.generation, 2, 'one patch of the spec');

    const { items } = await system.api.list(POD, { namespace: NAMESPACE, labelSelector: 'app=bad' });
    assert.equal(items.length, 2);
    const events = await system.events('bad');
    assert.deepEqual(
      events.filter((event) => event.startsWith('Warning')),
      [
        'Warning UnreadableField: Taken out of the Rollout, since no client could read it with them: ' +
          'spec.template.spec.containers[1].resources.requests.memory: "invalid" is not a quantity such as 500m, 2 or 1Gi; ' +
          'spec.template.spec.containers[1].resources.requests[example.com/de~vice]: [] is not a quantity such as 500m, 2 or 1Gi; ' +
          'spec.template.spec.volumes[0].emptyDir.sizeLimit: "much" is not a quantity such as 500m, 2 or 1Gi; ' +
          'spec.template.spec.ephemeralContainers: the pods of a template have no ephemeral containers. ' +
          'The rest is deployed; correct the manifest',
      ],
    );
    assert.deepEqual(system.problems, []);
  });

  it('that comes with a new version does not hold it up, and has no part in its hash', async () => {
    await using system = new System();
    await system.create(rolloutYaml('web', { replicas: 2 }));
    await system.clock.advance(MINUTE);
    const container = (image: string, memory: string): JsonObject => ({
      spec: {
        template: {
          spec: { containers: [{ name: 'app', image, resources: { requests: { cpu: '1', memory } } }] },
        },
      },
    });
    await system.merge(ROLLOUT, 'web', container('app:v2', 'a lot'));
    await system.clock.advance(2 * MINUTE);
    const { phase, stableRS = '' } = await system.rollout('web');
    assert.equal(phase, 'Healthy');
    const rs = await system.get(REPLICA_SET, `web-${stableRS}`);
    assert.deepEqual((templateOf(rs)['containers'] as { resources: unknown }[])[0]?.resources, {
      requests: { cpu: '1' },
    });

    // The same again, as a Git tool that heals itself would write it: taken out again, and nothing rolls.
    await system.merge(ROLLOUT, 'web', container('app:v2', 'a lot'));
    await system.clock.advance(MINUTE);
    assert.equal((await system.rollout('web')).stableRS, stableRS);
    assert.doesNotMatch(JSON.stringify(templateOf(await system.get(ROLLOUT, 'web'))), /a lot/);
  });
});

describe('a Rollout that can be read', () => {
  it('is not rewritten: its spec stays to the letter, apart from replicas where nothing filled them in', async () => {
    await using system = new System();
    await system.create(
      rolloutYaml('web', { replicas: 2, steps: '[{setWeight: 50}, {pause: {duration: 5}}]' }),
    );
    const { spec } = await system.get(ROLLOUT, 'web');
    await system.clock.advance(MINUTE);
    await system.merge(ROLLOUT, 'web', { metadata: { annotations: { note: 'x' } } });
    await system.clock.advance(MINUTE);
    assert.deepEqual((await system.get(ROLLOUT, 'web'))['spec'], spec);
    const own = system.writes.filter(
      ({ type, subresource }) => type === ROLLOUT && subresource === undefined,
    );
    assert.equal(own.length, 1, 'the annotation of its revision');
  });
});
