import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../src/lang/json.ts';
import { cloneJson } from '../../src/lang/own.ts';
import { parseYaml, parseYamlDocuments, printYaml, YamlError } from '../../src/lang/yaml.ts';
import { anyJson } from './json-arbitrary.ts';

describe('reading YAML', () => {
  it('reads many documents and drops empty ones', () => {
    assert.deepEqual(parseYaml('---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n'), [{ a: 1 }, { b: 2 }]);
    assert.deepEqual(parseYaml(''), []);
    assert.deepEqual(parseYaml('# only a comment\n'), []);
    assert.deepEqual(parseYaml('null'), []);
  });

  const scalars: [string, Json][] = [
    ['yes', true],
    ['Off', false],
    ['y', true],
    ['0644', 420],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['08', 8],
    ['1:30', '1:30'],
    ['190:20:30', '190:20:30'],
    ['2024-01-01', '2024-01-01'],
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
    ['1e3', 1000],
    ['1e999', '1e999'],
    ['.5', 0.5],
    ['+.5', 0.5],
    ['1.', 1],
    ['.', '.'],
    ['-', null],
    ['~', null],
    ['nullx', 'nullx'],
    ['"yes"', 'yes'],
    ["'0644'", '0644'],
    ['!!str 5', '5'],
    ['!!int "5"', 5],
    ['!!float 5', 5],
    ['!!binary aGk=', 'hi'],
    ['! 5', '5'],
    ['!custom 5', '5'],
    ['18446744073709551615', 2 ** 64],
    ['1.10', 1.1],
    ['1Gi', '1Gi'],
    ['|\n  a\n  b\n', 'a\nb\n'],
    ['>-\n  a\n  b\n', 'a b'],
  ];
  for (const [text, value] of scalars) {
    it(JSON.stringify(text), () => {
      if (text === '-') assert.deepEqual(parseYaml(text), [[null]]);
      else assert.deepEqual(parseYaml(`a: ${text}\n`), [{ a: value }]);
    });
  }

  it('turns keys into texts as Kubernetes does', () => {
    assert.deepEqual(parseYaml('1: a\n0x10: b\n1.50: c\nyes: d\n"no": e\n'), [
      { 1: 'a', 16: 'b', '1.5': 'c', true: 'd', no: 'e' },
    ]);
  });

  it('merges maps', () => {
    const base = 'base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\n';
    const merged = (text: string): Json => (parseYaml(base + text)[0] as { x: Json }).x;
    assert.deepEqual(merged('x:\n  <<: *base\n  a: 9\n'), { a: 9, b: 2 });
    assert.deepEqual(merged('x:\n  <<: [*base, *more]\n'), { a: 1, b: 2, c: 4 });
    assert.deepEqual(merged('x:\n  a: 9\n  <<: *base\n'), { a: 1, b: 2 });
    assert.deepEqual(parseYaml('a:\n  "<<": {b: 1}\n'), [{ a: { '<<': { b: 1 } } }]);
  });

  it('an alias means the last anchor of its name before it', () => {
    assert.deepEqual(parseYaml('a: &x 1\nb: *x\nc: &x 2\nd: *x\n'), [{ a: 1, b: 1, c: 2, d: 2 }]);
  });

  it('reads JSON, also indented by tabs', () => {
    assert.deepEqual(parseYaml('{\n\t"a": [1, "yes"]\n}'), [{ a: [1, 'yes'] }]);
  });

  it('the key __proto__ is a key like others', () => {
    assert.equal(JSON.stringify(parseYaml('__proto__: {polluted: 1}\n')), '[{"__proto__":{"polluted":1}}]');
    assert.equal(
      JSON.stringify(parseYaml('a: &a {__proto__: 1}\nb: {<<: *a}\n')),
      '[{"a":{"__proto__":1},"b":{"__proto__":1}}]',
    );
  });

  const refused: [string, RegExp][] = [
    ['a: 1\na: 2\n', /^f\.yaml: line 2, column 1: key "a" already set in map$/],
    ['a: {b: 1, b: 1}\n', /^f\.yaml: line 1, column 11: key "b" already set/],
    ['a: 1\n01: 2\n1: 3\n', /key "1" already set/],
    ['a: [1\nb: 2\n', /^f\.yaml: line 2, column 1: /],
    ['a: b: c\n', /line 1, column/],
    ['a: *x\n', /unknown anchor 'x' referenced|Unresolved alias/],
    ['a: &x [*x]\n', /anchor 'x' value contains itself/],
    ['a: .nan\n', /no number that JSON can hold/],
    ['? [a]\n: b\n', /can not be a map key/],
    ['~: b\n', /a null can not be a map key/],
    ['a: {<<: 1}\n', /map merge requires map/],
    ['a: !!int x\n', /cannot decode `x` as a !!int/],
    ['a: !!binary "@"\n', /invalid base64/],
    ['\ta: 1\n', /line 1/],
    ['%x: v\n', /Unknown directive %x:/],
    [`a: ${'['.repeat(600)}${']'.repeat(600)}\n`, /nested/],
    ['['.repeat(200_000), /nested|line/],
    [`${'a: '.repeat(3)}${'x'.repeat(9 * 1024 * 1024)}`, /more than/],
  ];
  for (const [text, pattern] of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
      assert.throws(
        () => parseYaml(text, 'f.yaml'),
        (error: Error) => error instanceof YamlError && pattern.test(error.message),
      );
    });
  }

  it('limits what aliases make', () => {
    const laughs = ['a: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++) {
      laughs.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]`);
    }
    assert.throws(() => parseYaml(laughs.join('\n')), /excessive aliasing/);
  });

  it('garbage gives only typed errors', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '&x ',
      '*x',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '|',
      '>',
      '!',
      '%',
      '?',
      '<<',
      '#',
      '\t',
      '---\n',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          parseYaml(pieces.join(''));
        } catch (error) {
          assert.ok(error instanceof YamlError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('printing YAML', () => {
  it('as kubectl prints it', () => {
    const value = {
      kind: 'X',
      apiVersion: 'v1',
      spec: {
        list: [{ name: 'a', nested: [1, 2] }, [['x']], [], {}, null],
        text: 'a\nb\n',
        kept: 'a\n\n',
        cut: 'a\nb',
        empty: '',
        number: 1.5,
        large: 1e21,
        flag: true,
        a10: 1,
        a2: 2,
      },
    };
    assert.equal(
      printYaml(value),
      `apiVersion: v1
kind: X
spec:
  a2: 2
  a10: 1
  cut: |-
    a
    b
  empty: ""
  flag: true
  kept: |+
    a

  large: 1e+21
  list:
  - name: a
    nested:
    - 1
    - 2
  - - - x
  - []
  - {}
  - null
  number: 1.5
  text: |
    a
    b
`,
    );
  });

  const quoted: [string, string][] = [
    ['yes', '"yes"'],
    ['n', '"n"'],
    ['1:30', '"1:30"'],
    ['2024-01-01', '"2024-01-01"'],
    ['0644', '"0644"'],
    ['1e3', '"1e3"'],
    ['1_000', '"1_000"'],
    ['null', '"null"'],
    ['~', '"~"'],
    ['.inf', '".inf"'],
    ['a: b', "'a: b'"],
    ['a #b', "'a #b'"],
    ["it's: x", "'it''s: x'"],
    ['*', "'*'"],
    ['-', "'-'"],
    ['a:', "'a:'"],
    [' a', "' a'"],
    ['@x', "'@x'"],
    ['a\tb', '"a\\tb"'],
    ['a\u0085b', '"a\\Nb"'],
    ['\0\b\x1f😀', '"\\0\\b\\x1F\\U0001F600"'],
    ['-flag', '-flag'],
    [':8080', ':8080'],
    ['a:b', 'a:b'],
    ['x,y', 'x,y'],
    ['100m', '100m'],
    ['nginx:1.19-alpine', 'nginx:1.19-alpine'],
    ['08', '"08"'],
    ['<<', '"<<"'],
  ];
  for (const [value, text] of quoted) {
    it(text, () => {
      assert.equal(printYaml([value]), `- ${text}\n`);
      assert.deepEqual(parseYaml(printYaml({ a: value, [value]: 1 })), [{ a: value, [value]: 1 }]);
    });
  }

  it('reads back what it prints', () => {
    const strings = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...' \n\t:#-?[]{},&*!|>\'"%@`~=<.01_xenyo\u0085\u2028\ufeff\r') }),
    );
    const value = fc.oneof(
      anyJson,
      strings,
      fc.dictionary(strings, strings),
      fc.array(strings),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(value, (json) => {
        const kept = cloneJson(json as Json);
        if (kept === null) return;
        const text = printYaml(kept);
        assert.deepEqual(normal(parseYaml(text)[0] as Json), normal(kept), text);
      }),
      { numRuns: 3000 },
    );
  });
});

/** -0 and lone surrogates have no form of their own in JSON text. */
function normal(value: Json): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => (typeof item === 'string' ? item.toWellFormed() : item)),
  );
}

describe('lines of YAML', () => {
  it('are those of keys and items, by document', () => {
    const text = `# first
a: 1
list:
- name: x
  value: |
    one
    two
- {name: y}
---
b: &anchor
  c: 1
d: *anchor
`;
    const [first, second] = parseYamlDocuments(text);
    const rows: [(string | number)[], number][] = [
      [[], 2],
      [['a'], 2],
      [['list', 0], 4],
      [['list', 0, 'value'], 5],
      [['list', 1, 'name'], 8],
      [['list', 9, 'name'], 3],
      [['nowhere', 'deep'], 2],
    ];
    for (const [path, line] of rows) assert.equal(first?.lineOf(path), line, path.join('.'));
    assert.equal(second?.lineOf(['d', 'c']), 11, 'what an alias brings stands at its anchor');
  });
});
