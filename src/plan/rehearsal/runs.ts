/** AnalysisRuns of a rehearsal: the real plan of a run, with answers that are made up. */

import type { AnalysisRun, Metric } from '../../api/analysis.ts';
import type { Answer } from '../analysis/answer.ts';
import {
  consecutiveErrorLimit,
  consecutiveSuccessLimit,
  effectiveCount,
  failureLimit,
} from '../analysis/limits.ts';
import { silentMetrics } from '../analysis/holding.ts';
import type { MeasureIntent, MeasurementReport } from '../analysis/plan.ts';
import { planAnalysisRun } from '../analysis/plan.ts';
import { type EvidenceMode, evidenceMode, policyFor } from '../analysis/outcomes.ts';
import { resolveMetrics } from '../analysis/resolve.ts';
import { findResult } from '../analysis/tasks.ts';
import type { Traffic } from '../analysis/traffic.ts';
import type { MetricResult } from '../analysis/types.ts';
import { isCompleted } from '../analysis/types.ts';

/**
 * - `good`: every measurement succeeds at once;
 * - `slow`: as many errors and failures as the limits allow, and success in the end;
 * - `bad`: every measurement fails.
 */
export type Mood = 'good' | 'slow' | 'bad';

/**
 * Brings a run up to date at `now`. `traffic` is that of its version; without it, all that is asked for is there. `next`:
 * when it is to be looked at again; Infinity: not before something else changes.
 */
export function advanceRun(
  run: AnalysisRun,
  now: number,
  mood: Mood,
  traffic?: Traffic,
): { readonly run: AnalysisRun; readonly next: number } {
  let current = run;
  let reports: MeasurementReport[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const plan = planAnalysisRun({ run: current, now, reports, inFlight: NONE, openedAt: 0, traffic });
    if (plan.status !== undefined) current = { ...current, status: plan.status };
    if (isCompleted(current.status?.phase)) return { run: current, next: Infinity };
    const due = plan.intents.filter((intent): intent is MeasureIntent => 'taken' in intent);
    if (due.length === 0) return { run: current, next: nextLook(current, now, plan.requeueAt, traffic) };
    reports = due.map((intent) => answered(current, intent, now, mood));
  }
  return { run: current, next: Infinity };
}

/** Traffic comes with a step, and not by looking for it. */
function nextLook(
  run: AnalysisRun,
  now: number,
  requeueAt: number | undefined,
  traffic: Traffic | undefined,
): number {
  const silent = silentMetrics(run, traffic);
  if (silent.length === 0) return requeueAt ?? Infinity;
  const others = { run, now, reports: [], inFlight: new Set(silent), openedAt: 0 };
  return planAnalysisRun(others).requeueAt ?? Infinity;
}

const NONE: ReadonlySet<string> = new Set();
/** A measurement leads to no second one at the same instant. */
const MAX_ROUNDS = 10;

function answered(
  run: AnalysisRun,
  { metric: name, kind }: MeasureIntent,
  now: number,
  mood: Mood,
): MeasurementReport {
  const resolved = metricsOf(run).find((metric) => metric.name === name) ?? unknownMetric(name);
  const answer = answerOf(resolved, findResult(run.status, name), mood, evidenceMode(run, 'stock'));
  return { metric: name, action: kind, resolved, secrets: [], startedAt: now, finishedAt: now, answer };
}

/** With the arguments in them, as far as these are known. */
export function metricsOf({ spec: { metrics = [], args } }: Pick<AnalysisRun, 'spec'>): readonly Metric[] {
  const resolved = resolveMetrics(metrics, args);
  return 'error' in resolved ? metrics : resolved.metrics;
}

const unknownMetric = (name: string): Metric => ({ name, provider: {} });

const verdict = (phase: 'Successful' | 'Failed' | 'Error'): Answer => ({ kind: 'verdict', phase });

function answerOf(metric: Metric, result: MetricResult | undefined, mood: Mood, mode: EvidenceMode): Answer {
  if (mood === 'good') return verdict('Successful');
  if (mood === 'bad') return verdict('Failed');
  const wanted = consecutiveSuccessLimit(metric);
  const inARow = result?.consecutiveSuccess ?? 0;
  // Where an answer that does not come is held or judged by a policy, it is no error; and none breaks a row that has begun.
  const isError = policyFor(metric, 'providerError', { mode, dryRun: false }) === undefined;
  const mayErr = isError && (wanted === 0 || inARow === 0);
  if (mayErr && (result?.consecutiveError ?? 0) < consecutiveErrorLimit(metric)) return verdict('Error');
  // One that has no measurements left for another row would be inconclusive in the end.
  const left = (effectiveCount(metric) ?? Infinity) - (result?.count ?? 0) - 1;
  const mayFail = left >= wanted && (result?.failed ?? 0) < failureLimit(metric);
  const isLast = wanted > 0 && inARow === wanted - 1;
  return verdict(isLast && mayFail ? 'Failed' : 'Successful');
}

/** More measurements than anyone waits for; what takes more has no end worth telling. */
const MAX_LOOKS = 20_000;

/**
 * Milliseconds until a run is through, given answers of that mood that take no time themselves. Infinity: it measures
 * for as long as the update lasts.
 */
export function runTime(run: AnalysisRun, start: number, mood: Mood): number {
  if (mood !== 'bad' && metricsOf(run).every(isEndless)) return Infinity;
  let { run: current, next } = advanceRun({ ...run, status: undefined }, start, mood);
  let now = start;
  for (let look = 0; look < MAX_LOOKS && next < Infinity; look++) {
    now = next;
    ({ run: current, next } = advanceRun(current, now, mood));
  }
  return isCompleted(current.status?.phase) ? now - start : Infinity;
}

const isEndless = (metric: Metric): boolean =>
  effectiveCount(metric) === undefined && consecutiveSuccessLimit(metric) === 0;
