import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/lang/json.ts';
import { DEPLOYMENT, REPLICA_SET, ROLLOUT, SERVICE } from '../../../src/kube/kinds.ts';
import type { ReadStore } from '../../../src/kube/store.ts';
import { unwatchedUntil, WorkloadReader } from '../../../src/control/rollout/workload-ref.ts';
import type { Rollout } from '../../../src/api/rollout.ts';
import type { KubeObject, ObjectRef, ResourceType } from '../../../src/kube/api.ts';
import { ApiError, ApiUnreachable } from '../../../src/kube/api.ts';
import { VirtualClock } from '../../../src/sandbox/index.ts';
import { WORKLOAD_GENERATION } from '../../../src/plan/rollout/names.ts';
import { ClusterWorld, NAMESPACE } from './world.ts';

const podTemplate = (tag: string): JsonObject => ({
  metadata: { labels: { app: 'demo' } },
  spec: { containers: [{ name: 'app', image: `example.com/app:${tag}` }] },
});

async function addDeployment(world: ClusterWorld): Promise<void> {
  await world.api.create(DEPLOYMENT, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'legacy', namespace: NAMESPACE },
    spec: { replicas: 3, selector: { matchLabels: { app: 'demo' } }, template: podTemplate('v1') },
  });
}

async function addRollout(
  world: ClusterWorld,
  workloadRef: JsonObject,
  more: JsonObject = {},
): Promise<void> {
  await world.api.create(ROLLOUT, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'demo', namespace: NAMESPACE },
    spec: {
      replicas: 3,
      workloadRef,
      strategy: { canary: { maxSurge: 1, maxUnavailable: 0, steps: [{ setWeight: 50 }, { pause: {} }] } },
      ...more,
    },
  });
}

const LEGACY = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'legacy' };

async function sizeOf(world: ClusterWorld): Promise<number> {
  const deployment = await world.api.get(DEPLOYMENT, { namespace: NAMESPACE, name: 'legacy' });
  return (deployment['spec'] as { replicas: number }).replicas;
}

async function images(world: ClusterWorld): Promise<string[]> {
  const { items } = await world.api.list(REPLICA_SET, { namespace: NAMESPACE });
  return items
    .map((rs) => JSON.stringify((rs['spec'] as { template: unknown }).template).match(/app:(v\d)/)?.[1] ?? '')
    .sort();
}

describe('workloadRef', () => {
  it('serves blue-green, too: generation, observed generation and scale-down', async () => {
    const world = new ClusterWorld().start();
    await addDeployment(world);
    await world.api.create(SERVICE, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'active', namespace: NAMESPACE },
      spec: { selector: { app: 'demo' }, ports: [{ port: 80 }] },
    });
    await addRollout(
      world,
      { ...LEGACY, scaleDown: 'onsuccess' },
      { strategy: { blueGreen: { activeService: 'active' } } },
    );
    const healthy = await world.until('Healthy');
    await world.clock.advance(5_000);
    assert.equal(await sizeOf(world), 0);
    const stored = await world.api.get(ROLLOUT, { namespace: NAMESPACE, name: 'demo' });
    assert.equal(stored.metadata.annotations?.[WORKLOAD_GENERATION], healthy.workloadObservedGeneration);
    assert.match(healthy.workloadObservedGeneration ?? '', /^\d+$/);
  });

  it('takes over a Deployment, follows its template, and writes none of it into the Rollout', async () => {
    const world = new ClusterWorld().start();
    await addDeployment(world);
    await addRollout(world, { ...LEGACY, scaleDown: 'onsuccess' });
    const first = await world.until('Healthy');
    await world.clock.advance(5_000);
    assert.equal(await sizeOf(world), 0);
    assert.ok(first.workloadObservedGeneration !== undefined);

    await world.api.patch(
      DEPLOYMENT,
      { namespace: NAMESPACE, name: 'legacy' },
      { type: 'merge', body: { spec: { template: podTemplate('v2') } } },
    );
    await world.clock.advance(1_000);
    await world.until('Paused', 1);
    assert.deepEqual(await images(world), ['v1', 'v2']);
    const rollout = await world.rollout();
    const deployment = await world.api.get(DEPLOYMENT, { namespace: NAMESPACE, name: 'legacy' });
    const generation = String(deployment.metadata.generation);
    assert.equal(rollout.metadata.annotations?.[WORKLOAD_GENERATION], generation);
    assert.equal((await world.status()).workloadObservedGeneration, generation);
    const spec = rollout['spec'] as Record<string, unknown>;
    assert.deepEqual([spec['template'], spec['selector']], [undefined, undefined]);
    await world.stop();
  });

  it('waits for one that is missing, and says so', async () => {
    const world = new ClusterWorld().start();
    await addRollout(world, LEGACY);
    const status = await world.until('Degraded');
    assert.match(status.message ?? '', /invalid: deployments\.apps "legacy" not found$/);
    await addDeployment(world);
    await world.until('Healthy');
    assert.equal(await sizeOf(world), 3);
    await world.stop();
  });

  it('refuses kinds that have no pod template that it knows', async () => {
    const world = new ClusterWorld().start();
    await addRollout(world, { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'legacy' });
    const status = await world.until('Degraded');
    assert.match(status.message ?? '', /workload of type apps\/StatefulSet is not supported$/);
    await world.stop();
  });
});

