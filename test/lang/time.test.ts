import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatMicroTime, formatTime, parseTime } from '../../src/lang/time.ts';

describe('times', () => {
  const at = Date.UTC(2026, 0, 31, 12, 0, 0);

  it('prints metav1.Time and metav1.MicroTime', () => {
    assert.equal(formatTime(at), '2026-01-31T12:00:00Z');
    assert.equal(formatTime(at + 999), '2026-01-31T12:00:00Z');
    assert.equal(formatTime(-1), '1969-12-31T23:59:59Z');
    assert.equal(formatMicroTime(at + 250), '2026-01-31T12:00:00.250000Z');
    assert.equal(formatMicroTime(at + 0.5), '2026-01-31T12:00:00.000500Z');
    assert.throws(() => formatTime(Number.NaN), RangeError);
  });

  const read: [string, number][] = [
    ['2026-01-31T12:00:00Z', at],
    ['2026-01-31T12:00:00.25Z', at + 250],
    ['2026-01-31T12:00:00.000500Z', at + 0.5],
    ['2026-01-31T13:30:00+01:30', at],
    ['2026-01-31T10:00:00-02:00', at],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ];
  for (const [text, ms] of read) it(`reads ${text}`, () => assert.equal(parseTime(text), ms));

  const refused: unknown[] = [
    undefined,
    null,
    5,
    '',
    'now',
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-01-31 12:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:00:60Z',
    '2026-01-31T12:00:00+24:00',
    '2026-1-31T12:00:00Z',
    'x'.repeat(100_000),
  ];
  for (const value of refused) {
    it(`refuses ${String(value).slice(0, 30)}`, () => assert.equal(parseTime(value), undefined));
  }

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_000_000_000, max: 253_402_300_799 }), (seconds) => {
        assert.equal(parseTime(formatTime(seconds * 1000)), seconds * 1000);
        assert.equal(parseTime(formatMicroTime(seconds * 1000 + 7)), seconds * 1000 + 7);
      }),
    );
  });
});
