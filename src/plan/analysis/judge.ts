/**
 * What an answer of a provider means at the gate (spec 05 section 7): the conditions judge a clear value; what is no
 * clear value has an outcome of its own, and a policy for it (`outcomes.ts`).
 *
 * Without a policy, nothing is never called a success: an empty result or a NaN passes a condition only where it asks
 * for exactly that. The refused pass is Inconclusive, not Failed or Error: nobody knows whether the release is bad, so
 * it is paused and not aborted, and a person is asked.
 */

import { checkCondition, evaluateConditions } from '../../lang/condition.ts';
import type { Json } from '../../lang/json.ts';
import type { Answer, MeasuredResult } from './answer.ts';
import { numbersIn } from './asks.ts';
import { isNothing, notFinite, odditiesOf, promotingCondition } from './oddities.ts';
import type { Oddity } from './oddities.ts';
import { policyFor } from './outcomes.ts';
import type { EvidenceMode, EvidencePolicy, Outcome } from './outcomes.ts';
import type { CompletedPhase, Metric } from './types.ts';

export interface Judgement {
  readonly phase: CompletedPhase;
  /** Why, where it is not the plain answer of the conditions. */
  readonly message?: string | undefined;
  /** Not counted, and asked again. */
  readonly held?: boolean | undefined;
  /** What the answer was, where it was no clear value. */
  readonly outcome?: Outcome | 'fewSamples' | undefined;
  /** `successCondition`, `failureCondition`, `provider`, or the policy: `evidence.nan: hold`. */
  readonly decidedBy?: string | undefined;
  /** Accepted, though strict mode would not have. */
  readonly weak?: readonly Outcome[] | undefined;
}

export interface Gate {
  /** What `now()` gives in a condition: milliseconds since the epoch. */
  readonly now: number;
  readonly mode: EvidenceMode;
  readonly dryRun: boolean;
}

type Conditions = Pick<Metric, 'successCondition' | 'failureCondition'>;

export function judge(metric: Metric, answer: Exclude<Answer, { kind: 'pending' }>, gate: Gate): Judgement {
  switch (answer.kind) {
    case 'verdict':
      return { phase: answer.phase, message: answer.message, decidedBy: 'provider' };
    case 'thin':
      return { phase: 'Inconclusive', message: answer.message, held: true, outcome: 'fewSamples' };
    case 'error':
      return judgeError(metric, answer, gate);
    case 'value':
      return judgeValue(metric, answer, gate);
  }
}

function judgeError(metric: Metric, answer: Extract<Answer, { kind: 'error' }>, gate: Gate): Judgement {
  const outcome = answer.empty === true ? 'noData' : 'providerError';
  const policy = policyFor(metric, outcome, gate);
  if (policy === undefined) return { phase: 'Error', message: answer.message, outcome };
  return ruled({ outcome, text: answer.message }, policy);
}

function judgeValue(metric: Metric, answer: Extract<Answer, { kind: 'value' }>, gate: Gate): Judgement {
  const { result } = answer;
  const judged = evaluate(metric, result, gate.now);
  const weak: Outcome[] = [];
  let outcome: Outcome | undefined;
  for (const odd of odditiesOf(metric, answer, { now: gate.now, unjudged: judged.phase === 'Error' })) {
    if (judged.phase === 'Successful' && odd.asked === true && !isGuard(metric, result, gate.now)) continue;
    const policy = policyFor(metric, odd.outcome, gate);
    if (decidesNothing(metric, result, odd.outcome, judged.phase, gate, policy !== undefined)) continue;
    outcome ??= odd.outcome;
    if (policy !== undefined && policy !== 'pass') return ruled(odd, policy);
    if (policy === 'pass') {
      // What there is to judge still is: the rest of a list with a NaN in it, or the value of a stale sample.
      if (odd.outcome !== 'noData' && odd.outcome !== 'nan') continue;
      const rest = withoutNotFinite(result);
      if (rest === undefined) return ruled(odd, policy);
      return { ...evaluate(metric, rest, gate.now), outcome };
    }
    if (judged.phase !== 'Successful') continue;
    const condition = promotingCondition(metric);
    if (condition !== undefined && odd.named !== true && isVoid(odd.outcome, result))
      return {
        phase: 'Inconclusive',
        message: refusal(odd.outcome, condition),
        outcome,
        decidedBy: `evidence.${outcome}`,
      };
    weak.push(odd.outcome);
  }
  return {
    ...judged,
    ...(outcome === undefined ? {} : { outcome }),
    ...(weak.length === 0 ? {} : { weak }),
  };
}

