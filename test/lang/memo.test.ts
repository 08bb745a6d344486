import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deepFreeze } from '../../src/lang/json.ts';
import { memoizeFrozen } from '../../src/lang/memo.ts';

describe('memoizeFrozen', () => {
  it('works out once what it is given frozen, and anew what may still change', () => {
    let calls = 0;
    const size = memoizeFrozen((value: { items?: number[] }) => {
      calls++;
      return value.items?.length;
    });
    const frozen = deepFreeze({ items: [1, 2] });
    assert.deepEqual([size(frozen), size(frozen), calls], [2, 2, 1]);
    const open = { items: [1] };
    assert.equal(size(open), 1);
    open.items.push(2);
    assert.equal(size(open), 2);
    assert.equal(calls, 3);
  });

  it('remembers an undefined result, and no error', () => {
    let calls = 0;
    const nothing = memoizeFrozen(() => void calls++);
    const key = Object.freeze({});
    nothing(key);
    nothing(key);
    assert.equal(calls, 1);
    const failing = memoizeFrozen(() => {
      calls++;
      throw new Error('no');
    });
    assert.throws(() => failing(key));
    assert.throws(() => failing(key));
    assert.equal(calls, 3);
  });
});
