/** Updates: preconditions, generation, resourceVersion, what is immutable. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANALYSIS_RUN, CONFIG_MAP, ROLLOUT } from '../../src/kube/kinds.ts';
import { object, rollout, refused, at, uniqueName, configMap, type World } from './world.ts';

export function updating(w: World): void {
  describe('update', () => {
    it('demands the resourceVersion it names', async () => {
      const name = uniqueName('occ');
      const first = await w.make(CONFIG_MAP, configMap(name));
      await w.api.patch(CONFIG_MAP, w.ref(name), { type: 'merge', body: { data: { b: '2' } } });
      const error = await refused(w.api.replace(CONFIG_MAP, { ...first, data: { c: '3' } }));
      assert.deepEqual([error.code, error.reason], [409, 'Conflict']);
      assert.match(
        error.message,
        /the object has been modified; please apply your changes to the latest version and try again$/,
      );
    });
    it('a write that changes nothing keeps the resourceVersion', async () => {
      const name = uniqueName('noop');
      const first = await w.make(CONFIG_MAP, configMap(name));
      const again = await w.api.patch(CONFIG_MAP, w.ref(name), { type: 'merge', body: { data: { a: '1' } } });
      assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
    });
    it('generation counts changes of the spec, not of metadata or status', async () => {
      const name = uniqueName('gen');
      await w.make(ROLLOUT, rollout(name));
      const labelled = await w.api.patch(ROLLOUT, w.ref(name), {
        type: 'merge',
        body: { metadata: { labels: { x: 'y' } } },
      });
      const status = await w.api.patch(
        ROLLOUT,
        w.ref(name),
        { type: 'merge', body: { status: { phase: 'Healthy' } } },
        { subresource: 'status' },
      );
      const changed = await w.api.patch(ROLLOUT, w.ref(name), {
        type: 'merge',
        body: { spec: { replicas: 5 } },
      });
      assert.deepEqual(
        [labelled, status, changed].map((answer) => answer.metadata.generation),
        [1, 1, 2],
      );
      assert.equal(at(changed, 'status', 'phase'), 'Healthy');
    });
    it('generation of a kind without status subresource counts status, too', async () => {
      const name = uniqueName('arg');
      await w.make(ANALYSIS_RUN, object(ANALYSIS_RUN, { name }, { spec: { metrics: [] } }));
      const patched = await w.api.patch(ANALYSIS_RUN, w.ref(name), {
        type: 'merge',
        body: { status: { phase: 'Running' } },
      });
      assert.equal(patched.metadata.generation, 2);
    });
    it('separates status and spec', async () => {
      const name = uniqueName('sep');
      await w.make(ROLLOUT, rollout(name));
      const viaStatus = await w.api.patch(
        ROLLOUT,
        w.ref(name),
        { type: 'merge', body: { spec: { replicas: 9 }, status: { phase: 'Paused' } } },
        { subresource: 'status' },
      );
      assert.deepEqual([at(viaStatus, 'spec', 'replicas'), at(viaStatus, 'status', 'phase')], [1, 'Paused']);
      const viaMain = await w.api.patch(ROLLOUT, w.ref(name), {
        type: 'merge',
        body: { status: { phase: 'Healthy' } },
      });
      assert.equal(at(viaMain, 'status', 'phase'), 'Paused');
    });
    it('has no status subresource where the CRD has none', async () => {
      const name = uniqueName('nost');
      await w.make(ANALYSIS_RUN, object(ANALYSIS_RUN, { name }, { spec: { metrics: [] } }));
      const error = await refused(
        w.api.patch(
          ANALYSIS_RUN,
          w.ref(name),
          { type: 'merge', body: { status: {} } },
          { subresource: 'status' },
        ),
      );
      assert.equal(error.code, 404);
    });
    it('takes a resourceVersion in a merge patch as a precondition', async () => {
      const name = uniqueName('pre');
      const first = await w.make(CONFIG_MAP, configMap(name));
      await w.api.patch(CONFIG_MAP, w.ref(name), { type: 'merge', body: { data: { b: '2' } } });
      const error = await refused(
        w.api.patch(CONFIG_MAP, w.ref(name), {
          type: 'merge',
          body: { metadata: { resourceVersion: first.metadata.resourceVersion }, data: { c: '3' } },
        }),
      );
      assert.deepEqual([error.code, error.reason], [409, 'Conflict']);
    });
    it('refuses another uid in a merge patch, as a change of an immutable field', async () => {
      const name = uniqueName('uid');
      await w.make(CONFIG_MAP, configMap(name));
      const error = await refused(
        w.api.patch(CONFIG_MAP, w.ref(name), {
          type: 'merge',
          body: { metadata: { uid: '00000000-0000-0000-0000-000000000000' }, data: { c: '3' } },
        }),
      );
      assert.deepEqual([error.code, error.reason], [422, 'Invalid']);
    });
    it('answers 404 with the text that kubectl shows', async () => {
      const error = await refused(w.api.get(ROLLOUT, w.ref('nobody')));
      assert.deepEqual(
        [error.code, error.reason, error.message],
        [404, 'NotFound', 'rollouts.argoproj.io "nobody" not found'],
      );
    });
  });
}
