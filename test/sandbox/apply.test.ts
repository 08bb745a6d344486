import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../src/lang/json.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import { CONFIG_MAP, REPLICA_SET, SERVICE } from '../../src/kube/kinds.ts';
import { at, bench, configMap, dig, failure, replicaSet, WIDGET, type Bench } from './support.ts';

const config = (name: string, body: JsonObject, kind = 'ConfigMap', apiVersion = 'v1'): JsonObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(body['metadata'] as JsonObject | undefined) },
  ...Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'metadata')),
});

const apply = (api: Bench['api'], manager: string, body: JsonObject, force = false): Promise<KubeObject> =>
  api.patch(CONFIG_MAP, at('a'), { type: 'apply', body, force }, { fieldManager: manager });

const applyWidget = (
  api: Bench['api'],
  manager: string,
  spec: JsonObject,
  force = false,
): Promise<KubeObject> =>
  api.patch(
    WIDGET,
    at('w'),
    { type: 'apply', body: config('w', { spec }, 'Widget', 'example.com/v1'), force },
    { fieldManager: manager },
  );

const owners = (object: KubeObject): string[] =>
  (object.metadata.managedFields ?? []).map((entry) => `${entry.manager}:${entry.operation}`).sort();

describe('server-side apply', () => {
  it('creates, and removes what is no longer applied', async () => {
    const { api } = bench();
    const made = await apply(api, 'git', config('a', { data: { x: '1', y: '2' } }));
    assert.deepEqual(dig(made.metadata.managedFields?.[0], 'fieldsV1'), {
      'f:data': { 'f:x': {}, 'f:y': {} },
    });
    const less = await apply(api, 'git', config('a', { data: { x: '1' } }));
    assert.deepEqual(less['data'], { x: '1' });
  });

  it('leaves what others own, and shares what is equal', async () => {
    const { api } = bench();
    await apply(api, 'git', config('a', { data: { x: '1' } }));
    await apply(api, 'other', config('a', { data: { x: '1', z: '3' } }));
    const less = await apply(api, 'git', config('a', { data: {} }));
    assert.deepEqual(less['data'], { x: '1', z: '3' });
    // An empty map is applied as such: `git` still owns it.
    assert.deepEqual(owners(less), ['git:Apply', 'other:Apply']);
  });

  it('names every conflict, and takes over by force', async () => {
    const { api } = bench();
    await api.create(REPLICA_SET, replicaSet('a', 1), { fieldManager: 'curl' });
    const body = config(
      'a',
      { spec: { replicas: 3, template: { spec: { containers: [{ name: 'app', image: 'z' }] } } } },
      'ReplicaSet',
      'apps/v1',
    );
    const attempt = (force: boolean): Promise<KubeObject> =>
      api.patch(REPLICA_SET, at('a'), { type: 'apply', body, force }, { fieldManager: 'git' });
    assert.equal(
      await failure(attempt(false)),
      '409 Apply failed with 2 conflicts: conflicts with "curl" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name="app"].image',
    );
    const forced = await attempt(true);
    assert.equal(dig(forced, 'spec', 'replicas'), 3);
    const curl = forced.metadata.managedFields?.find((entry) => entry.manager === 'curl');
    assert.equal(dig(curl, 'fieldsV1', 'f:spec', 'f:replicas'), undefined);
    // An update takes fields from appliers, too: the next apply is a conflict.
    await api.patch(
      REPLICA_SET,
      at('a'),
      { type: 'merge', body: { spec: { replicas: 5 } } },
      { fieldManager: 'hpa' },
    );
    assert.match(
      await failure(attempt(false)),
      /^409 Apply failed with 1 conflict: conflict with "hpa" using apps\/v1: \.spec\.replicas$/,
    );
  });

  it('merges lists by their keys and treats other lists as one value', async () => {
    const { api } = bench();
    await applyWidget(api, 'git', { size: 'a', parts: [{ key: 'x', value: 1 }, { key: 'y' }], tags: ['t'] });
    const both = await applyWidget(api, 'other', { size: 'a', parts: [{ key: 'z' }] });
    assert.deepEqual(dig(both, 'spec', 'parts'), [{ key: 'x', value: 1 }, { key: 'y' }, { key: 'z' }]);
    assert.match(
      await failure(applyWidget(api, 'other', { size: 'a', tags: ['u'] })),
      /conflict with "git": \.spec\.tags$/,
    );
    const less = await applyWidget(api, 'git', { size: 'a', parts: [{ key: 'y' }], tags: ['t'] });
    assert.deepEqual(dig(less, 'spec', 'parts'), [{ key: 'y' }, { key: 'z' }]);
  });

  it('treats a Service selector as one field and its ports as many', async () => {
    const { api } = bench();
    const service = (spec: JsonObject): JsonObject => config('a', { spec }, 'Service', 'v1');
    const run = (manager: string, spec: JsonObject): Promise<KubeObject> =>
      api.patch(SERVICE, at('a'), { type: 'apply', body: service(spec) }, { fieldManager: manager });
    await run('git', { ports: [{ port: 80, name: 'http' }] });
    await api.patch(
      SERVICE,
      at('a'),
      { type: 'merge', body: { spec: { selector: { hash: 'x' } } } },
      { fieldManager: 'sluice' },
    );
    // Git leaves the selector out, so applying again does not touch it.
    const kept = await run('git', {
      ports: [
        { port: 80, name: 'http' },
        { port: 81, name: 'admin' },
      ],
    });
    assert.deepEqual(dig(kept, 'spec', 'selector'), { hash: 'x' });
    assert.match(
      await failure(run('git', { selector: { app: 'a' }, ports: [{ port: 80, name: 'http' }] })),
      /conflict with "sluice" using v1: \.spec\.selector$/,
    );
  });

  it('asks for what it needs', async () => {
    const { api } = bench();
    const cases: [Promise<unknown>, string][] = [
      [
        api.patch(CONFIG_MAP, at('a'), { type: 'apply', body: config('a', {}) }),
        '422 PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      ],
      [apply(api, 'x', { metadata: { name: 'a' } }), '400 invalid object type: /, Kind='],
      [
        apply(api, 'x', config('a', { nope: 1 })),
        '500 failed to create typed patch object (/a; /v1, Kind=ConfigMap): .nope: field not declared in schema',
      ],
      [
        apply(api, 'x', config('a', { metadata: { managedFields: [{ manager: 'y' }] } })),
        '400 metadata.managedFields must be nil',
      ],
      [
        apply(api, 'x', config('a', { metadata: { uid: 'zz' } })),
        '409 Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid zz, and no existing object was found',
      ],
    ];
    for (const [call, text] of cases) assert.equal(await failure(call), text);
  });

  it('starts tracking an object whose owners were wiped', async () => {
    const { api } = bench();
    await api.create(CONFIG_MAP, configMap('a', { x: '1' }));
    await api.patch(CONFIG_MAP, at('a'), {
      type: 'merge',
      body: { metadata: { managedFields: [] as never } },
    });
    assert.equal((await api.get(CONFIG_MAP, at('a'))).metadata.managedFields, undefined);
    assert.match(
      await failure(apply(api, 'git', config('a', { data: { x: '2' } }))),
      /conflict with "before-first-apply" using v1: \.data\.x$/,
    );
  });

  const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('1', '2'));

  it('does nothing when the same is applied twice', async () => {
    await fc.assert(
      fc.asyncProperty(data, data, async (first, second) => {
        const { api, cluster, clock } = bench();
        await apply(api, 'one', config('a', { data: first }));
        await apply(api, 'two', config('a', { data: second }), true);
        const once = await apply(api, 'one', config('a', { data: first }), true);
        await clock.advance(10_000);
        const revision = cluster.server.storage.revision;
        const twice = await apply(api, 'one', config('a', { data: first }));
        assert.equal(cluster.server.storage.revision, revision);
        assert.deepEqual(twice, once);
      }),
      { numRuns: 60 },
    );
  });

  it('never lets managers with different keys conflict, and ends in the union of what is applied', async () => {
    const steps = fc.array(
      fc.record({
        who: fc.constantFrom('p', 'q', 'r'),
        keys: fc.uniqueArray(fc.constantFrom('1', '2', '3'), { minLength: 1 }),
        value: fc.constantFrom('x', 'y'),
      }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const { api } = bench();
        await api.create(CONFIG_MAP, configMap('a'));
        const wanted = new Map<string, Record<string, string>>();
        let last: KubeObject | undefined;
        for (const { who, keys, value } of history) {
          const mine = Object.fromEntries(keys.map((key) => [`${who}${key}`, value]));
          wanted.set(who, mine);
          last = await apply(api, who, config('a', { data: mine }));
        }
        if (last !== undefined) assert.deepEqual(last['data'] ?? {}, Object.assign({}, ...wanted.values()));
      }),
      { numRuns: 60 },
    );
  });

  it('owns each field of the object at most as often as it was applied', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('p', 'q'), data), { minLength: 1, maxLength: 8 }),
        async (history) => {
          const { api } = bench();
          for (const [who, values] of history) await apply(api, who, config('a', { data: values }), true);
          const end = await api.get(CONFIG_MAP, at('a'));
          const owned = new Set(
            (end.metadata.managedFields ?? []).flatMap((entry) =>
              Object.keys((dig(entry, 'fieldsV1', 'f:data') ?? {}) as object),
            ),
          );
          owned.delete('.');
          assert.deepEqual(
            [...owned].sort(),
            Object.keys((end['data'] ?? {}) as object)
              .map((key) => `f:${key}`)
              .sort(),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
