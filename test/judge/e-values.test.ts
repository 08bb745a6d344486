/** The guarantees, without simulation: over all outcomes of a small block, the mean of an e-value is at most 1 under the null. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addErrorRateBlock, NO_ERROR_RATE_EVIDENCE, ODDS } from '../../src/providers/judge/error-rate.ts';
import { addLatencyBlock, NO_LATENCY_EVIDENCE, STAKES } from '../../src/providers/judge/latency.ts';
import { slowerChance } from './simulation.ts';

const EPSILON = 1e-9;

const choose = (n: number, k: number): number =>
  Array.from({ length: k }, (_, i) => (n - i) / (i + 1)).reduce((product, factor) => product * factor, 1);
const binomial = (n: number, k: number, p: number): number => choose(n, k) * p ** k * (1 - p) ** (n - k);

/** Means of all e-values of one block of error rates, over every outcome. */
function errorRateMeans(
  n: { canary: number; stable: number },
  p: { canary: number; stable: number },
  guess: { rate: number; margin: number },
): { worse: number[]; noWorse: number } {
  const worse = ODDS.map(() => 0);
  let noWorse = 0;
  for (let x = 0; x <= n.canary; x += 1)
    for (let y = 0; y <= n.stable; y += 1) {
      const chance = binomial(n.canary, x, p.canary) * binomial(n.stable, y, p.stable);
      const evidence = addErrorRateBlock(
        NO_ERROR_RATE_EVIDENCE,
        { canary: { total: n.canary, failed: x }, stable: { total: n.stable, failed: y } },
        guess,
      );
      evidence.worse.forEach((log, i) => (worse[i] = (worse[i] ?? 0) + chance * Math.exp(log)));
      noWorse += chance * Math.exp(evidence.noWorse);
    }
  return { worse, noWorse };
}

const SIZES = [
  { canary: 1, stable: 1 },
  { canary: 3, stable: 7 },
  { canary: 6, stable: 2 },
  { canary: 5, stable: 12 },
];

describe('judge: evidence for a worse error rate', () => {
  it('has a mean of 1 when the rates are equal, whatever they are', () => {
    for (const size of SIZES)
      for (const rate of [0.01, 0.2, 0.5, 0.97])
        for (const mean of errorRateMeans(size, { canary: rate, stable: rate }, { rate: 0.1, margin: 0.05 })
          .worse)
          assert.ok(Math.abs(mean - 1) < EPSILON, `${JSON.stringify(size)} at ${rate}: ${mean}`);
  });

  it('has a mean below 1 when the canary is better, and above 1 when it is worse', () => {
    for (const size of SIZES) {
      const better = errorRateMeans(size, { canary: 0.1, stable: 0.3 }, { rate: 0.1, margin: 0.05 });
      for (const mean of better.worse) assert.ok(mean < 1, `${JSON.stringify(size)}: ${mean}`);
      const worse = errorRateMeans(size, { canary: 0.6, stable: 0.1 }, { rate: 0.1, margin: 0.05 });
      for (const mean of worse.worse) assert.ok(mean > 1, `${JSON.stringify(size)}: ${mean}`);
    }
  });

  it('is the likelihood ratio of the noncentral hypergeometric distribution', () => {
    // 2 of 3 canary and 1 of 4 stable requests failed: weights C(3,x) C(4,3-x) are 4, 18, 12, 1.
    const evidence = addErrorRateBlock(
      NO_ERROR_RATE_EVIDENCE,
      { canary: { total: 3, failed: 2 }, stable: { total: 4, failed: 1 } },
      { rate: 0.1, margin: 0.05 },
    );
    ODDS.forEach((odds, i) => {
      const expected = (odds ** 2 * 35) / (4 + 18 * odds + 12 * odds ** 2 + odds ** 3);
      assert.ok(Math.abs(Math.exp(evidence.worse[i] ?? NaN) - expected) < EPSILON, `odds ${odds}`);
    });
  });

  it('stays finite and quick for millions of requests', () => {
    const begun = performance.now();
    const evidence = addErrorRateBlock(
      NO_ERROR_RATE_EVIDENCE,
      { canary: { total: 2_000_000, failed: 61_000 }, stable: { total: 9_000_000, failed: 270_000 } },
      { rate: 0.03, margin: 0.01 },
    );
    assert.ok(performance.now() - begun < 2_000);
    for (const log of [...evidence.worse, evidence.noWorse]) assert.ok(Number.isFinite(log), String(log));
  });
});

