/** Service selectors of a canary (spec 02 section 15, 03 section 9). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryStrategy } from '../../../src/api/rollout.ts';
import { World } from './simulation.ts';

const SECOND = 1_000;
const named = { canaryService: 'canary', stableService: 'stable' };
const routed = { ...named, trafficRouting: { nginx: { stableIngress: 'demo' } } };
const steps = [{ setWeight: 25 }, { pause: {} }];
const slow =
  (ms: number) =>
  (image: string): number =>
    image === 'v2' ? ms : 1_500;

/** By Service: the revision that it selects; '-': every one. */
function selected(world: World): Record<string, string> {
  const revisions = new Map(
    [...world.replicaSets.values()].map((rs) => [
      rs.metadata.labels?.['rollouts-pod-template-hash'] ?? '',
      rs.metadata.annotations?.['rollout.argoproj.io/revision'] ?? '',
    ]),
  );
  return Object.fromEntries(
    [...world.services].map(([name, { selector }]) => [
      name,
      revisions.get(selector['rollouts-pod-template-hash'] ?? '') ?? '-',
    ]),
  );
}
const world = (canary: CanaryStrategy, options = {}): World => new World({ replicas: 4, canary, ...options });

for (const [kind, strategy] of [
  ['without a router', { ...named, steps }],
  ['behind a router', { ...routed, steps }],
] as const)
  describe(`Services of a canary ${kind}`, () => {
    it('keep their plain selector until the first version has all of its pods, and then are marked', () => {
      const w = world(strategy).run((it) => it.now > 0 && it.replicaSets.size === 1, SECOND);
      assert.deepEqual(selected(w), { canary: '-', stable: '-' });
      w.until('Healthy');
      assert.deepEqual(selected(w), { canary: '1', stable: '1' });
      assert.deepEqual(
        [...w.services.values()].map(({ managedBy }) => managedBy),
        ['demo', 'demo'],
      );
    });

    it('go to a new version with its first available pod, and not before', () => {
      const w = world(strategy, { readyAfterMs: slow(20_000) })
        .until('Healthy')
        .image('v2')
        .wait(19 * SECOND);
      assert.deepEqual(selected(w), { canary: '1', stable: '1' });
      w.wait(2 * SECOND);
      assert.deepEqual(selected(w), { canary: '2', stable: '1' });
    });

    it('all select stable again after an abort, once, and the new version after its promotion', () => {
      const w = world(strategy).until('Healthy').image('v2').until('Paused').resetCounts();
      w.abort()
        .until('Degraded')
        .wait(60 * SECOND);
      assert.deepEqual(selected(w), { canary: '1', stable: '1' });
      assert.equal(w.writes['setServiceSelector'], 1);
      w.retry()
        .until('Paused')
        .promote()
        .until('Healthy')
        .wait(60 * SECOND);
      assert.deepEqual(selected(w), { canary: '2', stable: '2' });
    });

    it('are not touched when they are as they should be', () => {
      const w = world(strategy)
        .until('Healthy')
        .resetCounts()
        .wait(600 * SECOND);
      assert.equal(w.objectWrites(), 0);
    });

    it('are marked where the selector is right and the mark is missing', () => {
      const w = world(strategy).until('Healthy').resetCounts();
      const service = w.services.get('stable');
      assert.ok(service !== undefined);
      service.managedBy = undefined;
      w.wait(SECOND);
      assert.equal(service.managedBy, 'demo');
      assert.deepEqual(w.events, [], 'nothing was switched');
    });
  });

describe('a Service that the Rollout takes over in mid-update', () => {
  it('moves when the version has all the pods that it asks for', () => {
    const w = world({ ...routed, steps: [{ setWeight: 50 }, { pause: {} }] }, { readyAfterMs: slow(10_000) });
    w.until('Healthy');
    const service = w.services.get('canary');
    assert.ok(service !== undefined);
    Object.assign(service, { selector: { app: 'demo' }, managedBy: undefined });
    w.image('v2').wait(9 * SECOND);
    assert.deepEqual(selected(w), { canary: '-', stable: '1' });
    w.wait(3 * SECOND);
    assert.deepEqual(selected(w), { canary: '2', stable: '1' });
  });
});

describe('a Service that is given back to a version made small', () => {
  it('finds its last pod there', () => {
    const steps = [{ setWeight: 100 }, { pause: {} }];
    const w = world({ ...routed, dynamicStableScale: true, steps })
      .until('Healthy')
      .image('v2')
      .until('Paused');
    assert.deepEqual(w.sizes(), { 1: 1, 2: 4 });
    const service = w.services.get('stable');
    assert.ok(service !== undefined);
    service.selector = { ...service.selector, ...w.services.get('canary')?.selector };
    w.resetCounts()
      .user('rewrite a selector', () => {})
      .wait(SECOND);
    assert.deepEqual(selected(w), { canary: '2', stable: '1' });
    assert.equal(w.writes['scaleReplicaSet'], undefined);
  });
});

describe('the canary Service of a basic canary', () => {
  it('gives way to stable where the version that it selects takes the room of the next one', () => {
    const w = new World({
      replicas: 5,
      canary: {
        ...named,
        maxSurge: 1,
        maxUnavailable: 0,
        steps: [{ setWeight: 16 }, { setWeight: 77 }, { pause: {} }],
      },
    });
    w.until('Healthy')
      .image('v2')
      .until('Paused', 2)
      .image('v3')
      .wait(60 * SECOND);
    assert.equal(w.status().phase, 'Paused');
    assert.deepEqual(selected(w), { canary: '3', stable: '1' });
  });
});
