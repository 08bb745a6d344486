/**
 * One look at an AnalysisRun: takes in the answers of providers, judges, and says what to measure next (spec 05
 * section 3). Pure; the measurements themselves run outside and come back as reports.
 */

import { deepEqual } from '../../lang/json.ts';
import { formatTime } from '../../lang/time.ts';
import type { Note, Plan, PlannedEvent } from '../types.ts';
import { assessRun, runEvent } from './assess.ts';
import { foldReport } from './fold.ts';
import type { MeasurementReport } from './fold.ts';
import { holdOf, silenceText, WORDS } from './holding.ts';
import { nextLookAt } from './next.ts';
import type { EvidenceMode, Outcome } from './outcomes.ts';
import { redact } from './redact.ts';
import { resolveMetrics } from './resolve.ts';
import { retentionOf, trimMeasurements } from './retention.ts';
import { selectDryRun, selectRetention } from './select.ts';
import { findResult, isTerminating, lastMeasurement, measurementTasks } from './tasks.ts';
import type { MeasurementTask } from './tasks.ts';
import type { Traffic } from './traffic.ts';
import { deleteAt } from './ttl.ts';
import { isCompleted } from './types.ts';
import type {
  AnalysisRunObject,
  AnalysisRunStatus,
  Measurement,
  Metric,
  MetricResult,
  RunSummary,
} from './types.ts';
import { validateMetrics } from './validate.ts';

/** How long the first status of a run waits for its first answers, so that a quick run is written once. */
export const FIRST_ANSWER_MS = 1000;

/** How long an answer that decides nothing may wait to be written with others. */
const COALESCE_MS = 1000;

/** How often a run looks whether the version that it judges gets traffic. */
const TRAFFIC_POLL_MS = 5000;

export type { MeasurementReport };

export interface AnalysisSnapshot {
  readonly run: AnalysisRunObject;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What came in since the status was last written, in order. */
  readonly reports: readonly (MeasurementReport | UnresolvedReport)[];
  /** Names of metrics that a provider is busy with in this process. */
  readonly inFlight: ReadonlySet<string>;
  /** When the first measurements of a run without status were started. */
  readonly openedAt?: number | undefined;
  /** Names of metrics whose measurement in progress has ended at its provider, so that asking again need not wait. */
  readonly settled?: ReadonlySet<string> | undefined;
  /** Of the version that is judged; undefined: nothing tells. */
  readonly traffic?: Traffic | undefined;
  /** What answers mean that are no clear value; stock where absent. */
  readonly mode?: EvidenceMode | undefined;
  /** The stored object could not be read: what is wrong with it. */
  readonly fault?: string | undefined;
}

/** The arguments could not be read: a Secret or its key is missing. Ends the run. */
export interface UnresolvedReport {
  readonly unresolved: string;
}

/** Ask the provider of this metric. What it needs to know stands here, as the status may not be written yet. */
export interface MeasureIntent {
  key: string;
  kind: MeasurementTask['action'];
  metric: string;
  /** How many measurements and errors there are so far, one in progress not counted. */
  taken: number;
  /** The measurement in progress that is resumed or terminated. */
  previous?: Measurement;
}

export type AnalysisIntent =
  | MeasureIntent
  /** Let the provider clear up after old measurements. */
  | { key: string; kind: 'collect'; metric: string; limit: number }
  /** Stop what providers are busy with; their answers don't count any more. */
  | { key: string; kind: 'abandon' }
  | { key: string; kind: 'delete' };

export interface AnalysisPlan extends Plan<AnalysisIntent, AnalysisRunStatus> {
  /** The reports are in `status`, or don't matter any more: forget them once the plan is applied. */
  readonly consumed: boolean;
}

