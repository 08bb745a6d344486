import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  formatGoDecimal,
  formatGoFixed,
  formatGoFloat,
  formatGoJsonNumber,
  quoteGo,
} from '../../src/lang/go-format.ts';
import { NumberSyntaxError, parseGoFloat, parseGoInt } from '../../src/lang/go-parse.ts';
import { JsonSyntaxError, parseGoJson } from '../../src/lang/go-json-syntax.ts';

describe('numbers as Go prints them', () => {
  const rows: [number, verb: string, decimal: string, json: string][] = [
    [0, '0', '0', '0'],
    [-0, '-0', '-0', '-0'],
    [5, '5', '5', '5'],
    [0.5, '0.5', '0.5', '0.5'],
    [-1.25, '-1.25', '-1.25', '-1.25'],
    [100000, '100000', '100000', '100000'],
    [1e6, '1e+06', '1000000', '1000000'],
    [1234567, '1.234567e+06', '1234567', '1234567'],
    [1e9, '1e+09', '1000000000', '1000000000'],
    [1e21, '1e+21', '1000000000000000000000', '1e+21'],
    [1e100, '1e+100', `1${'0'.repeat(100)}`, '1e+100'],
    [0.0001, '0.0001', '0.0001', '0.0001'],
    [0.00001, '1e-05', '0.00001', '0.00001'],
    [1e-7, '1e-07', '0.0000001', '1e-7'],
    [0.1 + 0.2, '0.30000000000000004', '0.30000000000000004', '0.30000000000000004'],
    [5e-324, '5e-324', `0.${'0'.repeat(323)}5`, '5e-324'],
  ];
  for (const [x, verb, decimal, json] of rows) {
    it(`${verb}`, () => {
      assert.deepEqual([formatGoFloat(x), formatGoDecimal(x), formatGoJsonNumber(x)], [verb, decimal, json]);
      assert.equal(parseGoFloat(decimal), x);
    });
  }

  it('NaN and infinities', () => {
    assert.deepEqual([NaN, Infinity, -Infinity].map(formatGoFloat), ['NaN', '+Inf', '-Inf']);
    assert.deepEqual([NaN, Infinity, -Infinity].map(formatGoDecimal), ['NaN', '+Inf', '-Inf']);
  });

  it('quotes', () => {
    assert.equal(quoteGo('a"b\\\n\u0001é\u2028\u{E0001}'), '"a\\"b\\\\\\n\\x01é\\u2028\\U000e0001"');
  });
});

describe('numbers as Go reads them', () => {
  it('integers', () => {
    assert.equal(parseGoInt('+9223372036854775807'), 2n ** 63n - 1n);
    for (const text of ['', '1.0', '0x10', ' 1', '1_0'])
      assert.throws(() => parseGoInt(text), NumberSyntaxError);
    assert.throws(() => parseGoInt('9223372036854775808'), {
      message: 'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    });
  });

  it('floats', () => {
    assert.equal(parseGoFloat('0x1.8p1'), 3);
    assert.equal(parseGoFloat('-inf'), -Infinity);
    assert.ok(Number.isNaN(parseGoFloat('NaN')));
    for (const text of ['', '.', 'e5', '1e', '0x10', '+nan', '1 ']) {
      assert.throws(() => parseGoFloat(text), {
        message: `strconv.ParseFloat: parsing "${text}": invalid syntax`,
      });
    }
    assert.throws(() => parseGoFloat('1e400'), /value out of range/);
  });
});

describe('JSON as Go reads it', () => {
  it('accepts what JSON.parse accepts', () => {
    const text = '{"a": [1, -0.5e+3, "\\u00e9\\n", true, false, null, {}, []], "__proto__": 1}';
    assert.equal(JSON.stringify(parseGoJson(text)), JSON.stringify(JSON.parse(text)));
  });

  it('says where it stops', () => {
    assert.throws(() => parseGoJson('<html>'), {
      message: "invalid character '<' looking for beginning of value",
    });
    assert.throws(() => parseGoJson('{"a":1'), { message: 'unexpected end of JSON input' });
    assert.throws(() => parseGoJson('['.repeat(10_000)), JsonSyntaxError);
  });
});

describe('numbers with a fixed number of digits', () => {
  // %.2f and %f of Go 1.24.
  const rows: [number, string, string][] = [
    [0, '0.00', '0.000000'],
    [-0, '-0.00', '-0.000000'],
    [0.125, '0.12', '0.125000'],
    [0.375, '0.38', '0.375000'],
    [-2.5, '-2.50', '-2.500000'],
    [1.005, '1.00', '1.005000'],
    [2.345, '2.35', '2.345000'],
    [0.0078125, '0.01', '0.007812'],
    [99.999, '100.00', '99.999000'],
    [1e21, '1000000000000000000000.00', '1000000000000000000000.000000'],
    [NaN, 'NaN', 'NaN'],
    [-Infinity, '-Inf', '-Inf'],
  ];
  for (const [x, two, six] of rows)
    it(String(x), () => assert.deepEqual([formatGoFixed(x, 2), formatGoFixed(x, 6)], [two, six]));

  it('ties go to the even digit without a fraction, too', () => {
    assert.deepEqual(
      [0.5, 1.5, 2.5, -0.5].map((x) => formatGoFixed(x, 0)),
      ['0', '2', '2', '-0'],
    );
  });
});
