import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/lang/json.ts';
import { besideRollouts, onSeenVersion } from '../../../src/plan/sync/beside-rollouts.ts';

const HASH = 'rollouts-pod-template-hash';
const wanted = (selector?: JsonObject, kind = 'Service'): JsonObject => ({
  kind,
  metadata: { name: 'web' },
  spec: { ports: [{ port: 80 }], selector },
});
const live = (selector: JsonObject, managed = true): JsonObject => ({
  kind: 'Service',
  metadata: {
    name: 'web',
    resourceVersion: '7',
    annotations: managed ? { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'web' } : {},
  },
  spec: { selector },
});
const selectorOf = (object: JsonObject): unknown => (object['spec'] as JsonObject)['selector'];

describe('a Service beside a Rollout', () => {
  it('keeps the version that it selects, with what Git wants to be selected', () => {
    const merged = besideRollouts(wanted({ app: 'shop' }), live({ app: 'web', [HASH]: 'abc' }));
    assert.deepEqual(selectorOf(merged), { app: 'shop', [HASH]: 'abc' });
  });

  it('is written only as it was seen', () => {
    const there = live({ app: 'web', [HASH]: 'abc' });
    const written = onSeenVersion(besideRollouts(wanted({ app: 'web' }), there), there);
    assert.deepEqual(written['metadata'], { name: 'web', resourceVersion: '7' });
  });

  it('is written only as it was seen before a Rollout chose a version, which it may have done meanwhile', () => {
    const written = onSeenVersion(wanted({ app: 'web' }), live({ app: 'web' }, false));
    assert.deepEqual(written['metadata'], { name: 'web', resourceVersion: '7' });
  });

  for (const [what, manifest, there] of [
    ['is new', wanted({ app: 'web' }), undefined],
    ['has no selector in Git', wanted(), live({ app: 'web' })],
    ['names a version in Git', wanted({ [HASH]: 'mine' }), live({ [HASH]: 'abc' })],
    ['is another kind', wanted({ app: 'web' }, 'ReplicationController'), live({ app: 'web' })],
  ] as const) {
    it(`is written whatever has become of it where it ${what}`, () => {
      assert.equal(onSeenVersion(manifest, there), manifest);
    });
  }

  for (const [what, manifest, there] of [
    ['is new', wanted({ app: 'web' }), undefined],
    ['is managed by nobody', wanted({ app: 'web' }), live({ [HASH]: 'abc' }, false)],
    ['selects every version', wanted({ app: 'web' }), live({ app: 'web' })],
    ['has no selector in Git', wanted(), live({ [HASH]: 'abc' })],
    ['names a version in Git', wanted({ [HASH]: 'mine' }), live({ [HASH]: 'abc' })],
    ['is another kind', wanted({ app: 'web' }, 'ReplicationController'), live({ [HASH]: 'abc' })],
  ] as const) {
    it(`is applied as Git has it where it ${what}`, () => {
      assert.equal(besideRollouts(manifest, there), manifest);
    });
  }
});

describe('a Rollout', () => {
  const rollout = (pod: JsonObject): JsonObject => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web' },
    spec: { template: { spec: { containers: [{ name: 'app' }], ...pod } } },
  });

  it('is applied without what its controller would take out again', () => {
    assert.deepEqual(
      besideRollouts(rollout({ ephemeralContainers: [{ name: 'debug' }] }), undefined),
      rollout({}),
    );
    const readable = rollout({ terminationGracePeriodSeconds: 5 });
    assert.equal(besideRollouts(readable, undefined), readable);
  });
});