describe('reading workloads', () => {
  const rollout = (workloadRef: Rollout['spec']['workloadRef']): Rollout => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'demo', namespace: NAMESPACE },
    spec: workloadRef === undefined ? {} : { workloadRef },
  });

  function reader(objects: KubeObject[]) {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const reads: string[] = [];
    const seen = new Map<string, KubeObject>();
    const state = { broken: false };
    const live = {
      get: async (type: ResourceType, ref: ObjectRef): Promise<KubeObject> => {
        reads.push(`${type.kind} ${ref.name}`);
        if (state.broken) throw new ApiUnreachable('the server is away');
        const found = objects.find(({ kind, metadata }) => kind === type.kind && metadata.name === ref.name);
        if (found === undefined) throw new ApiError({ code: 404, reason: 'NotFound', message: 'not found' });
        return found;
      },
      list: async () => ({ items: [], resourceVersion: '1' }),
    };
    const stores = {
      of: (): ReadStore => ({ get: (key) => seen.get(key), values: () => [], byIndex: () => [], size: 0 }),
    };
    return { workloads: new WorkloadReader({ clock, live, stores }), reads, seen, state, clock };
  }

  const object = (kind: string, body: JsonObject, generation = 1): KubeObject => ({
    apiVersion: 'v1',
    kind,
    metadata: { name: 'x', namespace: NAMESPACE, uid: 'uid', generation },
    ...body,
  });
  const signal = AbortSignal.timeout(60_000);

  it('knows where a PodTemplate has its template', async () => {
    const { workloads } = reader([object('PodTemplate', { template: podTemplate('v1') })]);
    const view = await workloads.read(rollout({ apiVersion: 'v1', kind: 'PodTemplate', name: 'x' }), signal);
    assert.ok(view !== undefined && !('error' in view));
    assert.deepEqual([view.template, view.selector], [podTemplate('v1'), undefined]);
    const missing = await workloads.read(
      rollout({ apiVersion: 'v1', kind: 'PodTemplate', name: 'y' }),
      signal,
    );
    assert.deepEqual(missing, { error: 'podtemplates "y" not found' });
  });

  it('reads each generation once, and goes on with what it knows while the API is away', async () => {
    const objects = [object('Deployment', { spec: { template: podTemplate('v1') } })];
    const { workloads, reads, seen, state } = reader(objects);
    const of = rollout({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' });
    seen.set(`${NAMESPACE}/x`, object('Deployment', {}));
    for (let i = 0; i < 3; i++) await workloads.read(of, signal);
    assert.equal(reads.length, 1);
    seen.set(`${NAMESPACE}/x`, object('Deployment', {}, 2));
    state.broken = true;
    const old = await workloads.read(of, signal);
    assert.ok(old !== undefined && 'generation' in old && old.generation === 1);
    state.broken = false;
    objects[0] = object('Deployment', { spec: { template: podTemplate('v2') } }, 2);
    const now = await workloads.read(of, signal);
    assert.ok(now !== undefined && 'generation' in now && now.generation === 2);
    // Nothing known: the pass fails and is tried again.
    state.broken = true;
    workloads.forget(`${NAMESPACE}/demo`);
    await assert.rejects(workloads.read(of, signal), ApiUnreachable);
    assert.equal(await workloads.read(rollout(undefined), signal), undefined);
  });

  it('looks at a ReplicaSet now and then, as no news of it come', async () => {
    const { workloads, reads, clock } = reader([
      object('ReplicaSet', { spec: { template: podTemplate('v1') } }),
    ]);
    const of = rollout({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'x' });
    const view = await workloads.read(of, signal);
    await workloads.read(of, signal);
    assert.equal(reads.length, 1);
    assert.equal(unwatchedUntil(view, 0), 60_000);
    await clock.advance(60_000);
    await workloads.read(of, signal);
    assert.equal(reads.length, 2);
  });
});
