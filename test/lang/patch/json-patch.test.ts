import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { deepFreeze, type Json } from '../../../src/lang/json.ts';
import { cloneJson } from '../../../src/lang/own.ts';
import {
  applyJsonPatch,
  JsonPatchError,
  type JsonPatchOperation,
} from '../../../src/lang/patch/json-patch.ts';
import { anyJson } from '../json-arbitrary.ts';

describe('JSON patch', () => {
  const table: [Json, JsonPatchOperation[], Json][] = [
    [{ a: 1 }, [{ op: 'add', path: '/b', value: [1] }], { a: 1, b: [1] }],
    [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2] }],
    [{ a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }], { a: [1] }],
    [{ a: { b: 1 } }, [{ op: 'remove', path: '/a/b' }], { a: {} }],
    [{ a: 1 }, [{ op: 'replace', path: '/a', value: { x: 1 } }], { a: { x: 1 } }],
    [{ a: 1 }, [{ op: 'replace', path: '', value: { x: 1 } }], { x: 1 }],
    [{}, [{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
    [{ a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    [{ a: [1, 2, 3] }, [{ op: 'move', from: '/a/0', path: '/a/2' }], { a: [2, 3, 1] }],
    [{ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    [
      { 'a/b': 1, 'm~n': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'remove', path: '/m~0n' },
      ],
      {},
    ],
    [{ '': { '': 1 } }, [{ op: 'replace', path: '//', value: 2 }], { '': { '': 2 } }],
    [
      { a: 1 },
      [
        { op: 'test', path: '/a', value: 1 },
        { op: 'remove', path: '/a' },
      ],
      {},
    ],
    [{ a: 1 }, [{ op: 'test', path: '/b', value: null }], { a: 1 }],
    [{ a: 1 }, [{ op: 'test', path: '', value: { a: 1 } }], { a: 1 }],
  ];
  for (const [doc, patch, expected] of table) {
    it(`${JSON.stringify(patch)} on ${JSON.stringify(doc)}`, () => {
      assert.deepEqual(applyJsonPatch(deepFreeze(doc), deepFreeze(patch)), expected);
    });
  }

  const refused: [Json, unknown, string][] = [
    [
      {},
      [{ op: 'remove', path: '/a' }],
      "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value",
    ],
    [
      {},
      [{ op: 'remove', path: '/a/b' }],
      'remove operation does not apply: doc is missing path: "/a/b": missing value',
    ],
    [
      {},
      [{ op: 'add', path: '/a/b', value: 1 }],
      'add operation does not apply: doc is missing path: "/a/b": missing value',
    ],
    [
      {},
      [{ op: 'add', path: '', value: 1 }],
      'add operation does not apply: doc is missing path: "": missing value',
    ],
    [
      {},
      [{ op: 'add', path: 'a', value: 1 }],
      'add operation does not apply: doc is missing path: "a": missing value',
    ],
    [
      { a: [] },
      [{ op: 'add', path: '/a/1', value: 1 }],
      "error in add for path: '/a/1': Unable to access invalid index: 1: invalid index referenced",
    ],
    [
      { a: [] },
      [{ op: 'add', path: '/a/x', value: 1 }],
      "error in add for path: '/a/x': value was not a proper array index: 'x'",
    ],
    [
      { a: [1] },
      [{ op: 'replace', path: '/a/1', value: 1 }],
      'replace operation does not apply: doc is missing key: /a/1: missing value',
    ],
    [{}, [{ op: 'replace', path: '', value: 1 }], 'replace operation value must be object or array'],
    [{ a: 1 }, [{ op: 'test', path: '/a', value: '1' }], 'testing value /a failed: test failed'],
    [
      {},
      [{ op: 'test', path: '/a/b', value: 1 }],
      'test operation does not apply: is missing path: /a/b: missing value',
    ],
    [
      {},
      [{ op: 'copy', from: '/a/b', path: '/c' }],
      'copy operation does not apply: doc is missing from path: /a/b: missing value',
    ],
    [
      {},
      [{ op: 'move', from: '/a', path: '/c' }],
      "error in move for path: '/a': key a is not there: missing value",
    ],
    [{ a: 1 }, [{ op: 'move', path: '/c' }], 'move operation failed to decode from: missing value'],
    [{ a: 1 }, [{ op: 'add' }], 'add operation failed to decode path: missing value'],
    [{ a: 1 }, [{ op: 'merge', path: '/a' }], 'Unexpected kind: merge'],
    [{ a: 1 }, [null], 'each operation of a JSON patch must be an object'],
    [{ a: 1 }, { op: 'add' }, 'a JSON patch must be a list of operations'],
  ];
  for (const [doc, patch, message] of refused) {
    it(`refuses ${JSON.stringify(patch)}`, () => {
      assert.throws(() => applyJsonPatch(deepFreeze(doc), patch as JsonPatchOperation[]), {
        name: 'JsonPatchError',
        message,
        testFailed: message.endsWith('test failed'),
      });
    });
  }

  it('bounds the number of operations and what copies add', () => {
    const test: JsonPatchOperation = { op: 'test', path: '/x', value: null };
    assert.throws(
      () =>
        applyJsonPatch(
          {},
          Array.from({ length: 10_001 }, () => test),
        ),
      /maximum operations/,
    );
    const doubling = Array.from({ length: 60 }, (): JsonPatchOperation => ({
      op: 'copy',
      from: '/a',
      path: '/a/-',
    }));
    assert.throws(() => applyJsonPatch({ a: ['x'.repeat(100)] }, doubling), /copy operations/);
  });

  it('the key __proto__ is a key like others', () => {
    const result = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: 1 } }]);
    assert.equal(JSON.stringify(result), '{"__proto__":{"polluted":1}}');
    assert.throws(
      () => applyJsonPatch({}, [{ op: 'add', path: '/__proto__/polluted', value: 1 }]),
      JsonPatchError,
    );
    assert.throws(
      () => applyJsonPatch({}, [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }]),
      JsonPatchError,
    );
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('garbage gives only typed errors, and never changes the document', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', '0', '-', '-1', '__proto__', ''), { maxLength: 4 })
      .map((parts) => parts.map((part) => `/${part}`).join(''));
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
        path,
        from: path,
        value: anyJson,
      },
      { requiredKeys: ['op'] },
    );
    fc.assert(
      fc.property(anyJson, fc.array(operation, { maxLength: 5 }), (doc, patch) => {
        try {
          applyJsonPatch(deepFreeze(cloneJson(doc)), patch as JsonPatchOperation[]);
        } catch (error) {
          assert.ok(error instanceof JsonPatchError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
