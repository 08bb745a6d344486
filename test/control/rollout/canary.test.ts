import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REPLICA_SET, ROLLOUT } from '../../../src/kube/kinds.ts';
import { ClusterWorld, NAMESPACE, NGINX, rolloutManifest } from './world.ts';

const THREE = [{ setWeight: 25 }, { setWeight: 50 }, { setWeight: 75 }];

describe('rollout controller on an embedded cluster', () => {
  it('walks a basic canary of three steps within its write budget', async () => {
    const world = new ClusterWorld().start();
    await world.deploy({ steps: THREE });
    await world.until('Healthy');
    await world.clock.advance(10_000);
    world.writes.length = 0;
    await world.image('v2');
    const status = await world.until('Healthy');
    assert.equal(status.stableRS, status.currentPodHash);
    assert.equal(status.currentStepIndex, 3);
    assert.equal(world.writes.length, 14, world.writes.join('\n'));
    assert.deepEqual(world.log, []);
    await world.clock.advance(600_000);
    assert.equal(world.writes.length, 14, 'a settled Rollout is left alone');
    await world.stop();
  });
});
