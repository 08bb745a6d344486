import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, ApiUnreachable } from '../../../src/kube/api.ts';
import { REPLICA_SET, ROLLOUT, SERVICE } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { ClusterWorld, NAMESPACE, rolloutManifest } from './world.ts';

const TWO = { activeService: 'demo-active', previewService: 'demo-preview' };

async function deployed(world: ClusterWorld, blueGreen: JsonObject): Promise<void> {
  for (const name of ['demo-active', 'demo-preview'])
    await world.api.create(SERVICE, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: NAMESPACE },
      spec: { selector: { app: 'demo' }, ports: [{ port: 80 }] },
    });
  await world.api.create(ROLLOUT, rolloutManifest({}, { strategy: { blueGreen: { ...TWO, ...blueGreen } } }));
  await world.until('Healthy');
  await world.clock.advance(5_000);
  world.writes.length = 0;
}

async function sizes(world: ClusterWorld): Promise<number[]> {
  const { items } = await world.api.list(REPLICA_SET, { namespace: NAMESPACE });
  return items.map((rs) => (rs['spec'] as { replicas: number }).replicas).sort();
}

describe('blue-green on an embedded cluster', () => {
  it('is updated within its write budget, with the Events in their order, and rests', async () => {
    const world = new ClusterWorld().start();
    await deployed(world, { scaleDownDelaySeconds: 20 });
    const told = (await world.events()).length;
    await world.image('v2');
    const status = await world.until('Healthy');
    assert.equal(status.stableRS, status.currentPodHash);
    assert.equal(await world.selector('demo-active'), status.currentPodHash);
    assert.equal(await world.selector('demo-preview'), status.currentPodHash);
    assert.deepEqual(await sizes(world), [4, 4]);
    await world.clock.advance(21_000);
    assert.deepEqual(await sizes(world), [0, 4]);
    await world.clock.advance(5_000);
    const before = world.writes.length;
    assert.ok(before <= 9, world.writes.join('\n'));
    assert.deepEqual(
      world.writes.slice(8),
      ['patch rollouts/status'],
      'the counts, when the old pods are gone',
    );
    assert.deepEqual((await world.events()).slice(told), [
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'SwitchService',
      'RolloutNotCompleted',
      'ScalingReplicaSet',
      'SwitchService',
      'RolloutCompleted',
      'ScalingReplicaSet',
    ]);
    await world.clock.advance(60_000);
    assert.equal(world.writes.length, before, 'a settled Rollout is left alone');
    await world.stop();
  });

  it('tells the end of its pause in one status patch', async () => {
    const world = new ClusterWorld().start();
    await deployed(world, { autoPromotionEnabled: false });
    await world.image('v2');
    await world.until('Paused');
    world.writes.length = 0;
    await world.patchStatus({ pauseConditions: null });
    const status = await world.until('Healthy');
    assert.deepEqual(world.writes.slice(0, 2), ['patch services', 'patch rollouts/status']);
    assert.equal(world.writes.filter((write) => write === 'patch rollouts/status').length, 1);
    assert.deepEqual(
      [status.blueGreen?.activeSelector, status.stableRS, status.controllerPause],
      [status.currentPodHash, status.currentPodHash, undefined],
    );
    await world.stop();
  });

  it('keeps a promotion until the Service can be written', async () => {
    let broken = false;
    const world = new ClusterWorld({
      intercept: async (call, next) => {
        if (broken && call.verb === 'patch' && call.type.kind === 'Service')
          throw new ApiError({ code: 500, reason: 'InternalError', message: 'the webhook is down' });
        return next();
      },
    }).start();
    await deployed(world, { autoPromotionEnabled: false });
    await world.image('v2');
    const { stableRS } = await world.until('Paused');
    broken = true;
    await world.patchStatus({ pauseConditions: null });
    await world.clock.advance(10_000);
    const during = await world.status();
    assert.deepEqual([during.stableRS, during.blueGreen?.activeSelector], [stableRS, stableRS]);
    assert.equal(during.pauseConditions, undefined, 'nobody has to promote again');
    broken = false;
    const status = await world.until('Healthy');
    assert.equal(await world.selector('demo-active'), status.currentPodHash);
    await world.stop();
  });

  it('survives a crash between the switch and its status', async () => {
    let doomed = false;
    const world = new ClusterWorld({
      intercept: async (call, next) => {
        if (!doomed || call.subresource !== 'status') return next();
        world.crash();
        throw new ApiUnreachable('this process is gone');
      },
    }).start();
    await deployed(world, {});
    await world.image('v2');
    await world.clock.advance(1_000);
    doomed = true;
    await world.clock.advance(2_000);
    doomed = false;
    const before = await world.status();
    assert.notEqual(before.stableRS, before.currentPodHash);
    assert.equal(await world.selector('demo-active'), before.currentPodHash);
    world.startController();
    const status = await world.until('Healthy');
    assert.equal(status.stableRS, status.currentPodHash);
    assert.equal((await world.events()).filter((reason) => reason === 'SwitchService').length, 4);
    await world.stop();
  });
});
