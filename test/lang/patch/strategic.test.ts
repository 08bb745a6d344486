import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { deepFreeze, type Json, type JsonObject } from '../../../src/lang/json.ts';
import {
  applyStrategicMergePatch,
  hasStrategicMerge,
  StrategicPatchError,
} from '../../../src/lang/patch/strategic.ts';
import { jsonObject } from '../json-arbitrary.ts';

const DEPLOYMENT = { group: 'apps', kind: 'Deployment' };
const POD = { group: '', kind: 'Pod' };
const pod = (target: JsonObject, patch: JsonObject): Json | undefined =>
  applyStrategicMergePatch(deepFreeze({ spec: target }), deepFreeze({ spec: patch }), POD)['spec'];

describe('strategic merge patch', () => {
  it('merges lists by their key and leaves the rest', () => {
    assert.deepEqual(
      pod(
        {
          containers: [
            { name: 'a', image: 'a:1', args: ['x'], env: [{ name: 'E', value: '1' }] },
            { name: 'b' },
          ],
        },
        { containers: [{ name: 'a', image: 'a:2', args: ['y'], env: [{ name: 'F', value: '2' }] }] },
      ),
      {
        containers: [
          {
            name: 'a',
            image: 'a:2',
            args: ['y'],
            env: [
              { name: 'F', value: '2' },
              { name: 'E', value: '1' },
            ],
          },
          { name: 'b' },
        ],
      },
    );
  });

  it('replaces lists without a strategy, removes by null', () => {
    assert.deepEqual(
      pod(
        { tolerations: [{ key: 'a' }], hostNetwork: true },
        { tolerations: [{ key: 'b' }], hostNetwork: null },
      ),
      { tolerations: [{ key: 'b' }] },
    );
  });

  it('$patch deletes and replaces', () => {
    const containers = [{ name: 'a', image: 'x' }, { name: 'b' }];
    assert.deepEqual(pod({ containers }, { containers: [{ $patch: 'delete', name: 'a' }] }), {
      containers: [{ name: 'b' }],
    });
    assert.deepEqual(pod({ containers }, { containers: [{ $patch: 'replace' }, { name: 'c' }] }), {
      containers: [{ name: 'c' }],
    });
    assert.deepEqual(
      pod({ containers, nodeSelector: { a: '1' } }, { nodeSelector: { $patch: 'replace', b: '2' } }),
      { containers, nodeSelector: { b: '2' } },
    );
    assert.deepEqual(pod({ containers }, { $patch: 'delete' }), {});
    assert.deepEqual(pod({}, { containers: [{ $patch: 'delete', name: 'a' }] }), { containers: [] });
  });

  it('$deleteFromPrimitiveList, $retainKeys and $setElementOrder', () => {
    assert.deepEqual(
      applyStrategicMergePatch(
        { metadata: { finalizers: ['a', 'b', 'c'] } },
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['b'] } },
        POD,
      ),
      { metadata: { finalizers: ['a', 'c'] } },
    );
    assert.deepEqual(
      applyStrategicMergePatch(
        { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
        { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
        DEPLOYMENT,
      ),
      { spec: { strategy: { type: 'Recreate' } } },
    );
    assert.deepEqual(
      pod(
        { containers: [{ name: 'a' }, { name: 'server-side' }, { name: 'b' }] },
        {
          '$setElementOrder/containers': [{ name: 'b' }, { name: 'c' }, { name: 'a' }],
          containers: [{ name: 'c' }],
        },
      ),
      { containers: [{ name: 'server-side' }, { name: 'b' }, { name: 'c' }, { name: 'a' }] },
    );
  });

  it('Service ports, conditions and owner references have their keys', () => {
    assert.deepEqual(
      applyStrategicMergePatch(
        { spec: { ports: [{ port: 80, name: 'a' }], selector: { app: 'x' } } },
        { spec: { ports: [{ port: 81 }], selector: { 'rollouts-pod-template-hash': 'abc' } } },
        { group: '', kind: 'Service' },
      ),
      {
        spec: {
          ports: [{ port: 81 }, { port: 80, name: 'a' }],
          selector: { app: 'x', 'rollouts-pod-template-hash': 'abc' },
        },
      },
    );
  });

  it('knows the built-in kinds, and no custom ones', () => {
    for (const kind of [
      POD,
      DEPLOYMENT,
      { group: 'networking.k8s.io', kind: 'Ingress' },
      { group: 'batch', kind: 'Job' },
      { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' },
    ]) {
      assert.ok(hasStrategicMerge(kind), kind.kind);
      assert.deepEqual(applyStrategicMergePatch({ a: 1 }, { b: 2 }, kind), { a: 1, b: 2 });
    }
    const rollout = { group: 'argoproj.io', kind: 'Rollout' };
    assert.ok(!hasStrategicMerge(rollout));
    assert.throws(() => applyStrategicMergePatch({}, {}, rollout), StrategicPatchError);
  });

  const refused: [JsonObject, JsonObject, RegExp][] = [
    [{}, { $patch: 'x' }, /unknown patch type: "x"/],
    [
      { containers: [{ name: 'a' }] },
      { containers: [{ image: 'b' }] },
      /does not contain declared merge key: name/,
    ],
    [
      { containers: [{ name: 'a' }] },
      { containers: [{ $patch: 'merge', name: 'a' }] },
      /merging lists cannot yet/,
    ],
    [{ containers: [{ name: 'a' }] }, { containers: ['a'] }, /types are not identical/],
    [{ containers: [{ name: 'a' }] }, { containers: [[]] }, /lists of lists/],
    [{}, { $retainKeys: 'a' }, /retainKeys/],
    [{}, { $retainKeys: ['a'], b: 1 }, /retainKeys/],
    [{}, { '$setElementOrder/containers': {} }, /setElementOrder/],
    [{}, { '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'a' }] }, /setElementOrder/],
    [{}, { '$deleteFromPrimitiveList/x': 1 }, /primitive list/],
  ];
  for (const [target, patch, pattern] of refused) {
    it(`refuses ${JSON.stringify(patch)}`, () => {
      assert.throws(
        () => pod(target, patch),
        (error: Error) => error instanceof StrategicPatchError && pattern.test(error.message),
      );
    });
  }

  it('garbage gives only typed errors; the key __proto__ is a key like others', () => {
    fc.assert(
      fc.property(jsonObject({ nulls: true }), jsonObject({ nulls: true }), (target, patch) => {
        try {
          applyStrategicMergePatch(deepFreeze({ spec: target }), deepFreeze({ spec: patch }), POD);
        } catch (error) {
          assert.ok(error instanceof StrategicPatchError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
    const patch = JSON.parse('{"__proto__":{"polluted":1}}') as JsonObject;
    assert.equal(JSON.stringify(applyStrategicMergePatch({}, patch, POD)), '{"__proto__":{"polluted":1}}');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
});
