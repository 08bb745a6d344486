import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  duplicate,
  forbidden,
  formatFieldError,
  internal,
  invalid,
  notFound,
  notSupported,
  required,
} from '../../src/api/field-error.ts';

describe('formatFieldError', () => {
  const table = [
    [invalid('spec.replicas', -1, 'must be positive'), 'spec.replicas: Invalid value: -1: must be positive'],
    [invalid('a.b', 'x"y', 'no'), 'a.b: Invalid value: "x\\"y": no'],
    [invalid('a', true, 'no'), 'a: Invalid value: true: no'],
    [invalid('a', undefined, 'no'), 'a: Invalid value: null: no'],
    [required('spec.selector', 'missing'), 'spec.selector: Required value: missing'],
    [required('spec.selector', ''), 'spec.selector: Required value'],
    [forbidden('a', 'not here'), 'a: Forbidden: not here'],
    [internal('a', 'broken'), 'a: Internal error: broken'],
    [duplicate('a', 'x'), 'a: Duplicate value: "x"'],
    [notFound('a', 'x'), 'a: Not found: "x"'],
    [notSupported('a', 'z', ['x', 'y']), 'a: Unsupported value: "z": supported values: "x", "y"'],
  ] as const;
  for (const [error, want] of table) it(want, () => assert.equal(formatFieldError(error), want));

  it('cuts values that would fill a condition', () => {
    const text = formatFieldError(invalid('a', 'x'.repeat(100_000), 'too long'));
    assert.ok(text.length < 1_000);
    assert.ok(text.endsWith('...: too long'));
  });
});
