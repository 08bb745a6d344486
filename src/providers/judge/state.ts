/** What the judge knows so far. It lives in the metadata of the measurement, so that a restart loses nothing. Pure. */

import { isRecord } from '../measured.ts';
import { NO_ERROR_RATE_EVIDENCE, ODDS } from './error-rate.ts';
import type { ErrorRateEvidence, Side } from './error-rate.ts';
import { NO_LATENCY_EVIDENCE, STAKES } from './latency.ts';
import type { LatencyEvidence } from './latency.ts';
import type { Counters } from './series.ts';

export interface JudgeState {
  /** When the first look was taken, in milliseconds since the epoch. */
  readonly since: number;
  /** Counters at the last look; undefined until the first. */
  readonly base: { readonly canary: Counters; readonly stable: Counters } | undefined;
  /** What stable did before the first look: the error rate to expect. */
  readonly history: Side;
  /** Requests judged so far. For latency only `total` counts. */
  readonly canary: Side;
  readonly stable: Side;
  readonly errorRate: ErrorRateEvidence;
  readonly latency: LatencyEvidence;
}

const NOTHING: Side = { total: 0, failed: 0 };

export const beginning = (now: number): JudgeState => ({
  since: now,
  base: undefined,
  history: NOTHING,
  canary: NOTHING,
  stable: NOTHING,
  errorRate: NO_ERROR_RATE_EVIDENCE,
  latency: NO_LATENCY_EVIDENCE,
});

/** Only what differs from the beginning is written; logarithms with as many digits as matter. */
export function writeState(state: JudgeState): string {
  const digits = (log: number): number => Number(log.toPrecision(12));
  return JSON.stringify({
    ...state,
    errorRate: { worse: state.errorRate.worse.map(digits), noWorse: digits(state.errorRate.noWorse) },
    latency: {
      ...state.latency,
      worse: state.latency.worse.map(digits),
      noWorse: state.latency.noWorse.map(digits),
    },
  });
}

/** Undefined for what this version of the judge did not write: it begins anew. */
export function readState(text: string | undefined): JudgeState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { since, base, history, canary, stable, errorRate, latency } = value;
  if (typeof since !== 'number' || !isSide(history) || !isSide(canary) || !isSide(stable)) return undefined;
  if (!isRecord(errorRate) || !isRecord(latency)) return undefined;
  if (!areNumbers(errorRate['worse'], ODDS.length) || typeof errorRate['noWorse'] !== 'number')
    return undefined;
  if (!areNumbers(latency['worse'], STAKES.length) || !areNumbers(latency['noWorse'], STAKES.length))
    return undefined;
  if (typeof latency['pairs'] !== 'number' || typeof latency['slower'] !== 'number') return undefined;
  if (base !== undefined && !(isRecord(base) && isCounters(base['canary']) && isCounters(base['stable'])))
    return undefined;
  return value as unknown as JudgeState;
}

const isSide = (value: unknown): value is Side =>
  isRecord(value) && typeof value['total'] === 'number' && typeof value['failed'] === 'number';
const areNumbers = (value: unknown, length: number): boolean =>
  Array.isArray(value) && value.length === length && value.every((item) => typeof item === 'number');
const isCounters = (value: unknown): boolean =>
  isRecord(value) && Object.values(value).every((item) => typeof item === 'number');
