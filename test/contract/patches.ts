/** JSON patch, merge patch, strategic merge patch. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFIG_MAP, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import { object, rollout, refused, at, uniqueName, configMap, type World } from './world.ts';

export function patching(w: World): void {
  describe('patches', () => {
    it('merge: null removes, lists are replaced whole', async () => {
      const name = uniqueName('merge');
      await w.make(ROLLOUT, rollout(name, { minReadySeconds: 3 }));
      const patched = await w.api.patch(ROLLOUT, w.ref(name), {
        type: 'merge',
        body: { spec: { minReadySeconds: null, strategy: { canary: { steps: [{ pause: {} }] } } } },
      });
      assert.equal(at(patched, 'spec', 'minReadySeconds'), undefined);
      assert.deepEqual(at(patched, 'spec', 'strategy', 'canary', 'steps'), [{ pause: {} }]);
    });
    it('json: test guards, a failed test changes nothing', async () => {
      const name = uniqueName('json');
      await w.make(CONFIG_MAP, configMap(name));
      const error = await refused(
        w.api.patch(CONFIG_MAP, w.ref(name), {
          type: 'json',
          body: [
            { op: 'replace', path: '/data/a', value: '2' },
            { op: 'test', path: '/data/a', value: '1' },
          ],
        }),
      );
      assert.equal(error.code, 422);
      assert.equal(at(await w.api.get(CONFIG_MAP, w.ref(name)), 'data', 'a'), '1');
    });
    it('json: removing what is not there is refused', async () => {
      const name = uniqueName('jsonr');
      await w.make(CONFIG_MAP, configMap(name));
      assert.equal(
        (
          await refused(
            w.api.patch(CONFIG_MAP, w.ref(name), {
              type: 'json',
              body: [{ op: 'remove', path: '/data/zz' }],
            }),
          )
        ).code,
        422,
      );
    });
    it('strategic: lists merge by key on built-in kinds', async () => {
      const name = uniqueName('smp');
      await w.make(
        SERVICE,
        object(
          SERVICE,
          { name },
          {
            spec: {
              selector: { app: 'a' },
              ports: [
                { name: 'http', port: 80 },
                { name: 'x', port: 81 },
              ],
            },
          },
        ),
      );
      const patched = await w.api.patch(SERVICE, w.ref(name), {
        type: 'strategic',
        body: { spec: { selector: { hash: 'h' }, ports: [{ port: 81, targetPort: 8081 }] } },
      });
      assert.deepEqual(at(patched, 'spec', 'selector'), { app: 'a', hash: 'h' });
      assert.deepEqual(
        (at(patched, 'spec', 'ports') as { port: number; targetPort: number }[])
          .map(({ port, targetPort }) => [port, targetPort])
          .sort(),
        [
          [80, 80],
          [81, 8081],
        ],
      );
    });
    it('strategic: refused with 415 on custom resources', async () => {
      const name = uniqueName('smpcr');
      await w.make(ROLLOUT, rollout(name));
      assert.equal(
        (
          await refused(
            w.api.patch(ROLLOUT, w.ref(name), { type: 'strategic', body: { spec: { replicas: 2 } } }),
          )
        ).code,
        415,
      );
    });
  });
}
