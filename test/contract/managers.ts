/** managedFields. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import { rollout, managers, uniqueName, type World } from './world.ts';

export function fieldManagers(w: World): void {
  describe('field managers', () => {
    it('record who updated what', async () => {
      const name = uniqueName('mgr');
      await w.make(ROLLOUT, rollout(name), 'creator');
      await w.api.patch(
        ROLLOUT,
        w.ref(name),
        { type: 'merge', body: { status: { phase: 'Healthy' } } },
        { subresource: 'status', fieldManager: 'sluice' },
      );
      const live = await w.api.get(ROLLOUT, w.ref(name));
      assert.deepEqual(managers(live.metadata.managedFields), ['creator/Update', 'sluice/Update/status']);
      const status = live.metadata.managedFields?.find(({ subresource }) => subresource === 'status');
      assert.deepEqual(status?.fieldsV1, { 'f:status': { '.': {}, 'f:phase': {} } });
    });
  });
}
