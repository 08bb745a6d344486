import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chiSquared, chiSquaredTail, upperLimit } from '../../src/demo/statistics.ts';

describe('statistics of the demo', () => {
  it('sums squared deviations over expectations', () => {
    assert.equal(chiSquared([20, 80], [20, 80]), 0);
    assert.equal(chiSquared([30, 70], [20, 80]), 100 / 20 + 100 / 80);
  });

  // Critical values of the chi-squared distribution as tables print them.
  for (const [x, degrees, tail] of [
    [3.841, 1, 0.05],
    [6.635, 1, 0.01],
    [15.137, 1, 0.0001],
    [5.991, 2, 0.05],
    [9.488, 4, 0.05],
    [23.513, 4, 0.0001],
    [0.711, 4, 0.95],
    [18.307, 10, 0.05],
  ] as const) {
    it(`knows that ${x} with ${degrees} degrees of freedom is ${tail}`, () => {
      const probability = chiSquaredTail(x, degrees);
      assert.ok(Math.abs(probability - tail) < tail * 0.002, String(probability));
    });
  }

  it('stays within 0 and 1 at the ends', () => {
    assert.equal(chiSquaredTail(0, 3), 1);
    assert.ok(chiSquaredTail(1e6, 3) >= 0);
    assert.ok(chiSquaredTail(1e6, 3) < 1e-100);
  });

  it('allows five standard deviations', () => {
    assert.equal(upperLimit(50, 25), 75);
  });
});
