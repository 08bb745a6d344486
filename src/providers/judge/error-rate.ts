/**
 * Sequential test of two error rates: two e-processes, each a non-negative process whose expectation never exceeds 1
 * while its null hypothesis holds. By Ville's inequality the chance that it ever reaches 1/a is at most a, however
 * often one looks. Pure.
 *
 * - Evidence for "worse", null: the canary's odds of failing are at most stable's. Given how many requests of a block
 *   failed in all, the share that fell on the canary has Fisher's noncentral hypergeometric distribution, which knows the
 *   odds ratio only: what the error rate itself does from block to block doesn't matter. Likelihood ratios against odds
 *   ratio 1, averaged over a few alternatives; the ratio is monotone, so smaller odds only lower its expectation.
 * - Evidence for "no worse", null: the canary's error rate is at least stable's plus `margin`. Likelihood of "both have
 *   the rate seen so far" against the closest pair of rates in the null. In each coordinate the logarithm of its
 *   expectation is concave and has no slope into the null at that pair, so it is at most 0 everywhere in the null.
 */

/** Requests of one version between two looks. */
export interface Side {
  readonly total: number;
  readonly failed: number;
}

export interface ErrorRateBlock {
  readonly canary: Side;
  readonly stable: Side;
}

/** Natural logarithms of e-values. */
export interface ErrorRateEvidence {
  /** One for each of `ODDS`. */
  readonly worse: readonly number[];
  readonly noWorse: number;
}

/** Alternatives for "worse": how many times as likely a request fails on the canary. */
export const ODDS: readonly number[] = [1.5, 2, 3, 6, 15, 50];

export const NO_ERROR_RATE_EVIDENCE: ErrorRateEvidence = { worse: ODDS.map(() => 0), noWorse: 0 };

/**
 * Evidence after one more block. `rate` is the error rate that was expected before the block was seen; `margin` the
 * smallest difference of rates that matters.
 */
export function addErrorRateBlock(
  evidence: ErrorRateEvidence,
  block: ErrorRateBlock,
  { rate, margin }: { readonly rate: number; readonly margin: number },
): ErrorRateEvidence {
  return {
    worse: evidence.worse.map((log, i) => log + oddsLogRatio(block, ODDS[i] ?? 1)),
    noWorse: evidence.noWorse + noWorseLogRatio(block, rate, margin),
  };
}

/** log P(canary's failures | all failures, odds ratio) - log P(the same | odds ratio 1). */
function oddsLogRatio({ canary, stable }: ErrorRateBlock, odds: number): number {
  const failures = canary.failed + stable.failed;
  const lowest = Math.max(0, failures - stable.total);
  const highest = Math.min(failures, canary.total);
  if (lowest === highest) return 0;
  const logOdds = Math.log(odds);
  const sums = { plain: -Infinity, tilted: -Infinity };
  // Weights are relative to the observed count: only their ratios matter, and most of the range is negligible.
  let log = 0;
  const add = (count: number): boolean => {
    const tilt = (count - canary.failed) * logOdds;
    const before = sums.plain + sums.tilted;
    sums.plain = logAdd(sums.plain, log);
    sums.tilted = logAdd(sums.tilted, log + tilt);
    return sums.plain + sums.tilted - before > 1e-13;
  };
  add(canary.failed);
  for (let x = canary.failed; x < highest; x += 1) {
    log += step(canary, stable, failures, x);
    if (!add(x + 1)) break;
  }
  log = 0;
  for (let x = canary.failed; x > lowest; x -= 1) {
    log -= step(canary, stable, failures, x - 1);
    if (!add(x - 1)) break;
  }
  return sums.plain - sums.tilted;
}

/** log of w(x + 1) / w(x), with w(x) = C(canary, x) C(stable, failures - x). */
function step(canary: Side, stable: Side, failures: number, x: number): number {
  return (
    Math.log(canary.total - x) +
    Math.log(failures - x) -
    Math.log(x + 1) -
    Math.log(stable.total - failures + x + 1)
  );
}

function noWorseLogRatio({ canary, stable }: ErrorRateBlock, rate: number, margin: number): number {
  if (canary.total === 0) return 0;
  const both = Math.min(Math.max(rate, 1e-6), 1 - margin - 1e-6);
  const nearest = nearestStableRate(canary.total, stable.total, both, margin);
  return (
    logLikelihoodRatio(canary, both, nearest + margin) +
    (stable.total === 0 ? 0 : logLikelihoodRatio(stable, both, nearest))
  );
}

const logLikelihoodRatio = ({ total, failed }: Side, p: number, q: number): number =>
  failed * Math.log(p / q) + (total - failed) * Math.log((1 - p) / (1 - q));

/** The stable rate s for which (s + margin, s) is the pair of the null that is hardest to tell from (p, p). */
function nearestStableRate(canary: number, stable: number, p: number, margin: number): number {
  const slope = (s: number): number =>
    canary * ((1 - p) / (1 - s - margin) - p / (s + margin)) + stable * ((1 - p) / (1 - s) - p / s);
  let low = 1e-12;
  let high = 1 - margin - 1e-12;
  if (slope(low) >= 0) return low;
  for (let i = 0; i < 100 && high - low > 1e-14; i += 1) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** log(exp(a) + exp(b)). */
function logAdd(a: number, b: number): number {
  const high = Math.max(a, b);
  return high === -Infinity ? -Infinity : high + Math.log1p(Math.exp(Math.min(a, b) - high));
}
