import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, ApiUnreachable } from '../../../src/kube/api.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import { ANALYSIS_RUN, INGRESS, REPLICA_SET, ROLLOUT, SERVICE } from '../../../src/kube/kinds.ts';
import { ClusterWorld, NAMESPACE, NGINX, rolloutManifest } from './world.ts';

const THREE = [{ setWeight: 25 }, { setWeight: 50 }, { setWeight: 75 }];
const PAUSED = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];

async function replicaSets(world: ClusterWorld): Promise<KubeObject[]> {
  return (await world.api.list(REPLICA_SET, { namespace: NAMESPACE })).items;
}

const sizeOf = (rs: KubeObject): number => (rs['spec'] as { replicas: number }).replicas;

describe('rollout controller on an embedded cluster', () => {
  it('walks a basic canary of three steps within its write budget, and then rests', async () => {
    const world = new ClusterWorld().start();
    await world.deploy({ steps: THREE });
    await world.until('Healthy');
    await world.clock.advance(10_000);
    world.writes.length = 0;
    await world.image('v2');
    const status = await world.until('Healthy');
    assert.equal(status.stableRS, status.currentPodHash);
    assert.equal(status.currentStepIndex, 3);
    assert.deepEqual(
      world.finished.map((end) => [end.status, end.seconds > 0, end.pausedSeconds]),
      [
        ['Promoted', true, 0],
        ['Promoted', true, 0],
      ],
    );
    assert.ok(world.writes.length <= 14, world.writes.join('\n'));
    const before = world.writes.length;
    await world.clock.advance(600_000);
    assert.equal(world.writes.length, before, 'a settled Rollout is left alone');
    assert.deepEqual(world.log, []);
    await world.stop();
  });

  it('walks a canary behind nginx within its write budget, with the Events in their order', async () => {
    const world = new ClusterWorld().start();
    await world.addServices();
    await world.deploy({ ...NGINX, steps: THREE });
    await world.until('Healthy');
    await world.clock.advance(10_000);
    const told = (await world.events()).length;
    world.writes.length = 0;
    await world.image('v2');
    const status = await world.until('Healthy');
    assert.ok(world.writes.length <= 18, world.writes.join('\n'));
    assert.equal(await world.weight(), '0');
    assert.equal(await world.selector('demo-stable'), status.currentPodHash);
    assert.equal(await world.selector('demo-canary'), status.currentPodHash);
    await world.clock.advance(60_000);
    assert.deepEqual((await replicaSets(world)).map(sizeOf).sort(), [0, 4]);
    assert.deepEqual((await world.events()).slice(told), [
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'TrafficWeightUpdated',
      'ScalingReplicaSet',
      'SwitchService',
      'PatchingCanaryIngress',
      'TrafficWeightUpdated',
      'RolloutStepCompleted',
      'ScalingReplicaSet',
      'PatchingCanaryIngress',
      'TrafficWeightUpdated',
      'RolloutStepCompleted',
      'ScalingReplicaSet',
      'PatchingCanaryIngress',
      'TrafficWeightUpdated',
      'RolloutStepCompleted',
      'ScalingReplicaSet',
      'RolloutCompleted',
      'SwitchService',
      'PatchingCanaryIngress',
      'TrafficWeightUpdated',
      'ScalingReplicaSet',
    ]);
    assert.deepEqual(world.log, []);
    await world.stop();
  });

  it('takes the traffic back before anything else when a user aborts', async () => {
    const world = new ClusterWorld().start();
    await world.addServices();
    await world.deploy({ ...NGINX, steps: PAUSED });
    await world.until('Healthy');
    await world.image('v2');
    await world.until('Paused', 1);
    assert.equal(await world.weight(), '25');
    world.writes.length = 0;
    await world.patchStatus({ abort: true });
    await world.until('Degraded');
    assert.deepEqual(world.writes.slice(0, 2), ['patch ingresses', 'patch rollouts/status']);
    assert.equal(await world.weight(), '0');
    await world.stop();
  });

  it('aborts in the status even while the router refuses every write, and mends itself later', async () => {
    let broken = false;
    const world = new ClusterWorld({
      intercept: async (call, next) => {
        if (broken && call.verb === 'patch' && call.type.kind === 'Ingress')
          throw new ApiError({ code: 500, reason: 'InternalError', message: 'the webhook is down' });
        return next();
      },
    }).start();
    await world.addServices();
    await world.deploy({ ...NGINX, steps: PAUSED });
    await world.until('Healthy');
    await world.image('v2');
    await world.until('Paused', 1);
    broken = true;
    await world.patchStatus({ abort: true });
    await world.until('Degraded');
    assert.equal(await world.weight(), '25');
    assert.ok((await world.events()).includes('TrafficRoutingError'));
    const stable = (await world.status()).stableRS;
    assert.equal(await world.selector('demo-canary'), stable, 'its Service already selects stable pods');
    assert.equal(
      (await replicaSets(world)).filter((rs) => sizeOf(rs) > 0).length,
      2,
      'pods that may still have traffic stay',
    );
    broken = false;
    await world.clock.advance(60_000);
    assert.equal(await world.weight(), '0');
    assert.equal((await replicaSets(world)).filter((rs) => sizeOf(rs) > 0).length, 1);
    await world.stop();
  });

  it('ends in the same state when every write is answered with a time-out once', async () => {
    const seen = new Map<string, number>();
    const world = new ClusterWorld({
      intercept: async (call, next) => {
        if (call.verb !== 'patch' && call.verb !== 'create') return next();
        if (call.type.kind === 'Event' || call.type.kind === 'Lease') return next();
        const key = `${call.verb} ${call.type.kind}`;
        const count = (seen.get(key) ?? 0) + 1;
        seen.set(key, count);
        if (count % 2 === 0) return next();
        // Every other write of a kind: applied, or not, and nobody knows.
        if (count % 4 === 1) await next();
        throw new ApiUnreachable('no answer');
      },
    }).start();
    await world.addServices();
    await world.deploy({ ...NGINX, steps: THREE });
    await world.until('Healthy');
    await world.image('v2');
    const status = await world.until('Healthy');
    await world.clock.advance(120_000);
    assert.equal(status.stableRS, status.currentPodHash);
    assert.equal(await world.weight(), '0');
    assert.deepEqual((await replicaSets(world)).map(sizeOf).sort(), [0, 4]);
    await world.stop();
  });

  it('never loses a command that comes between its reading and its writing', async () => {
    let interfere: (() => Promise<void>) | undefined;
    const world = new ClusterWorld({
      intercept: async (call, next) => {
        const run = interfere;
        if (call.verb === 'patch' && call.type.kind === 'Rollout' && run !== undefined) {
          interfere = undefined;
          await run();
        }
        return next();
      },
    }).start();
    await world.deploy({ steps: PAUSED });
    await world.until('Healthy');
    await world.image('v2');
    await world.until('Paused', 1);
    interfere = () => world.patchStatus({ abort: true });
    await world.patchStatus({ pauseConditions: null });
    const status = await world.until('Degraded');
    assert.equal(status.abort, true);
    assert.equal(status.currentStepIndex, 0);
    await world.stop();
  });

  it('adopts a ReplicaSet of an earlier installation instead of making one', async () => {
    const world = new ClusterWorld();
    const template = {
      metadata: { labels: { app: 'demo', 'rollouts-pod-template-hash': 'abcdef12' } },
      spec: { containers: [{ name: 'app', image: 'example.com/app:v1' }] },
    };
    await world.api.create(REPLICA_SET, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: 'demo-abcdef12',
        namespace: NAMESPACE,
        labels: template.metadata.labels,
        annotations: { 'rollout.argoproj.io/revision': '7' },
      },
      spec: { replicas: 4, selector: { matchLabels: template.metadata.labels }, template },
    });
    await world.deploy({ steps: PAUSED });
    world.start();
    const status = await world.until('Healthy');
    assert.equal(status.currentPodHash, 'abcdef12');
    const list = await replicaSets(world);
    assert.equal(list.length, 1);
    assert.equal(list[0]?.metadata.ownerReferences?.[0]?.name, 'demo');
    assert.equal((await world.rollout()).metadata.annotations?.['rollout.argoproj.io/revision'], '7');
    await world.stop();
  });

  it('takes another hash where the name belongs to someone else', async () => {
    const world = new ClusterWorld().start();
    await world.deploy({ steps: PAUSED });
    const first = await world.until('Healthy');
    const [rs] = await replicaSets(world);
    assert.ok(rs !== undefined);
    await world.stop();

    const other = new ClusterWorld();
    await other.api.create(REPLICA_SET, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: rs.metadata.name, namespace: NAMESPACE, labels: { app: 'other' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'other' } },
        template: {
          metadata: { labels: { app: 'other' } },
          spec: { containers: [{ name: 'x', image: 'y' }] },
        },
      },
    });
    await other.deploy({ steps: PAUSED });
    other.start();
    const status = await other.until('Healthy');
    assert.equal(status.collisionCount, 1);
    assert.notEqual(status.currentPodHash, first.currentPodHash);
    await other.stop();
  });

  it('gives the Services back when the Rollout is deleted', async () => {
    const world = new ClusterWorld().start();
    await world.addServices();
    await world.deploy({ ...NGINX, steps: PAUSED });
    const status = await world.until('Healthy');
    assert.equal(await world.selector('demo-stable'), status.stableRS);
    await world.api.delete(ROLLOUT, { namespace: NAMESPACE, name: 'demo' });
    await world.clock.advance(2_000);
    for (const name of ['demo-stable', 'demo-canary']) {
      const service = await world.api.get(SERVICE, { namespace: NAMESPACE, name });
      assert.deepEqual((service['spec'] as { selector: unknown }).selector, { app: 'demo' });
      assert.deepEqual(service.metadata.annotations ?? {}, {});
    }
    assert.equal((await world.events()).at(-1), 'RolloutDeleted');
    await world.stop();
  });
});