/** The message of a measurement that a policy decided. */
function ruled({ outcome, text }: Oddity, policy: EvidencePolicy): Judgement {
  const decidedBy = `evidence.${outcome}: ${policy}`;
  switch (policy) {
    case 'hold':
      // An error is asked again after 10 s, whatever the interval.
      return {
        phase: outcome === 'providerError' ? 'Error' : 'Inconclusive',
        message: text,
        held: true,
        outcome,
        decidedBy,
      };
    case 'inconclusive':
      return { phase: 'Inconclusive', message: text, outcome, decidedBy };
    case 'fail':
      return { phase: 'Failed', message: text, outcome, decidedBy };
    case 'pass':
      return { phase: 'Successful', message: text, outcome, decidedBy };
  }
}

function evaluate(metric: Conditions, result: MeasuredResult, now: number): Judgement {
  const { phase, error, decidedBy } = evaluateConditions({
    result: result.value as Json,
    resultType: result.type,
    successCondition: metric.successCondition,
    failureCondition: metric.failureCondition,
    nowMs: now,
  });
  return {
    phase,
    ...(error === undefined ? {} : { message: error }),
    ...(decidedBy === undefined ? {} : { decidedBy }),
  };
}

/** Only these are refused without a policy: the reference takes infinity for the number that it is. */
const isVoid = (outcome: Outcome, result: MeasuredResult): boolean =>
  outcome === 'noData' || (outcome === 'nan' && notFinite(result).nan);

/**
 * Whether the verdict is the same for every number that could have stood where there is nothing, so that the lack did
 * not decide it. Nothing but nothing has no verdict under a policy, though.
 */
function decidesNothing(
  metric: Conditions,
  result: MeasuredResult,
  outcome: Outcome,
  phase: CompletedPhase,
  { now }: Gate,
  hasPolicy: boolean,
): boolean {
  if (outcome !== 'noData' && outcome !== 'nan') return false;
  if (promotingCondition(metric) === undefined) return false;
  // Numbers may not fit where a list or a map was to be, so only a condition that is wrong for any result is at fault.
  if (phase === 'Error')
    return [metric.successCondition, metric.failureCondition].some(
      (condition) => (condition ?? '') !== '' && checkCondition(condition ?? '') !== undefined,
    );
  if (hasPolicy && (outcome === 'noData' || notFinite(result).only)) return false;
  return verdictsWithNumbers(metric, result, now).every((verdict) => verdict === phase);
}

/**
 * Whether a failureCondition that stands alone excepts the case only to get at the values:
 * `len(result) > 0 && result[0] > 1`. One that fails whatever the value, `len(result) > 0`, is about the case.
 */
const isGuard = (metric: Conditions, result: MeasuredResult, now: number): boolean =>
  promotingCondition(metric)?.name === 'failureCondition' &&
  verdictsWithNumbers(metric, result, now).some((verdict) => verdict !== 'Failed');

const verdictsWithNumbers = (metric: Conditions, result: MeasuredResult, now: number): CompletedPhase[] =>
  standInsFor([metric.successCondition, metric.failureCondition]).map(
    (n) => evaluate(metric, withStandIn(result, n), now).phase,
  );

/**
 * Numbers that could have stood there: extremes, and those that the conditions name, with a step to either side. Where
 * the verdict is the same for all of them, the lack did not decide it.
 */
function standInsFor(conditions: readonly (string | undefined)[]): number[] {
  const named = conditions.flatMap((condition) => numbersIn(condition ?? ''));
  return [0, 1, Number.MAX_VALUE, -Number.MAX_VALUE, ...named.flatMap((n) => [n, n - 1, n + 1])];
}

function withStandIn(result: MeasuredResult, n: number): MeasuredResult {
  const nothing = isNothing(result);
  switch (result.type) {
    case 'vector':
      return {
        type: 'vector',
        value: nothing ? [n] : result.value.map((value) => (Number.isFinite(value) ? value : n)),
      };
    case 'json':
      return { type: 'json', value: Array.isArray(result.value) ? [n] : n };
    default:
      return { type: result.type, value: n };
  }
}

/** Undefined: nothing is left. */
function withoutNotFinite(result: MeasuredResult): MeasuredResult | undefined {
  if (result.type !== 'vector') return undefined;
  const value = result.value.filter(Number.isFinite);
  return value.length === 0 ? undefined : { type: 'vector', value };
}

function refusal(outcome: Outcome, { name, text }: { name: string; text: string }): string {
  return outcome === 'noData'
    ? `no data: the provider answered with nothing, and ${name} "${text}" does not ask for that (such as len(result) == 0)`
    : `not a number: the value is NaN, and ${name} "${text}" does not ask for that (such as isNaN(result))`;
}
