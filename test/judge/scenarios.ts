/** What the judge is measured on: releases that are fine, releases that are not, and traffic that makes it hard. */

import { errorRateConfig, latencyConfig, lognormal, steady } from './simulation.ts';
import type { Scenario, Traffic } from './simulation.ts';

const HOUR = 360;

export const ALPHA = 0.05;
export const POWER = 0.8;
export const RATE_MARGIN = 0.01;
export const LATENCY_MARGIN = 0.05;

const errors = errorRateConfig({
  alpha: String(ALPHA),
  power: String(POWER),
  smallestEffect: String(RATE_MARGIN),
});
const latency = latencyConfig({
  alpha: String(ALPHA),
  power: String(POWER),
  smallestEffect: String(LATENCY_MARGIN),
});

const failing = (requests: number, rate: number): Traffic => steady(requests, 1 - rate, rate);

function errorRates(name: string, share: [number, number], rates: [number, number], looks = HOUR): Scenario {
  return {
    name,
    config: errors,
    looks,
    canary: failing(share[0], rates[0]),
    stable: failing(share[1], rates[1]),
  };
}

/** Both versions go through the same bad minutes: every third minute a fifth of all requests fails. */
const stormy = (requests: number): Traffic => {
  const rate = (look: number): number => (Math.floor(look / 6) % 3 === 0 ? 0.2 : 0.002);
  return {
    requests: (look) => requests * (1 + Math.sin(look / 20) / 2),
    chances: (look) => [1 - rate(look), rate(look)],
  };
};

const USUAL = lognormal(0.1, 0.6);
const SLOWER = lognormal(0.1 * 1.127, 0.6);
const RARELY_SLOW = [0.99, 0.01];
const OFTEN_SLOW = [0.89, 0.11];

function latencies(
  name: string,
  share: [number, number],
  chances: [readonly number[], readonly number[]],
): Scenario {
  return {
    name,
    config: latency,
    looks: HOUR,
    canary: steady(share[0], ...chances[0]),
    stable: steady(share[1], ...chances[1]),
  };
}

/** Nothing differs: whatever is called worse is a false abort. */
export const SAME: readonly Scenario[] = [
  errorRates('1 % of errors, canary gets 10 % of 200', [20, 180], [0.01, 0.01]),
  errorRates('1 % of errors, canary gets 50 % of 200', [100, 100], [0.01, 0.01]),
  errorRates('0.1 % of errors, canary gets 10 % of 500', [50, 450], [0.001, 0.001]),
  errorRates('30 % of errors, canary gets 10 % of 40', [4, 36], [0.3, 0.3], 120),
  {
    name: 'storms that hit both, canary gets 10 % of 200',
    config: errors,
    looks: 120,
    canary: stormy(20),
    stable: stormy(180),
  },
  latencies('latency, canary gets 10 % of 200', [20, 180], [USUAL, USUAL]),
  latencies('latency, canary gets 50 % of 40', [20, 20], [USUAL, USUAL]),
  latencies('latency in two buckets, one of them rare', [20, 180], [RARELY_SLOW, RARELY_SLOW]),
];

/** The canary is worse by the smallest effect that matters: whatever is called no worse is missed. */
export const AT_THE_EFFECT: readonly Scenario[] = [
  errorRates('2 % of errors on 1 %, canary gets 10 % of 200', [20, 180], [0.02, 0.01], 12 * HOUR),
  errorRates('2 % of errors on 1 %, canary gets 50 % of 200', [100, 100], [0.02, 0.01], 12 * HOUR),
  errorRates('1.1 % of errors on 0.1 %, canary gets 10 % of 200', [20, 180], [0.011, 0.001], 12 * HOUR),
  latencies('latency 13 % higher, canary gets 10 % of 200', [20, 180], [SLOWER, USUAL]),
  latencies('latency, a rare bucket eleven times as often', [20, 180], [OFTEN_SLOW, RARELY_SLOW]),
];

/** How long it takes by the true difference of error rates: for the picture. */
export const BY_DIFFERENCE: readonly Scenario[] = [0, 0.005, 0.01, 0.02, 0.05, 0.1].map((difference) =>
  errorRates(String(difference), [20, 180], [0.01 + difference, 0.01], 12 * HOUR),
);
