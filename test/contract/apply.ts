/** Server-side apply: ownership, conflicts, atomic and granular fields. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject, ResourceType } from '../../src/kube/api.ts';
import { CONFIG_MAP, REPLICA_SET, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { podTemplate, rollout, refused, at, managers, uniqueName, configMap, type World } from './world.ts';

export function applying(w: World): void {
  describe('server-side apply', () => {
    const apply = async (
      type: ResourceType,
      name: string,
      manager: string,
      body: JsonObject,
      force = false,
    ): Promise<KubeObject> =>
      await w.api.patch(
        type,
        w.ref(name),
        {
          type: 'apply',
          force,
          body: {
            apiVersion: type.group === '' ? type.version : `${type.group}/${type.version}`,
            kind: type.kind,
            metadata: { name, namespace: w.ns },
            ...body,
          },
        },
        { fieldManager: manager },
      );

    it('creates, and applying the same again writes nothing', async () => {
      const name = uniqueName('ssa');
      const first = await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
      const again = await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
      assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
      assert.deepEqual(managers(first.metadata.managedFields), ['m1/Apply']);
    });
    it('removes what its manager no longer applies', async () => {
      const name = uniqueName('ssarm');
      await apply(CONFIG_MAP, name, 'm1', { data: { a: '1', b: '2' } });
      assert.deepEqual((await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } }))['data'], { a: '1' });
    });
    it('keeps what another manager owns', async () => {
      const name = uniqueName('ssakeep');
      await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
      await apply(CONFIG_MAP, name, 'm2', { data: { b: '2' } });
      assert.deepEqual((await apply(CONFIG_MAP, name, 'm1', { data: { a: '9' } }))['data'], {
        a: '9',
        b: '2',
      });
    });
    it('conflicts name the manager and the field, and force takes over', async () => {
      const name = uniqueName('ssacon');
      await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
      const error = await refused(apply(CONFIG_MAP, name, 'm2', { data: { a: '2' } }));
      assert.deepEqual([error.code, error.reason], [409, 'Conflict']);
      assert.match(error.message, /Apply failed with 1 conflict: conflict with "m1": \.data\.a/);
      const forced = await apply(CONFIG_MAP, name, 'm2', { data: { a: '2' } }, true);
      assert.deepEqual(managers(forced.metadata.managedFields), ['m2/Apply']);
    });
    it('the same value is shared without a conflict', async () => {
      const name = uniqueName('ssashare');
      await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
      const shared = await apply(CONFIG_MAP, name, 'm2', { data: { a: '1' } });
      assert.deepEqual(managers(shared.metadata.managedFields), ['m1/Apply', 'm2/Apply']);
      assert.deepEqual((await apply(CONFIG_MAP, name, 'm2', { data: { b: '1' } }))['data'], {
        a: '1',
        b: '1',
      });
    });
    it('sees fields written by other verbs as owned', async () => {
      const name = uniqueName('ssaupd');
      await w.make(CONFIG_MAP, configMap(name), 'creator');
      const error = await refused(apply(CONFIG_MAP, name, 'm1', { data: { a: '2' } }));
      assert.match(error.message, /conflict with "creator"( using v1)?.*: \.data\.a/);
    });
    it('a Service selector is one atomic field', async () => {
      const name = uniqueName('ssasel');
      await apply(SERVICE, name, 'git', { spec: { selector: { app: 'a' }, ports: [{ port: 80 }] } });
      await w.api.patch(
        SERVICE,
        w.ref(name),
        { type: 'merge', body: { spec: { selector: { 'rollouts-pod-template-hash': 'h' } } } },
        { fieldManager: 'controller' },
      );
      const again = await apply(
        SERVICE,
        name,
        'git',
        { spec: { selector: { app: 'a' }, ports: [{ port: 80 }] } },
        true,
      );
      assert.deepEqual(at(again, 'spec', 'selector'), { app: 'a' });
    });
    it('a selector that Git leaves out stays untouched by the applier', async () => {
      const name = uniqueName('ssaomit');
      await apply(SERVICE, name, 'git', { spec: { ports: [{ port: 80 }] } });
      await w.api.patch(
        SERVICE,
        w.ref(name),
        { type: 'merge', body: { spec: { selector: { app: 'a', 'rollouts-pod-template-hash': 'h' } } } },
        { fieldManager: 'controller' },
      );
      const again = await apply(SERVICE, name, 'git', { spec: { ports: [{ port: 80 }] } }, true);
      assert.deepEqual(at(again, 'spec', 'selector'), { app: 'a', 'rollouts-pod-template-hash': 'h' });
    });
    it('the default of replicas gives no difference when Git leaves it out', async () => {
      const name = uniqueName('ssadef');
      const body = { spec: (rollout(name) as unknown as { spec: JsonObject }).spec };
      const first = await apply(ROLLOUT, name, 'git', body);
      assert.equal(at(first, 'spec', 'replicas'), 1);
      const again = await apply(ROLLOUT, name, 'git', body);
      assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
      await w.api.patch(
        ROLLOUT,
        w.ref(name),
        { type: 'merge', body: { spec: { replicas: 4 } } },
        { fieldManager: 'hpa' },
      );
      assert.equal(at(await apply(ROLLOUT, name, 'git', body, true), 'spec', 'replicas'), 4);
    });
    it('lists of custom resources are atomic', async () => {
      const name = uniqueName('ssalist');
      const spec = (steps: JsonObject[]): JsonObject => ({
        spec: {
          ...(rollout(name) as unknown as { spec: JsonObject }).spec,
          strategy: { canary: { steps } },
        },
      });
      await apply(ROLLOUT, name, 'git', spec([{ setWeight: 10 }, { pause: {} }]));
      const again = await apply(ROLLOUT, name, 'git', spec([{ setWeight: 30 }]));
      assert.deepEqual(at(again, 'spec', 'strategy', 'canary', 'steps'), [{ setWeight: 30 }]);
    });
    it('container lists of built-in kinds merge by name', async () => {
      const name = uniqueName('ssactr');
      const spec = (template: JsonObject): JsonObject => ({
        spec: { replicas: 0, selector: { matchLabels: { app: 'demo' } }, template },
      });
      await apply(REPLICA_SET, name, 'one', spec(podTemplate()));
      const two = await apply(REPLICA_SET, name, 'two', {
        spec: { template: { spec: { containers: [{ name: 'side', image: 'example.com/side:v1' }] } } },
      });
      assert.deepEqual(
        (at(two, 'spec', 'template', 'spec', 'containers') as { name: string }[])
          .map((container) => container.name)
          .sort(),
        ['app', 'side'],
      );
    });
    it('needs a field manager', async () => {
      const name = uniqueName('ssanomgr');
      await assert.rejects(
        w.api.patch(CONFIG_MAP, w.ref(name), {
          type: 'apply',
          body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
        }),
        /fieldManager/,
      );
    });
    it('dry run answers with the result and writes nothing', async () => {
      const name = uniqueName('ssadry');
      const first = await apply(CONFIG_MAP, name, 'm1', { data: { a: '1' } });
      const dry = await w.api.patch(
        CONFIG_MAP,
        w.ref(name),
        {
          type: 'apply',
          force: true,
          body: {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name, namespace: w.ns },
            data: { a: '2' },
          },
        },
        { fieldManager: 'm1', dryRun: true },
      );
      assert.deepEqual(dry['data'], { a: '2' });
      const live = await w.api.get(CONFIG_MAP, w.ref(name));
      assert.deepEqual(
        [live['data'], live.metadata.resourceVersion],
        [{ a: '1' }, first.metadata.resourceVersion],
      );
    });
  });
}
