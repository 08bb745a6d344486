/** What is odd about an answer, as far as it matters to the conditions of its metric. Pure. */

import { durationOf } from './tasks.ts';
import type { Answer, Evidence, MeasuredResult } from './answer.ts';
import { asksFor, namesVoid, seriesLookedAt } from './asks.ts';
import type { Void } from './asks.ts';
import type { Outcome } from './outcomes.ts';
import type { Metric } from './types.ts';

export interface Oddity {
  readonly outcome: Outcome;
  /** What is odd, for the message of the measurement. */
  readonly text: string;
  /** The promoting condition has the case in it. */
  readonly named?: boolean;
  /** It tells the case from all others: what passes then, passes because somebody wrote so. */
  readonly asked?: boolean;
}

type ValueAnswer = Extract<Answer, { kind: 'value' }>;

/** The condition that lets a value pass: the successCondition, or the failureCondition where it stands alone. */
export function promotingCondition(
  metric: Pick<Metric, 'successCondition' | 'failureCondition'>,
): { name: 'successCondition' | 'failureCondition'; text: string } | undefined {
  for (const name of ['successCondition', 'failureCondition'] as const) {
    const text = metric[name] ?? '';
    if (text !== '') return { name, text };
  }
  return undefined;
}

/** `unjudged`: the conditions could not be evaluated. In the order in which they decide. */
export function odditiesOf(
  metric: Metric,
  answer: ValueAnswer,
  { now, unjudged }: { now: number; unjudged: boolean },
): Oddity[] {
  const condition = promotingCondition(metric);
  const evidence = answer.evidence ?? {};
  const odd: Oddity[] = [];
  // A page of a proxy with status 200 is no answer of the backend.
  if (evidence.text === true && ((metric.provider?.web?.jsonPath ?? '') !== '' || unjudged))
    odd.push({ outcome: 'providerError', text: 'the answer is not the JSON that the metric expects' });
  if (isNothing(answer.result, evidence))
    odd.push({
      outcome: 'noData',
      text: 'no data: the provider answered with nothing',
      ...knownTo(condition, ['noData']),
    });
  else {
    const { nan, infinite } = notFinite(answer.result);
    const kind = [nan && 'NaN', infinite && 'infinite'].filter(Boolean).join(' and ');
    const kinds: Void[] = [...(nan ? ['nan' as const] : []), ...(infinite ? ['infinite' as const] : [])];
    if (kinds.length > 0)
      odd.push({
        outcome: 'nan',
        text: `not a number: the value is ${kind}`,
        ...knownTo(condition, kinds),
      });
  }
  const stale = staleness(metric, evidence, now);
  if (stale !== undefined) odd.push({ outcome: 'staleSample', text: stale });
  const more = unseenSeries(condition?.text, answer);
  if (more !== undefined) odd.push({ outcome: 'multipleSeries', text: more });
  return odd;
}

const knownTo = (
  condition: { text: string } | undefined,
  kinds: readonly Void[],
): Pick<Oddity, 'named' | 'asked'> =>
  condition === undefined
    ? {}
    : {
        named: kinds.every((kind) => namesVoid(condition.text, kind)),
        asked: kinds.every((kind) => asksFor(condition.text, kind)),
      };

export function isNothing({ value }: MeasuredResult, { series }: Evidence = {}): boolean {
  return (
    series === 0 || value === null || value === undefined || (Array.isArray(value) && value.length === 0)
  );
}

export interface NotFinite {
  readonly nan: boolean;
  readonly infinite: boolean;
  /** Nothing else is there. */
  readonly only: boolean;
}

export function notFinite({ value }: MeasuredResult): NotFinite {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const numbers = list.filter((item) => typeof item === 'number');
  const odd = numbers.filter((n) => !Number.isFinite(n));
  return {
    nan: odd.some(Number.isNaN),
    infinite: odd.some((n) => !Number.isNaN(n)),
    only: odd.length > 0 && odd.length === numbers.length,
  };
}

const DEFAULT_MAX_AGE_MS = 5 * 60_000;
const LEAST_MAX_AGE_MS = 60_000;

/** How old a sample may be, in milliseconds. */
export function maxAgeOf(metric: Pick<Metric, 'interval' | 'evidence' | 'provider'>): number {
  const given = durationOf(metric.evidence?.maxAge);
  if (typeof given === 'number') return given;
  const interval = durationOf(metric.interval);
  const step = durationOf(metric.provider?.prometheus?.rangeQuery?.step);
  const allowed =
    typeof interval === 'number' ? Math.max(2 * interval, LEAST_MAX_AGE_MS) : DEFAULT_MAX_AGE_MS;
  return allowed + (typeof step === 'number' ? step : 0);
}

function staleness(metric: Metric, { sampledAt }: Evidence, now: number): string | undefined {
  if (sampledAt === undefined) return undefined;
  const age = now - sampledAt;
  const limit = maxAgeOf(metric);
  if (age <= limit) return undefined;
  return `stale: the newest sample is ${Math.round(age / 1000)} s old, more than ${Math.round(limit / 1000)} s`;
}

function unseenSeries(condition: string | undefined, { result, evidence }: ValueAnswer): string | undefined {
  const series = evidence?.series ?? 0;
  if (condition === undefined || series < 2) return undefined;
  const inResult = evidence?.used ?? series;
  const indexed = result.type === 'vector' || result.type === 'json';
  const looked = Math.min(inResult, indexed ? seriesLookedAt(condition) : inResult);
  if (looked >= series) return undefined;
  return `several series: the answer has ${series}, and the condition looks at ${looked}`;
}
