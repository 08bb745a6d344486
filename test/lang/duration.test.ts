import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  DurationError,
  formatDuration,
  formatDurationNanos,
  humanDuration,
  parseDuration,
  parseDurationNanos,
} from '../../src/lang/duration.ts';

describe('Go durations', () => {
  const read: [string, number][] = [
    ['0', 0],
    ['-0', 0],
    ['+5s', 5000],
    ['-5s', -5000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['5.s', 5000],
    ['500ms', 500],
    ['2µs', 0.002],
    ['2μs', 0.002],
    ['2us', 0.002],
    ['1ns', 1e-6],
    ['1m0.3s', 60_300],
    ['30s1h', 3_630_000],
    ['0.3333333333333333333h', 1_200_000],
    ['0.100000000000000000000h', 360_000],
  ];
  for (const [text, ms] of read) it(`reads ${text}`, () => assert.equal(parseDuration(text), ms));

  it('holds 64 bits', () => {
    assert.equal(parseDurationNanos('9223372036854775807ns'), 9223372036854775807n);
    assert.equal(parseDurationNanos('-9223372036854775808ns'), -9223372036854775808n);
    assert.equal(parseDurationNanos('9223372036.854775807s'), 9223372036854775807n);
  });

  const refused: [string, string][] = [
    ['', 'time: invalid duration ""'],
    ['3', 'time: missing unit in duration "3"'],
    ['-', 'time: invalid duration "-"'],
    ['s', 'time: invalid duration "s"'],
    ['.', 'time: invalid duration "."'],
    ['.s', 'time: invalid duration ".s"'],
    ['+.s', 'time: invalid duration "+.s"'],
    ['1x', 'time: unknown unit "x" in duration "1x"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['1h 30m', 'time: unknown unit "h " in duration "1h 30m"'],
    ['\x00 1s', 'time: invalid duration "\\x00 1s"'],
    ['1"', 'time: unknown unit "\\"" in duration "1\\""'],
    ['1ä', 'time: unknown unit "\\xc3\\xa4" in duration "1\\xc3\\xa4"'],
    ['9223372036854775808ns', 'time: invalid duration "9223372036854775808ns"'],
    ['9223372036854775809ns', 'time: invalid duration "9223372036854775809ns"'],
    ['3000000h', 'time: invalid duration "3000000h"'],
    ['2562047h47m16.854775808s', 'time: invalid duration "2562047h47m16.854775808s"'],
    ['1e3s', 'time: unknown unit "e" in duration "1e3s"'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseDuration(text), { name: 'DurationError', message });
    });
  }

  const printed: [number, string][] = [
    [0, '0s'],
    [500, '500ms'],
    [1500, '1.5s'],
    [0.25, '250µs'],
    [0.000001, '1ns'],
    [60_000, '1m0s'],
    [5_400_000, '1h30m0s'],
    [-90_000, '-1m30s'],
    [3_600_100, '1h0m0.1s'],
  ];
  for (const [ms, text] of printed) it(`prints ${text}`, () => assert.equal(formatDuration(ms), text));

  it('reads back what it prints, and garbage gives only typed errors', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (nanos) => {
        assert.equal(parseDurationNanos(formatDurationNanos(nanos)), nanos);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseDuration(text);
        } catch (error) {
          assert.ok(error instanceof DurationError);
        }
      }),
    );
    assert.throws(() => parseDuration(`${'1'.repeat(1_000_000)}s`), DurationError);
  });

  const ages: [number, string][] = [
    [-5000, '<invalid>'],
    [-1500, '0s'],
    [999, '0s'],
    [119_000, '119s'],
    [120_000, '2m'],
    [125_000, '2m5s'],
    [11 * 60_000, '11m'],
    [179 * 60_000, '179m'],
    [180 * 60_000, '3h'],
    [185 * 60_000, '3h5m'],
    [9 * 3_600_000, '9h'],
    [47 * 3_600_000, '47h'],
    [48 * 3_600_000, '2d'],
    [51 * 3_600_000, '2d3h'],
    [9 * 86_400_000, '9d'],
    [2 * 365 * 86_400_000, '2y'],
    [(2 * 365 + 3) * 86_400_000, '2y3d'],
    [9 * 365 * 86_400_000 + 5 * 86_400_000, '9y'],
  ];
  for (const [ms, text] of ages) it(`age ${text}`, () => assert.equal(humanDuration(ms), text));
});
