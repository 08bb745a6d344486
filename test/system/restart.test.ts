import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceType } from '../../src/kube/api.ts';
import { POD, REPLICA_SET, ROLLOUT } from '../../src/kube/kinds.ts';
import { formatTime } from '../../src/lang/time.ts';
import { MINUTE, NAMESPACE, System, rolloutYaml } from './world.ts';

const BUDGET: ResourceType = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
};

describe('restartAt of a single replica, on the embedded cluster', () => {
  it('never leaves it without a ready pod, and a budget of one does not stand in the way', async () => {
    await using system = new System();
    await system.create(rolloutYaml('web', { replicas: 1 }));
    await system.api.create(BUDGET, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    });
    await system.clock.advance(2 * MINUTE);
    const pods = async (): Promise<{ name: string; ready: boolean }[]> =>
      (await system.api.list(POD, { namespace: NAMESPACE, labelSelector: 'app=web' })).items.map((pod) => ({
        name: pod.metadata.name,
        ready:
          pod.metadata.deletionTimestamp === undefined &&
          ((pod['status'] as { conditions?: { type: string; status: string }[] }).conditions ?? []).some(
            ({ type, status }) => type === 'Ready' && status === 'True',
          ),
      }));
    const [before] = await pods();
    const restartAt = formatTime(system.clock.now());
    await system.merge(ROLLOUT, 'web', { spec: { restartAt } });
    for (let i = 0; i < 600; i++) {
      await system.clock.advance(100);
      assert.ok(
        (await pods()).some(({ ready }) => ready),
        `nothing serves after ${i * 100} ms`,
      );
    }
    const { restartedAt, phase, stableRS = '' } = await system.rollout('web');
    assert.deepEqual([restartedAt, phase], [restartAt, 'Healthy']);
    const after = await pods();
    assert.equal(after.length, 1);
    assert.notEqual(after[0]?.name, before?.name);
    const rs = await system.get(REPLICA_SET, `web-${stableRS}`);
    assert.equal((rs['spec'] as { replicas: number }).replicas, 1);
    assert.deepEqual(system.problems, []);
  });
});
