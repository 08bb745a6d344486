/** Creating objects: names, namespaces, metadata that the server fills. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANALYSIS_RUN, CONFIG_MAP, ROLLOUT } from '../../src/kube/kinds.ts';
import { object, rollout, refused, at, uniqueName, configMap, type World } from './world.ts';

export function creating(w: World): void {
  describe('create', () => {
    it('fills uid, resourceVersion, creationTimestamp and generation', async () => {
      const created = await w.make(ROLLOUT, rollout(uniqueName('fill')));
      assert.match(created.metadata.uid ?? '', /^[0-9a-f-]{36}$/);
      assert.match(created.metadata.resourceVersion ?? '', /^\d+$/);
      assert.match(created.metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(created.metadata.generation, 1);
      assert.equal(created.kind, 'Rollout');
    });
    it('answers 409 AlreadyExists for a name that is taken', async () => {
      const name = uniqueName('twice');
      await w.make(CONFIG_MAP, configMap(name));
      const error = await refused(w.make(CONFIG_MAP, configMap(name)));
      assert.deepEqual(
        [error.code, error.reason, error.message],
        [409, 'AlreadyExists', `configmaps "${name}" already exists`],
      );
    });
    it('generates names', async () => {
      const created = await w.make(CONFIG_MAP, object(CONFIG_MAP, { generateName: 'gen-' }));
      assert.match(created.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    });
    it('refuses a namespace that does not exist', async () => {
      const error = await refused(
        w.api.create(CONFIG_MAP, object(CONFIG_MAP, { name: 'x', namespace: 'no-such-namespace' })),
      );
      assert.deepEqual([error.code, error.message], [404, 'namespaces "no-such-namespace" not found']);
    });
    it('refuses a bad name with 422 Invalid', async () => {
      const error = await refused(w.make(CONFIG_MAP, configMap('Not_A_Name')));
      assert.deepEqual([error.code, error.reason], [422, 'Invalid']);
      assert.match(
        error.message,
        /^ConfigMap "Not_A_Name" is invalid: metadata\.name: Invalid value: "Not_A_Name": /,
      );
    });
    it('ignores status of a kind with a status subresource', async () => {
      const created = await w.make(ROLLOUT, { ...rollout(uniqueName('st')), status: { phase: 'Healthy' } });
      assert.equal(created['status'], undefined);
    });
    it('keeps status of a kind without one', async () => {
      const created = await w.make(
        ANALYSIS_RUN,
        object(
          ANALYSIS_RUN,
          { name: uniqueName('ar') },
          { spec: { metrics: [] }, status: { phase: 'Running' } },
        ),
      );
      assert.deepEqual(at(created, 'status', 'phase'), 'Running');
    });
    it('writes nothing under dryRun', async () => {
      const name = uniqueName('dry');
      const answer = await w.api.create(CONFIG_MAP, object(CONFIG_MAP, { name, namespace: w.ns }), {
        dryRun: true,
      });
      assert.equal(answer.metadata.name, name);
      assert.equal((await refused(w.api.get(CONFIG_MAP, w.ref(name)))).code, 404);
    });
  });
}