export function planAnalysisRun(snapshot: AnalysisSnapshot): AnalysisPlan {
  const { run, now } = snapshot;
  if (isCompleted(run.status?.phase)) return planCompleted(snapshot);

  if (snapshot.fault !== undefined) return planRefused(snapshot, `Analysis spec invalid: ${snapshot.fault}`);
  const setUp = prepare(run);
  if ('error' in setUp) return planRefused(snapshot, setUp.error);
  const unresolved = snapshot.reports.find((report) => 'unresolved' in report);
  if (unresolved !== undefined)
    return planRefused(snapshot, `Unable to resolve metric arguments: ${unresolved.unresolved}`);

  const { metrics, dryRun, retention } = setUp;
  const mode = snapshot.mode ?? 'stock';
  const notes: Note[] = [];
  const events: PlannedEvent[] = [];
  let status: AnalysisRunStatus = { ...run.status };

  for (const report of snapshot.reports.filter(isMeasured)) {
    const metric = metrics.find(({ name }) => name === report.metric);
    const result = findResult(status, report.metric);
    if (metric === undefined || isCompleted(result?.phase)) {
      notes.push({
        about: 'measurement.late',
        text: `the answer for metric '${report.metric}' is not needed any more`,
      });
      continue;
    }
    const folded = foldReport(result, report, { dryRun: dryRun.has(report.metric), mode });
    status = withResult(status, folded.result);
    notes.push(measurementNote(folded.result));
    events.push(...folded.weak.map((outcome) => weakEvent(report.metric, outcome)));
  }

  const terminatedBySpec = run.spec.terminate === true;
  let results: MetricResult[] = [];
  const assess = (terminating: boolean): void => {
    const assessed = assessRun({ metrics, status, dryRun, terminating, terminatedBySpec });
    events.push(...assessed.events);
    results = assessed.metricResults;
    status = {
      ...status,
      phase: assessed.phase,
      message: assessed.message,
      startedAt: status.startedAt ?? formatTime(now),
      runSummary: assessed.runSummary,
      dryRunSummary: assessed.dryRunSummary,
      metricResults: results,
    };
  };
  const unfinished = (): boolean =>
    (status.metricResults ?? []).some(
      (r) => r.measurements?.at(-1) !== undefined && r.measurements.at(-1)?.finishedAt === undefined,
    );

  const terminating = isTerminating(run.spec.terminate, run.status);
  assess(terminating && !unfinished());
  // The reference ends the run in its next pass; nothing is left to wait for, so the verdict goes out now.
  if (!isCompleted(status.phase) && !unfinished() && isTerminating(run.spec.terminate, status)) assess(true);

  const trimmed = trimMeasurements(results, retention);
  const intents: AnalysisIntent[] = collectIntents(results, trimmed, retention);
  status = { ...status, metricResults: trimmed };

  if (isCompleted(status.phase)) {
    status.completedAt = formatTime(now);
    events.push(runEvent(status.phase));
    notes.push({
      about: 'run.verdict',
      text: `${status.phase}${status.message ? `: ${status.message}` : ''}`,
    });
    if (snapshot.inFlight.size > 0) intents.push({ key: 'abandon', kind: 'abandon' });
    const deletion = deleteAt({ ...run, status });
    return finish(snapshot, { status, intents, events, notes, requeueAt: deletion });
  }

  const due = measurementTasks({
    metrics,
    status,
    terminating: isTerminating(run.spec.terminate, status),
    now,
    settled: snapshot.settled,
  }).filter(({ metric }) => !snapshot.inFlight.has(metric.name));
  const silent = due
    .filter((task) => !dryRun.has(task.metric.name) && lacksTraffic(task, snapshot.traffic))
    .map(({ metric }) => metric.name);
  const tasks = due.filter(({ metric }) => !silent.includes(metric.name));
  const [mute] = silent;
  const { traffic } = snapshot;
  status.message =
    holdOf({ status }) ?? (mute === undefined || traffic === undefined ? '' : silenceText(mute, traffic));
  intents.push(...tasks.map((task) => taskIntent(task, findResult(status, task.metric.name))));
  for (const { metric, action } of tasks)
    notes.push({ about: 'measurement.due', text: `${action} metric '${metric.name}'` });

  const busy = new Set([...snapshot.inFlight, ...tasks.map(({ metric }) => metric.name)]);
  const waiting = metrics.filter(({ name }) => !busy.has(name) && !silent.includes(name));
  const next = earliest(nextLookAt(waiting, status), silent.length === 0 ? undefined : now + TRAFFIC_POLL_MS);
  // A metric is due when more time than its interval has passed, so the look comes just after. A past instant belongs
  // to a metric that waits for another one to be terminated; that wakes the run, and the second is only a safety net.
  const requeueAt = next === undefined ? undefined : next < now ? now + 1000 : next + 1;

  const isFirst = (run.status?.phase ?? '') === '';
  const firstEnd = (snapshot.openedAt ?? now) + FIRST_ANSWER_MS;
  if (isFirst && busy.size > 0 && now < firstEnd) {
    return deferred(
      intents,
      notes,
      'the first status waits for the first answers',
      earliest(requeueAt, firstEnd),
    );
  }
  const othersEnd = coalescedUntil(snapshot, status, trimmed);
  if (othersEnd !== undefined && now < othersEnd)
    return deferred(
      intents,
      notes,
      'the status waits for the answers of other metrics',
      earliest(requeueAt, othersEnd),
    );
  return finish(snapshot, { status, intents, events, notes, requeueAt });
}

