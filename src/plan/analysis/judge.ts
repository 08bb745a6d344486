/**
 * Judges one measured value by the conditions of its metric (spec 05 section 7), and refuses to call nothing a
 * success: an empty result or a NaN passes a gate only where the condition asks for exactly that.
 *
 * The refused pass is Inconclusive, not Failed or Error: nobody knows whether the release is bad, so it is paused and
 * not aborted, and a person is asked.
 */

import { evaluateConditions } from '../../lang/condition.ts';
import type { Json } from '../../lang/json.ts';
import type { MeasuredResult } from './answer.ts';
import { asksFor, numbersIn } from './asks.ts';
import type { Void } from './asks.ts';
import type { CompletedPhase, Metric } from './types.ts';

export interface Judgement {
  phase: CompletedPhase;
  /** Why, where it is not the plain answer of the conditions. */
  message?: string | undefined;
}

/** `now` is what `now()` gives in a condition: milliseconds since the epoch. */
export function judge(
  metric: Pick<Metric, 'successCondition' | 'failureCondition'>,
  measured: MeasuredResult,
  now: number,
): Judgement {
  const evaluate = (result: MeasuredResult): Judgement => {
    const { phase, error } = evaluateConditions({
      result: result.value as Json,
      resultType: result.type,
      successCondition: metric.successCondition,
      failureCondition: metric.failureCondition,
      nowMs: now,
    });
    return error === undefined ? { phase } : { phase, message: error };
  };
  const judged = evaluate(measured);
  if (judged.phase !== 'Successful') return judged;
  const which = (metric.successCondition ?? '') === '' ? 'failureCondition' : 'successCondition';
  const condition = metric[which] ?? '';
  const lack = condition === '' ? undefined : voidOf(measured);
  if (lack === undefined || asksFor(condition, lack)) return judged;
  const standIns = standInsFor([metric.successCondition, metric.failureCondition]);
  if (standIns.every((n) => evaluate(withStandIn(measured, lack, n)).phase === 'Successful')) return judged;
  return { phase: 'Inconclusive', message: refusal(lack, which, condition) };
}

/** What there is nothing of in the result, if so. */
function voidOf(result: MeasuredResult): Void | undefined {
  const { value } = result;
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return 'noData';
  if (Number.isNaN(value) || (Array.isArray(value) && value.some(Number.isNaN))) return 'nan';
  return undefined;
}

/**
 * Numbers that could have stood there: extremes, and those that the conditions name, with a step to either side. Where
 * the verdict is the same for all of them, the lack did not decide it.
 */
function standInsFor(conditions: readonly (string | undefined)[]): number[] {
  const named = conditions.flatMap((condition) => numbersIn(condition ?? ''));
  return [0, 1, Infinity, -Infinity, ...named.flatMap((n) => [n, n - 1, n + 1])];
}

function withStandIn(result: MeasuredResult, lack: Void, n: number): MeasuredResult {
  switch (result.type) {
    case 'vector':
      return {
        type: 'vector',
        value: lack === 'noData' ? [n] : result.value.map((value) => (Number.isNaN(value) ? n : value)),
      };
    case 'json':
      return { type: 'json', value: Array.isArray(result.value) ? [n] : n };
    default:
      return { type: result.type, value: n };
  }
}

function refusal(lack: Void, which: string, condition: string): string {
  return lack === 'noData'
    ? `no data: the provider answered with nothing, and ${which} "${condition}" does not ask for that (such as len(result) == 0)`
    : `not a number: the value is NaN, and ${which} "${condition}" does not ask for that (such as isNaN(result))`;
}
