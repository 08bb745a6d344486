/** Random releases for the judge: how often it is wrong, how often it is right, and how long it takes. Seeded. */

import { judgeConfig } from '../../src/providers/judge/config.ts';
import type { JudgeConfig } from '../../src/providers/judge/config.ts';
import { look } from '../../src/providers/judge/look.ts';
import type { Verdict } from '../../src/providers/judge/look.ts';
import type { Series } from '../../src/providers/judge/series.ts';
import { beginning } from '../../src/providers/judge/state.ts';
import { seededRandom } from '../../src/sandbox/index.ts';

export const LOOK_SECONDS = 10;

/** What one version gets between two looks: counts of classes (passed, failed; or buckets, fastest first). */
export interface Traffic {
  /** Requests of a look. */
  readonly requests: (lookNumber: number) => number;
  /** Chances of the classes; they add up to 1. */
  readonly chances: (lookNumber: number) => readonly number[];
}

export interface Scenario {
  readonly name: string;
  readonly config: JudgeConfig;
  readonly canary: Traffic;
  readonly stable: Traffic;
  readonly looks: number;
}

export interface Outcome {
  readonly verdict: Verdict;
  readonly looks: number;
}

export interface Tally {
  readonly runs: number;
  readonly worse: number;
  readonly noWorse: number;
  readonly undecided: number;
  /** Looks until the verdict, of those that had one; sorted. */
  readonly took: readonly number[];
}

const PROMETHEUS = { address: 'http://prometheus.example.com' };
const QUERIES = { canary: 'canary', stable: 'stable' };

export const errorRateConfig = (fields: { alpha?: string; power?: string; smallestEffect?: string } = {}) =>
  judgeConfig({
    prometheus: PROMETHEUS,
    errorRate: { ...QUERIES, failed: { label: 'code', pattern: '5..' } },
    ...fields,
  });

export const latencyConfig = (fields: { alpha?: string; power?: string; smallestEffect?: string } = {}) =>
  judgeConfig({ prometheus: PROMETHEUS, latency: QUERIES, ...fields });

export const steady = (requests: number, ...chances: number[]): Traffic => ({
  requests: () => requests,
  chances: () => chances,
});

/** One release, looked at every time until the judge has a verdict. */
export function release(scenario: Scenario, random: () => number): Outcome {
  const { config } = scenario;
  const isLatency = config.isFailed === undefined;
  const totals = { canary: [] as number[], stable: [] as number[] };
  let state = beginning(0);
  for (let n = 0; n <= scenario.looks; n += 1) {
    for (const side of ['canary', 'stable'] as const) {
      const { requests, chances } = scenario[side];
      const gained = n === 0 ? [] : multinomial(poisson(requests(n), random), chances(n), random);
      totals[side] = chances(n).map((_, k) => (totals[side][k] ?? 0) + (gained[k] ?? 0));
    }
    const series = isLatency ? histogram : codes;
    const judgement = look(config, state, { canary: series(totals.canary), stable: series(totals.stable) });
    if (judgement.verdict !== 'keep going') return { verdict: judgement.verdict, looks: n };
    state = judgement.state;
  }
  return { verdict: 'keep going', looks: scenario.looks };
}

export function tally(scenario: Scenario, runs: number, seed = 1): Tally {
  const random = seededRandom(seed);
  const outcomes = Array.from({ length: runs }, () => release(scenario, random));
  const count = (verdict: Verdict): number =>
    outcomes.filter((outcome) => outcome.verdict === verdict).length;
  return {
    runs,
    worse: count('worse'),
    noWorse: count('no worse'),
    undecided: count('keep going'),
    took: outcomes
      .filter(({ verdict }) => verdict !== 'keep going')
      .map(({ looks }) => looks)
      .sort((a, b) => a - b),
  };
}

/** Looks after which half of those with a verdict had it. */
export const median = ({ took }: Tally): number => took[Math.floor(took.length / 2)] ?? NaN;

/** How far above `p` the share of `runs` may lie by chance: four standard errors. */
export const tolerance = (p: number, runs: number): number => p + 4 * Math.sqrt((p * (1 - p)) / runs);

const codes = (counts: readonly number[]): Series[] =>
  counts.map((value, k) => ({ labels: { code: k === 0 ? '200' : '500' }, value }));

function histogram(counts: readonly number[]): Series[] {
  let below = 0;
  return counts.map((count, k) => {
    below += count;
    return { labels: { le: k === counts.length - 1 ? '+Inf' : String(0.01 * 2 ** k) }, value: below };
  });
}

/** Bucket chances of a lognormal latency with this median (seconds) and spread, for the buckets of `histogram`. */
export function lognormal(medianSeconds: number, spread: number, buckets = 12): number[] {
  const upTo = Array.from({ length: buckets }, (_, k) =>
    k === buckets - 1 ? 1 : normalBelow(Math.log((0.01 * 2 ** k) / medianSeconds) / spread),
  );
  return upTo.map((share, k) => share - (upTo[k - 1] ?? 0));
}

/** P(a > b) + P(a = b) / 2. */
export function slowerChance(a: readonly number[], b: readonly number[]): number {
  let below = 0;
  return a.reduce((total, share, k) => {
    const chance = total + share * (below + (b[k] ?? 0) / 2);
    below += b[k] ?? 0;
    return chance;
  }, 0);
}

function normalBelow(x: number): number {
  // Numerical Recipes' rational approximation of erfc, good to 1e-7.
  const t = 1 / (1 + Math.abs(x) / (2 * Math.SQRT2));
  const poly = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ].reduceRight((sum, c) => c + t * sum, 0);
  const erfc = t * Math.exp((-x * x) / 2 + poly);
  return x < 0 ? erfc / 2 : 1 - erfc / 2;
}

function multinomial(n: number, chances: readonly number[], random: () => number): number[] {
  let left = n;
  let rest = 1;
  return chances.map((chance, k) => {
    if (k === chances.length - 1) return left;
    const drawn = rest <= 0 ? 0 : binomial(left, Math.min(1, chance / rest), random);
    left -= drawn;
    rest -= chance;
    return drawn;
  });
}

/** By inversion from the more likely end; large means are split, as the sum of two binomials is one. */
function binomial(n: number, p: number, random: () => number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(n, 1 - p, random);
  if (n * p > 200) {
    const half = Math.floor(n / 2);
    return binomial(half, p, random) + binomial(n - half, p, random);
  }
  const ratio = p / (1 - p);
  let chance = (1 - p) ** n;
  let u = random();
  let x = 0;
  while (u > chance && x < n) {
    u -= chance;
    chance *= (ratio * (n - x)) / (x + 1);
    x += 1;
  }
  return x;
}

function poisson(mean: number, random: () => number): number {
  if (mean > 200) return poisson(mean / 2, random) + poisson(mean / 2, random);
  let chance = Math.exp(-mean);
  let u = random();
  let x = 0;
  while (u > chance && x < 10 * mean + 100) {
    u -= chance;
    x += 1;
    chance *= mean / x;
  }
  return x;
}
