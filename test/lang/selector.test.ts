import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  formatFieldSelector,
  matchesFieldSelector,
  parseFieldSelector,
} from '../../src/lang/field-selector.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import {
  formatSelector,
  matchesSelector,
  parseSelector,
  selectorFrom,
  selectorFromLabels,
  SelectorError,
} from '../../src/lang/selector.ts';

describe('label selectors as text', () => {
  const printed: [string, string][] = [
    ['', ''],
    [' ', ''],
    ['a=b', 'a=b'],
    ['a==b', 'a==b'],
    ['b, a', 'a,b'],
    ['x in (foo,,baz),y,z notin ()', 'x in (,baz,foo),y,z notin ()'],
    ['x in (b,a,b)', 'x in (a,b)'],
    ['x in (in,notin)', 'x in (in,notin)'],
    ['in=in', 'in=in'],
    ['!x', '!x'],
    ['x!=', 'x!='],
    ['x=,y', 'x=,y'],
    ['x>1,y<2', 'x>1,y<2'],
    ['example.com/name in (v)', 'example.com/name in (v)'],
  ];
  for (const [text, canonical] of printed) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.equal(formatSelector(parseSelector(text)), canonical);
    });
  }

  const matching: [string, Record<string, string>, boolean][] = [
    ['', {}, true],
    ['a=b', { a: 'b' }, true],
    ['a=b', {}, false],
    ['a!=b', {}, true],
    ['a!=b', { a: 'b' }, false],
    ['a in (b,c)', { a: 'c' }, true],
    ['a notin (b,c)', { a: 'd' }, true],
    ['a notin (b,c)', {}, true],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['a>5', { a: '10' }, true],
    ['a>5', { a: '5' }, false],
    ['a<5', { a: '-1' }, true],
    ['a<5', { a: 'x' }, false],
    ['a<5', {}, false],
    ['constructor', {}, false],
    ['a=b,c=d', { a: 'b', c: 'e' }, false],
  ];
  for (const [text, labels, expected] of matching) {
    it(`${text} on ${JSON.stringify(labels)}`, () => {
      assert.equal(matchesSelector(parseSelector(text), labels), expected);
    });
  }

  const refused: [string, string][] = [
    ['=', "found '=', expected: !, identifier, or 'end of string'"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    [
      'a>x',
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, () => {
      assert.throws(() => parseSelector(text), { name: 'SelectorError', message });
    });
  }

  it('names what is wrong with keys and values as Kubernetes does', () => {
    assert.throws(() => parseSelector('-a=b'), {
      message:
        "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    });
    assert.throws(
      () => parseSelector('a=b$'),
      /^SelectorError: unable to parse requirement: values\[0\]\[a\]: Invalid value: "b\$": a valid label must be/,
    );
    assert.throws(() => parseSelector(`a=${'b'.repeat(64)}`), /must be no more than 63 bytes$/);
    assert.throws(() => parseSelector('a/b/c'), /a valid label key must consist of/);
    assert.throws(() => parseSelector('A_/b'), /prefix part a lowercase RFC 1123 subdomain/);
    assert.throws(() => parseSelector('/b'), /prefix part must be non-empty/);
  });
});

describe('LabelSelector objects', () => {
  it('an absent selector matches nothing, an empty one everything', () => {
    assert.equal(matchesSelector(selectorFrom(undefined), {}), false);
    assert.equal(matchesSelector(selectorFrom({}), {}), true);
    assert.equal(matchesSelector(selectorFrom({ matchLabels: {} }), undefined), true);
  });

  it('prints as status.selector shows it', () => {
    const selector = selectorFrom({
      matchLabels: { b: '2', a: '1' },
      matchExpressions: [
        { key: 'c', operator: 'In', values: ['d', 'c'] },
        { key: 'e', operator: 'DoesNotExist' },
        { key: 'f', operator: 'Exists', values: [] },
        { key: 'g', operator: 'NotIn', values: ['x'] },
      ],
    });
    assert.equal(formatSelector(selector), 'a=1,b=2,c in (c,d),!e,f,g notin (x)');
    assert.equal(matchesSelector(selector, { a: '1', b: '2', c: 'c', f: '' }), true);
  });

  const refused: [unknown, RegExp][] = [
    [
      { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] },
      /^"Gt" is not a valid label selector operator$/,
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'In' }] },
      /^values: Invalid value: \[\]: for 'in', 'notin' operators, values set can't be empty$/,
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
      /values set must be empty for exists/,
    ],
    [{ matchLabels: { 'a b': 'c' } }, /^key: Invalid value: "a b": name part must consist/],
    [{ matchLabels: { a: 5 } }, /matchLabels\[a\] must be a string/],
    [{ matchLabels: [] }, /matchLabels must be/],
    [{ matchExpressions: {} }, /must be a list/],
    [{ matchExpressions: [null] }, /must be an object/],
    [{ matchExpressions: [{ operator: 'In' }] }, /key of a match expression/],
    [{ matchExpressions: [{ key: 'a', operator: 'In', values: [1] }] }, /list of strings/],
    ['a=b', /must be an object/],
  ];
  for (const [selector, pattern] of refused) {
    it(`refuses ${JSON.stringify(selector)}`, () => {
      assert.throws(
        () => selectorFrom(selector as JsonObject),
        (error: Error) => error instanceof SelectorError && pattern.test(error.message),
      );
    });
  }
});

it('selectors print to what they read, and garbage gives only typed errors', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
  fc.assert(
    fc.property(fc.dictionary(name, name), (labels) => {
      const selector = selectorFromLabels(labels);
      assert.equal(matchesSelector(selector, labels), true);
      assert.deepEqual(parseSelector(formatSelector(selector)), { ...selector });
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab=!(),<> in/.') }), (text) => {
      try {
        const selector = parseSelector(text);
        assert.equal(formatSelector(parseSelector(formatSelector(selector))), formatSelector(selector));
      } catch (error) {
        assert.ok(error instanceof SelectorError);
      }
    }),
  );
  fc.assert(
    fc.property(fc.anything(), (garbage) => {
      try {
        selectorFrom(garbage as JsonObject);
      } catch (error) {
        assert.ok(error instanceof SelectorError);
      }
    }),
  );
});

describe('field selectors', () => {
  const pod = { metadata: { name: 'x', namespace: 'n' }, status: { phase: 'Running' }, spec: { n: 5 } };
  const rows: [string, boolean][] = [
    ['', true],
    ['metadata.name=x', true],
    ['metadata.name==x,status.phase!=Failed', true],
    ['metadata.name!=x', false],
    ['metadata.uid=', true],
    ['metadata.uid!=', false],
    ['spec.n=5', true],
    ['__proto__.x=', true],
  ];
  for (const [text, expected] of rows) {
    it(text, () => assert.equal(matchesFieldSelector(parseFieldSelector(text), pod), expected));
  }

  it('unescapes values and prints them escaped', () => {
    const selector = parseFieldSelector('b=1,a=x\\,y\\=z\\\\');
    assert.deepEqual(selector[0], { field: 'a', operator: '=', value: 'x,y=z\\' });
    assert.equal(formatFieldSelector(selector), 'a=x\\,y\\=z\\\\,b=1');
  });

  const refused: [string, string][] = [
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['a=b\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, () => {
      assert.throws(() => parseFieldSelector(text), { name: 'SelectorError', message });
    });
  }
});