const isMeasured = (report: MeasurementReport | UnresolvedReport): report is MeasurementReport =>
  !('unresolved' in report);

/** Nothing is written yet, and what came in stays where it is. */
function deferred(
  intents: readonly AnalysisIntent[],
  notes: readonly Note[],
  text: string,
  requeueAt: number | undefined,
): AnalysisPlan {
  const all = [...notes, { about: 'status.deferred', text }];
  return { intents, status: undefined, events: [], notes: all, requeueAt, consumed: false };
}

/**
 * How long answers that decide nothing wait for those of other metrics, to be written with them. A crash loses them and
 * they are asked again: no verdict, and no count that anybody has seen.
 */
function coalescedUntil(
  snapshot: AnalysisSnapshot,
  next: AnalysisRunStatus,
  results: readonly MetricResult[],
): number | undefined {
  const { run, reports, inFlight } = snapshot;
  const [first] = reports;
  if (inFlight.size === 0 || first === undefined || 'unresolved' in first) return undefined;
  // What a provider left running must be on record before it is asked for.
  if (reports.some((report) => 'answer' in report && report.answer.kind === 'pending')) return undefined;
  const decides =
    next.message !== (run.status?.message ?? '') ||
    results.some(({ name, phase }) => findResult(run.status, name)?.phase !== phase);
  return decides ? undefined : first.finishedAt + COALESCE_MS;
}

function lacksTraffic({ metric, action }: MeasurementTask, traffic: Traffic | undefined): boolean {
  if (action !== 'measure' || metric.evidence?.waitForTraffic !== true) return false;
  return traffic !== undefined && traffic.weight <= 0;
}

