/** Basic canary: a weight of 0 after another one takes all pods of the new version back, its Service first. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { World } from './simulation.ts';

it('a weight of 0 takes the last pod of the canary, whose Service goes to stable before', () => {
  const steps = [{ setWeight: 50 }, { pause: {} }, { setWeight: 0 }, { pause: {} }, { setWeight: 50 }];
  const world = new World({
    replicas: 2,
    canary: { stableService: 'demo-stable', canaryService: 'demo-canary', steps: [...steps, { pause: {} }] },
  });
  const selected = (): string | undefined =>
    world.services.get('demo-canary')?.selector['rollouts-pod-template-hash'];
  world.until('Healthy').image('v2').until('Paused', 1);
  const { currentPodHash, stableRS } = world.status();
  assert.equal(selected(), currentPodHash);
  world.promote().until('Paused', 3);
  assert.deepEqual(world.sizes(), { 1: 2, 2: 0 });
  assert.equal(selected(), stableRS);
  world.promote().until('Paused', 5);
  assert.deepEqual(world.sizes(), { 1: 1, 2: 1 });
  assert.equal(selected(), currentPodHash);
});
