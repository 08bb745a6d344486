import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/kube/api.ts';
import { ApiError } from '../../../src/kube/api.ts';
import { POD, REPLICA_SET } from '../../../src/kube/kinds.ts';
import { EPHEMERAL_METADATA, HASH_LABEL } from '../../../src/plan/rollout/names.ts';
import { ClusterWorld, NAMESPACE } from './world.ts';

async function onlyReplicaSet(world: ClusterWorld): Promise<KubeObject> {
  const { items } = await world.api.list(REPLICA_SET, { namespace: NAMESPACE });
  assert.equal(items.length, 1);
  return items[0] as KubeObject;
}

async function addPod(world: ClusterWorld, name: string, owner: KubeObject): Promise<void> {
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
    spec: { containers: [{ name: 'app', image: 'example.com/app:v1' }] },
  });
}

const labelsOf = async (world: ClusterWorld, name: string): Promise<Record<string, string>> => ({
  ...(await world.api.get(POD, { namespace: NAMESPACE, name })).metadata.labels,
});

describe('metadata of running pods', () => {
  it('reaches every pod that can be written; the record and the rest follow when the last one can', async () => {
    let refuse = true;
    const world = new ClusterWorld({
      intercept: async (request, proceed) => {
        const patch = request.verb === 'patch' && request.type.kind === 'Pod';
        if (refuse && patch && request.ref?.name === 'b')
          throw new ApiError({ code: 403, reason: 'Forbidden', message: 'a webhook says no' });
        return proceed();
      },
    }).start();
    await world.deploy({ steps: [{ setWeight: 50 }] });
    await world.until('Healthy');
    const rs = await onlyReplicaSet(world);
    for (const name of ['a', 'b', 'c']) await addPod(world, name, rs);
    await addPod(world, 'foreign', { ...rs, metadata: { ...rs.metadata, uid: 'someone-else' } });
    await world.patchSpec({ strategy: { canary: { stableMetadata: { labels: { role: 'stable' } } } } });
    await world.clock.advance(5_000);
    assert.deepEqual(
      await Promise.all(
        ['a', 'b', 'c', 'foreign'].map(async (name) => (await labelsOf(world, name))['role']),
      ),
      ['stable', undefined, 'stable', undefined],
    );
    assert.equal((await onlyReplicaSet(world)).metadata.annotations?.[EPHEMERAL_METADATA], undefined);

    refuse = false;
    await world.clock.advance(60_000);
    assert.equal((await labelsOf(world, 'b'))['role'], 'stable');
    assert.equal(
      (await onlyReplicaSet(world)).metadata.annotations?.[EPHEMERAL_METADATA],
      '{"labels":{"role":"stable"}}',
    );

    await world.patchSpec({
      strategy: { canary: { stableMetadata: { labels: { role: null, tier: 'one' } } } },
    });
    await world.clock.advance(5_000);
    for (const name of ['a', 'b', 'c']) {
      const { role, tier } = await labelsOf(world, name);
      assert.deepEqual([role, tier], [undefined, 'one']);
    }
    // Settled: no reads, no writes.
    const writes = world.writes.length;
    await world.clock.advance(120_000);
    assert.equal(world.writes.length, writes);
    assert.equal((await world.status()).phase, 'Healthy');
    await world.stop();
  });

  it('does not hold up an update while pods cannot be listed', async () => {
    const world = new ClusterWorld({
      intercept: async (request, proceed) => {
        if (request.verb === 'list' && request.type.kind === 'Pod')
          throw new ApiError({ code: 403, reason: 'Forbidden', message: 'no right to list pods' });
        return proceed();
      },
    }).start();
    await world.deploy({ steps: [{ setWeight: 50 }], stableMetadata: { labels: { role: 'stable' } } });
    await world.until('Healthy');
    await world.image('v2');
    const status = await world.until('Healthy');
    assert.equal(status.stableRS, status.currentPodHash);
    await world.stop();
  });
});
