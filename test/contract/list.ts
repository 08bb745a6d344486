/** Lists: pages, selectors, resourceVersions. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFIG_MAP, ROLLOUT } from '../../src/kube/kinds.ts';
import { object, rollout, refused, uniqueName, type World } from './world.ts';

export function listing(w: World): void {
  describe('list', () => {
    it('pages with limit and continue, in a stable order', async () => {
      const label = uniqueName('page');
      for (let i = 0; i < 5; i++) {
        await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: `${label}-${i}`, labels: { page: label } }));
      }
      const names: string[] = [];
      let token: string | undefined;
      let pages = 0;
      do {
        const page = await w.api.list(CONFIG_MAP, {
          namespace: w.ns,
          labelSelector: `page=${label}`,
          limit: 2,
          ...(token === undefined ? {} : { continue: token }),
        });
        names.push(...page.items.map((item) => item.metadata.name));
        token = page.continue;
        pages += 1;
      } while (token !== undefined && token !== '');
      assert.deepEqual(
        names,
        [0, 1, 2, 3, 4].map((i) => `${label}-${i}`),
      );
      assert.equal(pages, 3);
    });
    it('selects by labels', async () => {
      const tag = uniqueName('lab');
      await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: `${tag}-a`, labels: { tag, tier: 'web' } }));
      await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: `${tag}-b`, labels: { tag, tier: 'db' } }));
      await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: `${tag}-c`, labels: { tag } }));
      const count = async (selector: string): Promise<number> =>
        (await w.api.list(CONFIG_MAP, { namespace: w.ns, labelSelector: `tag=${tag},${selector}` })).items
          .length;
      assert.deepEqual(
        [
          await count('tier=web'),
          await count('tier!=web'),
          await count('tier in (web,db)'),
          await count('tier'),
          await count('!tier'),
        ],
        [1, 2, 2, 2, 1],
      );
    });
    it('selects by metadata.name', async () => {
      const name = uniqueName('field');
      await w.make(ROLLOUT, rollout(name));
      const list = await w.api.list(ROLLOUT, { namespace: w.ns, fieldSelector: `metadata.name=${name}` });
      assert.deepEqual(
        list.items.map((item) => item.metadata.name),
        [name],
      );
    });
    it('refuses a field selector that it does not have', async () => {
      assert.equal(
        (await refused(w.api.list(ROLLOUT, { namespace: w.ns, fieldSelector: 'spec.replicas=1' }))).code,
        400,
      );
    });
  });
}
