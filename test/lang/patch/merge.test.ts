import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { deepEqual, deepFreeze, type Json, type JsonObject } from '../../../src/lang/json.ts';
import { cloneJson } from '../../../src/lang/own.ts';
import { applyMergePatch, createMergePatch } from '../../../src/lang/patch/merge.ts';
import { anyJson, jsonObject } from '../json-arbitrary.ts';

describe('merge patch', () => {
  // The table of RFC 7386, appendix A.
  const table: [Json, Json, Json][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, expected] of table) {
    it(`${JSON.stringify(target)} with ${JSON.stringify(patch)}`, () => {
      assert.deepEqual(applyMergePatch(deepFreeze(target), deepFreeze(patch)), expected);
    });
  }

  it('finds the smallest patch', () => {
    const from = deepFreeze({ a: 1, b: { c: 1, d: [1, 2] }, e: 'x', f: { g: 1 } });
    assert.equal(createMergePatch(from, { ...from }), undefined);
    assert.deepEqual(createMergePatch(from, { a: 2, b: { c: 1, d: [1] }, h: {} }), {
      a: 2,
      b: { d: [1] },
      h: {},
      e: null,
      f: null,
    });
  });

  it('an undefined value counts as absent, a wanted null removes', () => {
    assert.equal(createMergePatch({ a: 1, b: undefined }, { a: 1, c: undefined, d: null }), undefined);
    assert.deepEqual(createMergePatch({ a: 1, b: 2 }, { a: undefined, b: null }), { a: null, b: null });
    assert.deepEqual(createMergePatch({ a: null }, {}), { a: null });
    assert.deepEqual(createMergePatch({}, { a: { b: undefined } }), { a: {} });
  });

  it('the key __proto__ is a key like others', () => {
    const patch = JSON.parse('{"__proto__":{"polluted":1}}') as JsonObject;
    const result = applyMergePatch({}, patch) as JsonObject;
    assert.equal(JSON.stringify(result), '{"__proto__":{"polluted":1}}');
    assert.equal(JSON.stringify(createMergePatch({}, patch)), '{"__proto__":{"polluted":1}}');
    assert.equal(createMergePatch(patch, patch), undefined);
    assert.deepEqual(createMergePatch({ a: 1 }, {}), { a: null });
    assert.deepEqual(createMergePatch({}, JSON.parse('{"constructor":1}') as JsonObject), { constructor: 1 });
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('what was found turns one object into the other, and touches neither', () => {
    fc.assert(
      fc.property(jsonObject({ nulls: false }), jsonObject({ nulls: false }), (from, to) => {
        deepFreeze(from);
        deepFreeze(to);
        const patch = createMergePatch(from, to);
        if (patch === undefined) assert.ok(deepEqual(from, to));
        else {
          const result = applyMergePatch(from, deepFreeze(patch));
          assert.ok(deepEqual(result, to), JSON.stringify({ patch, result }));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('applying any JSON to any JSON never throws and is stable', () => {
    fc.assert(
      fc.property(anyJson, anyJson, (target, patch) => {
        const once = applyMergePatch(deepFreeze(cloneJson(target)), deepFreeze(cloneJson(patch)));
        assert.deepEqual(applyMergePatch(once, patch), once);
      }),
    );
  });
});
