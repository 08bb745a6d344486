/** One look at both versions: what came since the last one, and what the judge says now. Pure. */

import { MeasurementFault } from '../measured.ts';
import type { JudgeConfig } from './config.ts';
import { addErrorRateBlock } from './error-rate.ts';
import type { Side } from './error-rate.ts';
import { addLatencyBlock, MIN_BLOCK } from './latency.ts';
import { buckets, countersOf, gains } from './series.ts';
import type { Series } from './series.ts';
import type { JudgeState } from './state.ts';

export type Verdict = 'worse' | 'no worse' | 'keep going';

export interface Judgement {
  readonly state: JudgeState;
  readonly verdict: Verdict;
  /** In words, with the numbers. */
  readonly text: string;
}

export interface Answers {
  readonly canary: readonly Series[];
  readonly stable: readonly Series[];
}

export function look(config: JudgeConfig, before: JudgeState, answers: Answers): Judgement {
  const state =
    config.isFailed === undefined
      ? lookAtLatency(config, before, answers)
      : lookAtErrors(config, before, answers);
  return judge(config, state);
}

function lookAtErrors(config: JudgeConfig, state: JudgeState, { canary, stable }: Answers): JudgeState {
  const base = { canary: countersOf(canary), stable: countersOf(stable) };
  if (state.base === undefined) return { ...state, base, history: sideOf(config, stable) };
  const gained = { canary: gains(state.base.canary, canary), stable: gains(state.base.stable, stable) };
  if (gained.canary === undefined || gained.stable === undefined) return { ...state, base };
  const block = { canary: sideOf(config, gained.canary), stable: sideOf(config, gained.stable) };
  return {
    ...state,
    base,
    canary: plus(state.canary, block.canary),
    stable: plus(state.stable, block.stable),
    errorRate: addErrorRateBlock(state.errorRate, block, {
      rate: expectedRate(state),
      margin: config.smallestEffect,
    }),
  };
}

/** History helps to begin with, and must not outweigh what is seen now. */
const MAX_HISTORY = 1000;

function expectedRate({ history, canary, stable }: JudgeState): number {
  const weight = history.total === 0 ? 0 : Math.min(1, MAX_HISTORY / history.total);
  const failed = weight * history.failed + canary.failed + stable.failed;
  const total = weight * history.total + canary.total + stable.total;
  // Half a failure in a hundred: no rate is taken for impossible.
  return (failed + 0.5) / (total + 100);
}

function lookAtLatency(config: JudgeConfig, state: JudgeState, { canary, stable }: Answers): JudgeState {
  const base = { canary: countersOf(canary), stable: countersOf(stable) };
  if (state.base === undefined) return { ...state, base };
  const gained = { canary: gains(state.base.canary, canary), stable: gains(state.base.stable, stable) };
  if (gained.canary === undefined || gained.stable === undefined) return { ...state, base };
  const sides = { canary: buckets(gained.canary, 'canary'), stable: buckets(gained.stable, 'stable') };
  const counts = { canary: sum(sides.canary.counts), stable: sum(sides.stable.counts) };
  // Too few: the next look has them, too.
  if (counts.canary < MIN_BLOCK || counts.stable < MIN_BLOCK) return state;
  if (sides.canary.bounds.join() !== sides.stable.bounds.join())
    throw new MeasurementFault('judge: the histograms of canary and stable have different buckets');
  return {
    ...state,
    base,
    canary: plus(state.canary, { total: counts.canary, failed: 0 }),
    stable: plus(state.stable, { total: counts.stable, failed: 0 }),
    latency: addLatencyBlock(
      state.latency,
      { canary: sides.canary.counts, stable: sides.stable.counts },
      { margin: config.smallestEffect },
    ),
  };
}

function judge(config: JudgeConfig, state: JudgeState): Judgement {
  const errors = config.isFailed !== undefined;
  const worse = logMean(errors ? state.errorRate.worse : state.latency.worse);
  const noWorse = errors ? state.errorRate.noWorse : logMean(state.latency.noWorse);
  const limits = { worse: -Math.log(config.alpha), noWorse: -Math.log(1 - config.power) };
  const verdict = worse >= limits.worse ? 'worse' : noWorse >= limits.noWorse ? 'no worse' : 'keep going';
  const seen = errors
    ? `canary ${rateOf(state.canary)}, stable ${rateOf(state.stable)}`
    : `canary slower in ${percent(state.latency.slower, state.latency.pairs)} of pairs (${state.canary.total} and ${state.stable.total} requests)`;
  const strength = `evidence for worse ${shown(worse)} of ${shown(limits.worse)}, for no worse ${shown(noWorse)} of ${shown(limits.noWorse)}`;
  return { state, verdict, text: `${verdict}: ${seen}; ${strength}` };
}

/** log of the mean of e-values given as logarithms: the mean of e-values is an e-value. */
function logMean(logs: readonly number[]): number {
  const high = Math.max(...logs);
  return high + Math.log(logs.reduce((total, log) => total + Math.exp(log - high), 0) / logs.length);
}

function sideOf({ isFailed }: JudgeConfig, series: readonly Series[]): Side {
  return {
    total: sum(series.map(({ value }) => value)),
    failed: sum(series.filter(({ labels }) => isFailed?.(labels) === true).map(({ value }) => value)),
  };
}

const plus = (a: Side, b: Side): Side => ({ total: a.total + b.total, failed: a.failed + b.failed });
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** An e-value as people read it. */
function shown(log: number): string {
  const value = Math.exp(Math.min(log, 100));
  return value >= 1e6 ? value.toExponential(0) : value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}

const rateOf = ({ total, failed }: Side): string =>
  `${percent(failed, total)} (${failed} of ${total} requests)`;
const percent = (part: number, whole: number): string =>
  whole === 0 ? 'nothing' : `${((100 * part) / whole).toFixed(2)} %`;
