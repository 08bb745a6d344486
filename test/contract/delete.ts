/** Deletion: finalizers, preconditions, namespaces. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFIG_MAP } from '../../src/kube/kinds.ts';
import { object, refused, uniqueName, configMap, type World } from './world.ts';

export function deleting(w: World): void {
  describe('delete', () => {
    it('waits for finalizers', async () => {
      const name = uniqueName('fin');
      await w.make(CONFIG_MAP, object(CONFIG_MAP, { name, finalizers: ['example.com/hold'] }));
      await w.api.delete(CONFIG_MAP, w.ref(name));
      const held = await w.api.get(CONFIG_MAP, w.ref(name));
      assert.match(held.metadata.deletionTimestamp ?? '', /Z$/);
      await w.api.patch(CONFIG_MAP, w.ref(name), { type: 'merge', body: { metadata: { finalizers: null } } });
      assert.equal((await refused(w.api.get(CONFIG_MAP, w.ref(name)))).code, 404);
    });
    it('checks uid and resourceVersion preconditions', async () => {
      const name = uniqueName('delpre');
      const created = await w.make(CONFIG_MAP, configMap(name));
      const wrong = await refused(
        w.api.delete(CONFIG_MAP, w.ref(name), {
          preconditions: { uid: '00000000-0000-0000-0000-000000000000' },
        }),
      );
      assert.equal(wrong.code, 409);
      await w.api.delete(CONFIG_MAP, w.ref(name), { preconditions: { uid: created.metadata.uid } });
      assert.equal((await refused(w.api.get(CONFIG_MAP, w.ref(name)))).code, 404);
    });
    it('a second delete answers 404', async () => {
      const name = uniqueName('del2');
      await w.make(CONFIG_MAP, configMap(name));
      await w.api.delete(CONFIG_MAP, w.ref(name));
      assert.equal((await refused(w.api.delete(CONFIG_MAP, w.ref(name)))).code, 404);
    });
  });
}
