/** Schemas of custom resources: pruning, defaults, types, strict validation. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { podTemplate, rollout, refused, at, uniqueName, type World } from './world.ts';

export function schemas(w: World): void {
  describe('schemas of custom resources', () => {
    it('prunes fields that the schema does not know, but not inside pod templates', async () => {
      const template = podTemplate();
      (template['spec'] as JsonObject)['aNewerField'] = { x: 1 };
      const created = await w.make(ROLLOUT, rollout(uniqueName('prune'), { bogus: 1, template }));
      assert.equal(at(created, 'spec', 'bogus'), undefined);
      assert.deepEqual(at(created, 'spec', 'template', 'spec', 'aNewerField'), { x: 1 });
    });
    it('fills replicas with 1', async () => {
      assert.equal(at(await w.make(ROLLOUT, rollout(uniqueName('def'))), 'spec', 'replicas'), 1);
    });
    it('refuses a wrong type and names the field', async () => {
      const error = await refused(w.make(ROLLOUT, rollout(uniqueName('type'), { replicas: 'three' })));
      assert.equal(error.code, 422);
      assert.match(
        error.message,
        /spec\.replicas: Invalid value: "string": spec\.replicas in body must be of type integer: "string"/,
      );
    });
    it('stores what only the controller calls invalid', async () => {
      const created = await w.make(
        ROLLOUT,
        rollout(uniqueName('inv'), {
          strategy: {
            blueGreen: { activeService: '' },
            canary: { steps: [{ setWeight: 120 }, { pause: { duration: '1x' } }] },
          },
        }),
      );
      assert.equal(at(created, 'spec', 'strategy', 'canary', 'steps', 0, 'setWeight'), 120);
    });
    it('refuses a change of the selector', async () => {
      const name = uniqueName('sel');
      await w.make(ROLLOUT, rollout(name));
      const error = await refused(
        w.api.patch(ROLLOUT, w.ref(name), {
          type: 'merge',
          body: { spec: { selector: { matchLabels: { app: 'other' } } } },
        }),
      );
      assert.equal(error.code, 422);
      assert.match(error.message, /\.spec\.selector is immutable/);
    });
    it('reports unknown fields under strict validation and stores nothing', async () => {
      const name = uniqueName('strict');
      const error = await refused(
        w.api.create(
          ROLLOUT,
          { ...rollout(name, { bogus: 1 }), metadata: { name, namespace: w.ns } },
          { fieldValidation: 'Strict' },
        ),
      );
      assert.deepEqual([error.code, error.reason], [400, 'BadRequest']);
      assert.match(error.message, /strict decoding error: unknown field "spec\.bogus"/);
      assert.equal((await refused(w.api.get(ROLLOUT, w.ref(name)))).code, 404);
    });
    it('warns of unknown fields under Warn', async () => {
      const warnings: string[] = [];
      const name = uniqueName('warn');
      await w.api.create(
        ROLLOUT,
        { ...rollout(name, { bogus: 1 }), metadata: { name, namespace: w.ns } },
        { fieldValidation: 'Warn', onWarning: (text) => warnings.push(text) },
      );
      assert.deepEqual(warnings, ['unknown field "spec.bogus"']);
    });
  });
}
