/** Subresources: status, scale, eviction. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import { rollout, at, uniqueName, type World } from './world.ts';

export function subresources(w: World): void {
  describe('scale', () => {
    it('reads and writes a Rollout through its scale subresource', async () => {
      const name = uniqueName('scale');
      await w.make(ROLLOUT, rollout(name, { replicas: 3 }));
      await w.api.patch(
        ROLLOUT,
        w.ref(name),
        { type: 'merge', body: { status: { HPAReplicas: 2, selector: 'app=demo' } } },
        { subresource: 'status' },
      );
      const scale = await w.api.get(ROLLOUT, w.ref(name), { subresource: 'scale' });
      assert.equal(scale.kind, 'Scale');
      assert.deepEqual(
        [at(scale, 'spec', 'replicas'), at(scale, 'status', 'replicas'), at(scale, 'status', 'selector')],
        [3, 2, 'app=demo'],
      );
      await w.api.patch(
        ROLLOUT,
        w.ref(name),
        { type: 'merge', body: { spec: { replicas: 7 } } },
        { subresource: 'scale' },
      );
      const live = await w.api.get(ROLLOUT, w.ref(name));
      assert.deepEqual([at(live, 'spec', 'replicas'), live.metadata.generation], [7, 2]);
    });
  });
}
