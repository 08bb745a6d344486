import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/kube/api.ts';
import { ApiError } from '../../../src/kube/api.ts';
import { POD, REPLICA_SET } from '../../../src/kube/kinds.ts';
import { formatTime } from '../../../src/lang/time.ts';
import { HASH_LABEL } from '../../../src/plan/rollout/names.ts';
import { ClusterWorld, NAMESPACE } from './world.ts';

async function addReadyPod(world: ClusterWorld, name: string): Promise<void> {
  const { items } = await world.api.list(REPLICA_SET, { namespace: NAMESPACE });
  const owner = items[0] as KubeObject;
  await world.api.create(POD, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: NAMESPACE,
      labels: { app: 'demo', [HASH_LABEL]: owner.metadata.labels?.[HASH_LABEL] ?? '' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: owner.metadata.name,
          uid: owner.metadata.uid ?? '',
          controller: true,
        },
      ],
    },
    spec: { containers: [{ name: 'app', image: 'example.com/app:v1' }], terminationGracePeriodSeconds: 0 },
  });
  const Ready = { type: 'Ready', status: 'True', lastTransitionTime: formatTime(world.clock.now()) };
  await world.api.patch(
    POD,
    { namespace: NAMESPACE, name },
    { type: 'merge', body: { status: { phase: 'Running', conditions: [Ready] } } },
    { subresource: 'status' },
  );
}

describe('restartAt through the eviction API', () => {
  it('asks for each eviction, goes on when one is refused for now, and records the end', async () => {
    let budget = 'open';
    const evictions: string[] = [];
    const world = new ClusterWorld({
      intercept: async (request, proceed) => {
        if (request.verb === 'create' && request.type.kind === 'Pod') {
          evictions.push(`${request.ref?.name ?? ''} ${budget}`);
          if (budget === 'spent')
            throw new ApiError({
              code: 429,
              reason: 'TooManyRequests',
              message: "Cannot evict pod as it would violate the pod's disruption budget.",
            });
        }
        return proceed();
      },
    }).start();
    await world.deploy({ maxSurge: 1, maxUnavailable: 1 }, { replicas: 2 });
    await world.until('Healthy');
    for (const name of ['a', 'b']) await addReadyPod(world, name);
    await world.clock.advance(2_000);
    await world.patchSpec({ restartAt: formatTime(world.clock.now()) });
    await world.clock.advance(2_000);
    assert.deepEqual(evictions, ['a open']);
    assert.equal((await world.status()).message, 'rollout is restarting');

    // The next one has to wait for the one that takes its place, and then for the budget.
    budget = 'spent';
    await world.clock.advance(60_000);
    assert.deepEqual(evictions, ['a open']);
    await addReadyPod(world, 'c');
    await world.clock.advance(31_000);
    assert.deepEqual([...new Set(evictions.slice(1))], ['b spent']);
    assert.ok(evictions.length <= 3);
    budget = 'open';
    await world.clock.advance(31_000);
    assert.equal(evictions.at(-1), 'b open');
    await addReadyPod(world, 'd');
    await world.clock.advance(31_000);
    const rollout = await world.rollout();
    assert.equal((await world.status()).restartedAt, (rollout['spec'] as { restartAt: string }).restartAt);
    const { items } = await world.api.list(POD, { namespace: NAMESPACE });
    assert.deepEqual(items.map((pod) => pod.metadata.name).sort(), ['c', 'd']);
    await world.stop();
  });
});
