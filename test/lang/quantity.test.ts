import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  QuantityError,
  quantityValue,
  roundUpToMilli,
} from '../../src/lang/quantity.ts';

const quantity = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.bigInt({ min: 0n, max: 10n ** 22n }).map(String),
    fc.option(fc.stringMatching(/^[0-9]{0,12}$/)),
    fc.constantFrom(
      '',
      'n',
      'u',
      'm',
      'k',
      'M',
      'G',
      'T',
      'P',
      'E',
      'Ki',
      'Mi',
      'Gi',
      'Ti',
      'Pi',
      'Ei',
      'e3',
      'E-2',
      'e+9',
      'e-20',
    ),
  )
  .map(
    ([sign, whole, fraction, suffix]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${suffix}`,
  );

describe('quantities', () => {
  const canonical: [string | number, string][] = [
    ['1000m', '1'],
    ['0.5', '500m'],
    [0.5, '500m'],
    [1, '1'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1Ki', '1Ki'],
    ['1000Ki', '1000Ki'],
    ['512Ki', '512Ki'],
    ['0.5Ki', '512'],
    ['1024', '1024'],
    ['1e3', '1e3'],
    ['1000e3', '1e6'],
    ['12E6', '12E6'],
    ['1500m', '1500m'],
    ['1.500', '1.500'],
    ['-1', '-1'],
    ['0', '0'],
    ['0Ki', '0'],
    ['0.1n', '1n'],
    ['1000000', '1M'],
    [1e21, '1e+21'],
    ['100Ei', '9223372036854775807'],
    ['m', '0'],
    ['01Ki', '01Ki'],
  ];
  for (const [value, text] of canonical)
    it(`${value} is ${text}`, () => assert.equal(canonicalQuantity(value), text));

  const refused: [string, RegExp][] = [
    ['', /^quantities must match/],
    ['invalid', /^quantities must match/],
    ['1 Gi', /^quantities must match/],
    ['1.2.3', /^quantities must match/],
    ['1x', /^quantities must match/],
    ['1kM', /suffix$/],
    ['1e', /suffix$/],
    ['1mi', /suffix$/],
    ['.e-20', /numeric part/],
    ['Pi', /numeric part/],
    ['1'.repeat(10_000), /too long/],
  ];
  for (const [value, pattern] of refused) {
    it(`refuses ${value.slice(0, 20)}`, () => {
      assert.throws(
        () => parseQuantity(value),
        (error: Error) => error instanceof QuantityError && pattern.test(error.message),
      );
    });
  }

  it('compares by value', () => {
    assert.equal(compareQuantities('1Gi', 1073741824), 0);
    assert.equal(compareQuantities('1000m', '1'), 0);
    assert.equal(compareQuantities('999m', 1), -1);
    assert.equal(compareQuantities('-1', '-2'), 1);
    assert.equal(compareQuantities('1e2000000000', '1'), 1);
    assert.equal(compareQuantities('0e9', '0'), 0);
    assert.equal(roundUpToMilli('1u'), '1m');
    assert.equal(roundUpToMilli('-1.0001'), '-1001m');
    assert.equal(quantityValue('1Gi'), quantityValue(1073741824));
  });

  it('is a total order, and the canonical form keeps the value and itself', () => {
    fc.assert(
      fc.property(quantity, quantity, quantity, (a, b, c) => {
        assert.equal(compareQuantities(a, a), 0);
        assert.equal(compareQuantities(a, b) + compareQuantities(b, a), 0);
        if (compareQuantities(a, b) <= 0 && compareQuantities(b, c) <= 0)
          assert.ok(compareQuantities(a, c) <= 0);
        assert.equal(compareQuantities(a, b) === 0, quantityValue(a) === quantityValue(b));
      }),
    );
  });

  it('garbage gives only typed errors', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom(...'0123456789.eEinumkKMGTP+-') }),
          fc.double(),
        ),
        (value) => {
          try {
            canonicalQuantity(value);
          } catch (error) {
            assert.ok(error instanceof QuantityError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