describe('judge: evidence for an error rate that is no worse', () => {
  it('has a mean of at most 1 wherever the canary is worse by the margin or more', () => {
    for (const size of SIZES)
      for (const margin of [0.01, 0.1, 0.3])
        for (const stable of [0, 0.05, 0.3, 0.6])
          for (const more of [0, 0.02, 0.09])
            for (const rate of [0.001, 0.05, 0.5]) {
              const p = { canary: stable + margin + more, stable };
              const { noWorse } = errorRateMeans(size, p, { rate, margin });
              assert.ok(noWorse <= 1 + 1e-7, `${JSON.stringify({ size, p, margin, rate })}: ${noWorse}`);
            }
  });

  it('grows when both have the rate that was expected, by about the requests times the margin where none fails', () => {
    const block = { canary: { total: 300, failed: 0 }, stable: { total: 3_000, failed: 0 } };
    const { noWorse } = addErrorRateBlock(NO_ERROR_RATE_EVIDENCE, block, { rate: 0.00001, margin: 0.01 });
    assert.ok(Math.abs(noWorse - 3) < 0.1, String(noWorse));
  });
});

/** Means of one block of latencies: every way in which its requests can fall into the buckets. */
function latencyMeans(
  n: { canary: number; stable: number },
  chances: { canary: readonly number[]; stable: readonly number[] },
  margin: number,
): { worse: number[]; noWorse: number[] } {
  const worse = STAKES.map(() => 0);
  const noWorse = STAKES.map(() => 0);
  for (const canary of outcomes(n.canary, chances.canary))
    for (const stable of outcomes(n.stable, chances.stable)) {
      const chance = canary.chance * stable.chance;
      const block = { canary: canary.counts, stable: stable.counts };
      const evidence = addLatencyBlock(NO_LATENCY_EVIDENCE, block, { margin });
      evidence.worse.forEach((log, i) => (worse[i] = (worse[i] ?? 0) + chance * Math.exp(log)));
      evidence.noWorse.forEach((log, i) => (noWorse[i] = (noWorse[i] ?? 0) + chance * Math.exp(log)));
    }
  return { worse, noWorse };
}

function outcomes(n: number, chances: readonly number[]): { counts: number[]; chance: number }[] {
  const [first, ...rest] = chances;
  if (first === undefined) return [];
  if (rest.length === 0) return [{ counts: [n], chance: 1 }];
  const left = rest.reduce((total, chance) => total + chance, 0);
  return Array.from({ length: n + 1 }, (_, k) => k).flatMap((k) =>
    outcomes(
      n - k,
      rest.map((chance) => chance / left),
    ).map(({ counts, chance }) => ({ counts: [k, ...counts], chance: chance * binomial(n, k, first) })),
  );
}

const EQUAL = [
  [0.5, 0.3, 0.2],
  [0.9, 0.1],
  [0.05, 0.95],
];

describe('judge: evidence for a slower canary', () => {
  it('has a mean of at most 1 when the canary is not slower, for pairs and for groups of either side', () => {
    for (const n of [
      { canary: 2, stable: 2 },
      { canary: 3, stable: 8 },
      { canary: 1, stable: 9 },
      { canary: 2, stable: 14 },
      { canary: 9, stable: 1 },
    ])
      for (const chances of EQUAL)
        for (const mean of latencyMeans(n, { canary: chances, stable: chances }, 0.05).worse)
          assert.ok(mean <= 1 + EPSILON, `${JSON.stringify({ n, chances })}: ${mean}`);
  });

  it('is no surer than it may be that a canary is no slower, at the margin and beyond', () => {
    const stable = [0.6, 0.3, 0.1];
    for (const canary of [
      [0.5, 0.35, 0.15],
      [0.3, 0.4, 0.3],
    ]) {
      const margin = slowerChance(canary, stable) - 0.5;
      for (const n of [
        { canary: 2, stable: 3 },
        { canary: 1, stable: 9 },
        { canary: 7, stable: 1 },
      ])
        for (const share of [1, 0.5])
          for (const mean of latencyMeans(n, { canary, stable }, margin * share).noWorse)
            assert.ok(mean <= 1 + EPSILON, `${JSON.stringify({ n, canary, share })}: ${mean}`);
    }
  });

  it('tells the effect: the chance that a request of the canary is the slower one', () => {
    const evidence = addLatencyBlock(
      NO_LATENCY_EVIDENCE,
      { canary: [1, 3], stable: [4, 4] },
      { margin: 0.05 },
    );
    // The fast one ties with 4 of 8; each of the slow three beats 4 and ties with 4.
    assert.deepEqual([evidence.slower, evidence.pairs], [2 + 3 * 6, 32]);
  });

  it('is the same test whichever side has more requests', () => {
    const one = addLatencyBlock(NO_LATENCY_EVIDENCE, { canary: [5, 1], stable: [20, 40] }, { margin: 0.05 });
    const other = addLatencyBlock(
      NO_LATENCY_EVIDENCE,
      { canary: [40, 20], stable: [1, 5] },
      { margin: 0.05 },
    );
    one.worse.forEach((log, i) => assert.ok(Math.abs(log - (other.worse[i] ?? NaN)) < EPSILON));
    one.noWorse.forEach((log, i) => assert.ok(Math.abs(log - (other.noWorse[i] ?? NaN)) < EPSILON));
  });
});