const earliest = (...instants: (number | undefined)[]): number | undefined => {
  const known = instants.filter((instant) => instant !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

/** The same text for each measurement, so that it is said once in a run. */
const weakEvent = (metric: string, outcome: Outcome): PlannedEvent => ({
  type: 'Warning',
  reason: 'WeakEvidence',
  message: `Metric '${metric}' passed on evidence that strict mode would not accept: ${WORDS[outcome]}`,
});

function planCompleted(snapshot: AnalysisSnapshot): AnalysisPlan {
  const { run, now } = snapshot;
  const intents: AnalysisIntent[] = [];
  const notes: Note[] = [];
  if (snapshot.inFlight.size > 0) intents.push({ key: 'abandon', kind: 'abandon' });
  const deletion = deleteAt(run);
  const due = deletion !== undefined && deletion <= now;
  if (due) {
    intents.push({ key: 'delete', kind: 'delete' });
    notes.push({ about: 'run.ttl', text: 'the time that ttlStrategy gives a finished run is over' });
  }
  return {
    intents,
    status: undefined,
    events: [],
    notes,
    requeueAt: due ? undefined : deletion,
    consumed: true,
  };
}

/** The run can't be measured at all. `completedAt` is left out for a run that never began, as in the reference. */
function planRefused(snapshot: AnalysisSnapshot, error: string): AnalysisPlan {
  const { run, now } = snapshot;
  const secrets = snapshot.reports.flatMap((report) => ('secrets' in report ? report.secrets : []));
  const message = redact(error, secrets);
  const status: AnalysisRunStatus = { ...run.status, phase: 'Error', message };
  if (status.startedAt !== undefined) status.completedAt = formatTime(now);
  const deletion = deleteAt({ ...run, status });
  return finish(snapshot, {
    status,
    intents: snapshot.inFlight.size > 0 ? [{ key: 'abandon', kind: 'abandon' }] : [],
    events: [runEvent('Error')],
    notes: [{ about: 'run.refused', text: message }],
    requeueAt: deletion,
  });
}

interface SetUp {
  metrics: Metric[];
  dryRun: Set<string>;
  retention: Map<string, number>;
}

/** The metrics with placeholders for secrets, and what the rules select. The error is the run's message. */
function prepare(run: AnalysisRunObject): SetUp | { error: string } {
  const specified = Array.isArray(run.spec.metrics) ? run.spec.metrics : [];
  const resolved = resolveMetrics(specified, run.spec.args);
  if ('error' in resolved) return { error: `Unable to resolve metric arguments: ${resolved.error}` };
  const { metrics } = resolved;
  const fault = validateMetrics(metrics);
  if (fault !== undefined) return { error: `Analysis spec invalid: ${fault}` };
  const dryRun = selectDryRun(metrics, run.spec.dryRun);
  if ('error' in dryRun) return { error: `Analysis spec invalid: ${dryRun.error}` };
  const retention = selectRetention(metrics, run.spec.measurementRetention);
  if ('error' in retention) return { error: `Analysis spec invalid: ${retention.error}` };
  return { metrics, dryRun: dryRun.names, retention: retention.limits };
}

function finish(
  snapshot: AnalysisSnapshot,
  plan: Omit<AnalysisPlan, 'consumed' | 'status'> & { status: AnalysisRunStatus },
): AnalysisPlan {
  const status = tidy(plan.status);
  const changed = !deepEqual(status, snapshot.run.status);
  return {
    ...plan,
    status: changed ? status : undefined,
    events: changed ? plan.events : [],
    consumed: true,
  };
}

/** Zeros and empty texts are left out, as the reference writes them; the summaries are there even when empty. */
function tidy(status: AnalysisRunStatus): AnalysisRunStatus {
  const tidied: AnalysisRunStatus = { ...status };
  if (tidied.message === '') delete tidied.message;
  if (tidied.runSummary !== undefined) tidied.runSummary = withoutZeros(tidied.runSummary);
  if (tidied.dryRunSummary !== undefined) tidied.dryRunSummary = withoutZeros(tidied.dryRunSummary);
  if (tidied.metricResults?.length === 0) delete tidied.metricResults;
  else tidied.metricResults = tidied.metricResults?.map(withoutZeros);
  if (tidied.metricResults === undefined) delete tidied.metricResults;
  return tidied;
}

function withoutZeros<T extends RunSummary | MetricResult>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== 0 && item !== '' && item !== undefined),
  ) as T;
}

function withResult(status: AnalysisRunStatus, result: MetricResult): AnalysisRunStatus {
  const results = status.metricResults ?? [];
  const at = results.findIndex(({ name }) => name === result.name);
  return {
    ...status,
    metricResults: at < 0 ? [...results, result] : results.map((old, i) => (i === at ? result : old)),
  };
}

function taskIntent({ metric, action }: MeasurementTask, result: MetricResult | undefined): MeasureIntent {
  const previous = action === 'measure' ? undefined : lastMeasurement(result);
  return {
    key: `${action}:${metric.name}`,
    kind: action,
    metric: metric.name,
    taken: (result?.count ?? 0) + (result?.error ?? 0),
    ...(previous === undefined ? {} : { previous }),
  };
}

function collectIntents(
  before: readonly MetricResult[],
  after: readonly MetricResult[],
  retention: ReadonlyMap<string, number>,
): AnalysisIntent[] {
  return before
    .filter((result, i) => result !== after[i])
    .map(({ name }) => ({
      key: `collect:${name}`,
      kind: 'collect' as const,
      metric: name,
      limit: retentionOf(name, retention),
    }));
}

function measurementNote(result: MetricResult): Note {
  const last = result.measurements?.at(-1);
  const value = last?.value === undefined ? '' : ` with value ${last.value}`;
  const message = last?.message === undefined ? '' : `: ${last.message}`;
  return { about: 'measurement.result', text: `metric '${result.name}' is ${last?.phase}${value}${message}` };
}
