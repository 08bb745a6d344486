/** The garbage collector. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, type ResourceType } from '../../src/kube/api.ts';
import { CONFIG_MAP, SECRET } from '../../src/kube/kinds.ts';
import { object, uniqueName, configMap, type World } from './world.ts';

export function collecting(w: World): void {
  describe('garbage collection', () => {
    const owned = async (): Promise<[string, string]> => {
      const owner = await w.make(CONFIG_MAP, configMap(uniqueName('owner')));
      const child = await w.make(
        SECRET,
        object(SECRET, {
          name: uniqueName('child'),
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              name: owner.metadata.name,
              uid: owner.metadata.uid ?? '',
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        }),
      );
      return [owner.metadata.name, child.metadata.name];
    };
    const gone = async (type: ResourceType, name: string): Promise<boolean> =>
      await w.api.get(type, w.ref(name)).then(
        () => false,
        (error: unknown) => error instanceof ApiError && error.code === 404,
      );

    it('in the background, the dependents follow', async () => {
      const [owner, child] = await owned();
      await w.api.delete(CONFIG_MAP, w.ref(owner), { propagationPolicy: 'Background' });
      await w.server.eventually('the dependent gone', async () => await gone(SECRET, child));
      assert.ok(await gone(CONFIG_MAP, owner));
    });
    it('in the foreground, the owner goes last', async () => {
      const [owner, child] = await owned();
      await w.api.delete(CONFIG_MAP, w.ref(owner), { propagationPolicy: 'Foreground' });
      await w.server.eventually(
        'both gone',
        async () => (await gone(SECRET, child)) && (await gone(CONFIG_MAP, owner)),
      );
      assert.ok(await gone(CONFIG_MAP, owner));
    });
    it('orphans keep living without the reference', async () => {
      const [owner, child] = await owned();
      await w.api.delete(CONFIG_MAP, w.ref(owner), { propagationPolicy: 'Orphan' });
      await w.server.eventually('the owner gone', async () => await gone(CONFIG_MAP, owner));
      assert.equal((await w.api.get(SECRET, w.ref(child))).metadata.ownerReferences?.length ?? 0, 0);
    });
  });
}