const condition = async (world: ClusterWorld, type: string) =>
  (await world.status()).conditions?.find((item) => item.type === type);

describe('input that is wrong', () => {
  it('names the field, touches nothing, leaves the others alone, and recovers', async () => {
    const world = new ClusterWorld().start();
    await world.api.create(ROLLOUT, rolloutManifest({ steps: [{ setWeight: 120 }] }, {}, 'wrong'));
    await world.deploy({ steps: PAUSED });
    await world.until('Healthy');
    const wrong = async () => world.api.get(ROLLOUT, { namespace: NAMESPACE, name: 'wrong' });
    const status = (await wrong())['status'] as { phase: string; message: string };
    assert.equal(status.phase, 'Degraded');
    assert.match(
      status.message,
      /^InvalidSpec: The Rollout "wrong" is invalid: .*steps\[0\].*between 0 and 100/,
    );
    assert.equal((await replicaSets(world)).length, 1);
    const writes = world.writes.length;
    await world.clock.advance(300_000);
    assert.equal(world.writes.length, writes);
    await world.api.patch(
      ROLLOUT,
      { namespace: NAMESPACE, name: 'wrong' },
      { type: 'merge', body: { spec: { strategy: { canary: { steps: [{ setWeight: 20 }] } } } } },
    );
    await world.clock.advance(5_000);
    assert.equal(((await wrong())['status'] as { phase: string }).phase, 'Healthy');
    await world.stop();
  });

  it('starts nothing that it would carry out only in part', async () => {
    const world = new ClusterWorld().start();
    await world.deploy({ steps: PAUSED });
    await world.until('Healthy');
    await world.patchSpec({ strategy: { canary: { steps: [{ plugin: { name: 'a/b' } }] } } });
    await world.image('v2');
    const status = await world.until('Degraded');
    assert.match(status.message ?? '', /^NotImplemented: .*spec\.strategy\.canary\.steps\[0\]\.plugin/);
    assert.equal((await condition(world, 'NotImplemented'))?.status, 'True');
    assert.ok((await world.events()).includes('NotImplemented'));
    assert.deepEqual((await replicaSets(world)).map(sizeOf), [4]);
    await world.patchSpec({ strategy: { canary: { steps: PAUSED } } });
    await world.until('Paused', 1);
    assert.equal(await condition(world, 'NotImplemented'), undefined);
    await world.stop();
  });

  it('takes the traffic back on an abort, also from a Rollout that has become invalid', async () => {
    const world = new ClusterWorld().start();
    await world.addServices();
    await world.deploy({ ...NGINX, steps: PAUSED });
    await world.until('Healthy');
    await world.image('v2');
    const { stableRS } = await world.until('Paused', 1);
    assert.equal(await world.weight(), '25');
    // The Ingress can no longer be found by the spec; what the users' requests meet is still there.
    await world.patchSpec({
      strategy: { canary: { trafficRouting: { nginx: { stableIngress: 'missing' } } } },
    });
    assert.match((await world.until('Degraded')).message ?? '', /^InvalidSpec: .*missing/);
    await world.patchStatus({ abort: true });
    await world.clock.advance(5_000);
    assert.equal((await condition(world, 'Progressing'))?.reason, 'RolloutAborted');
    assert.equal(await world.selector('demo-canary'), stableRS);
    assert.match((await world.status()).message ?? '', /^InvalidSpec: /);
    await world.patchSpec({ strategy: { canary: { trafficRouting: { nginx: { stableIngress: 'demo' } } } } });
    await world.clock.advance(60_000);
    assert.equal(await world.weight(), '0');
    assert.deepEqual((await replicaSets(world)).map(sizeOf).sort(), [0, 4]);
    await world.stop();
  });

  it('waits for a Service that is missing, and goes on when it is there', async () => {
    const world = new ClusterWorld().start();
    await world.deploy({ ...NGINX, steps: PAUSED });
    const status = await world.until('Degraded');
    assert.match(status.message ?? '', /stableService.*service "demo-stable" not found/);
    await world.addServices();
    await world.until('Healthy');
    assert.equal(await world.weight(), '0');
    await world.stop();
  });

  it('repairs a canary Ingress that somebody changed or deleted', async () => {
    const world = new ClusterWorld().start();
    await world.addServices();
    await world.deploy({ ...NGINX, steps: PAUSED });
    await world.until('Healthy');
    await world.image('v2');
    await world.until('Paused', 1);
    const ref = { namespace: NAMESPACE, name: 'demo-demo-canary' };
    const annotations = { 'nginx.ingress.kubernetes.io/canary-weight': '90' };
    await world.api.patch(INGRESS, ref, { type: 'merge', body: { metadata: { annotations } } });
    await world.clock.advance(1_000);
    assert.equal(await world.weight(), '25');
    await world.api.delete(INGRESS, ref);
    await world.clock.advance(1_000);
    assert.equal(await world.weight(), '25');
    assert.equal((await world.api.list(ANALYSIS_RUN, { namespace: NAMESPACE })).items.length, 0);
    await world.stop();
  });
});
