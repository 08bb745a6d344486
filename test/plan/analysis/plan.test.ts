import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deepFreeze } from '../../../src/lang/json.ts';
import { formatTime } from '../../../src/lang/time.ts';
import type { Answer } from '../../../src/plan/analysis/answer.ts';
import { withoutEvidence } from '../../control/analysis/without-evidence.ts';
import { FIRST_ANSWER_MS, planAnalysisRun } from '../../../src/plan/analysis/plan.ts';
import type { AnalysisPlan, AnalysisSnapshot, MeasurementReport } from '../../../src/plan/analysis/plan.ts';
import { redact } from '../../../src/plan/analysis/redact.ts';
import type {
  AnalysisRunObject,
  AnalysisRunSpec,
  AnalysisRunStatus,
  Metric,
} from '../../../src/plan/analysis/types.ts';

const start = Date.UTC(2026, 0, 1, 12);

const metric = (name: string, more: Partial<Metric> = {}): Metric => ({
  name,
  provider: { prometheus: { address: 'http://p', query: 'q' } },
  ...more,
});

const scalar = (value: number): Answer => ({
  kind: 'value',
  value: String(value),
  result: { type: 'scalar', value },
});

function report(
  of: Metric,
  answer: Answer,
  at: number,
  more: Partial<MeasurementReport> = {},
): MeasurementReport {
  return {
    metric: of.name,
    action: 'measure',
    resolved: of,
    secrets: [],
    startedAt: at,
    finishedAt: at,
    answer,
    ...more,
  };
}

function runOf(spec: AnalysisRunSpec, status?: AnalysisRunStatus): AnalysisRunObject {
  return {
    metadata: { name: 'r', namespace: 'ns', uid: 'u', creationTimestamp: formatTime(start) },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

function look(run: AnalysisRunObject, more: Partial<AnalysisSnapshot> = {}): AnalysisPlan {
  return planAnalysisRun(
    deepFreeze({ run, now: start, reports: [], ...more, inFlight: more.inFlight ?? new Set() }),
  );
}

const keys = (plan: AnalysisPlan): string[] => plan.intents.map(({ key }) => key);

/** Plays a run against answers, one for each measurement, until it is over or nothing is left to do. */
function play(spec: AnalysisRunSpec, answers: Record<string, Answer[]>) {
  let status: AnalysisRunStatus | undefined;
  let now = start;
  let reports: MeasurementReport[] = [];
  const events: string[] = [];
  const measuredAt: string[] = [];
  let writes = 0;
  for (let pass = 0; pass < 500; pass++) {
    const plan = look(runOf(spec, status), { now, reports });
    reports = [];
    if (plan.status !== undefined) {
      writes++;
      status = plan.status;
    }
    events.push(...plan.events.map((event) => event.reason));
    for (const intent of plan.intents) {
      if (intent.kind !== 'measure') continue;
      const answer = answers[intent.metric]?.shift();
      assert.ok(answer, `no answer left for ${intent.metric}`);
      const of = spec.metrics?.find(({ name }) => name === intent.metric);
      assert.ok(of);
      measuredAt.push(`${intent.metric}@${(now - start) / 1000}`);
      reports.push(report(of, answer, now));
    }
    if (reports.length > 0) continue;
    if (plan.requeueAt === undefined) break;
    now = plan.requeueAt;
  }
  return { status, events, measuredAt, writes, now };
}

describe('planAnalysisRun: the way of a run', () => {
  it('is written once where one answer decides', () => {
    const { status, events, writes } = play(
      { metrics: [metric('m', { successCondition: 'result > 0.9' })] },
      { m: [scalar(1)] },
    );
    assert.deepEqual(withoutEvidence(status), {
      phase: 'Successful',
      startedAt: formatTime(start),
      completedAt: formatTime(start),
      runSummary: { count: 1, successful: 1 },
      dryRunSummary: {},
      metricResults: [
        {
          name: 'm',
          phase: 'Successful',
          count: 1,
          successful: 1,
          consecutiveSuccess: 1,
          measurements: [
            { phase: 'Successful', startedAt: formatTime(start), finishedAt: formatTime(start), value: '1' },
          ],
        },
      ],
    });
    assert.deepEqual(events, ['MetricSuccessful', 'AnalysisRunSuccessful']);
    assert.equal(writes, 1);
  });

  it('fails at the limit, in the words of the reference', () => {
    const spec = {
      metrics: [metric('rate', { count: 3, interval: '1s', successCondition: 'result >= 90' })],
    };
    const { status, events } = play(spec, { rate: [scalar(99), scalar(12)] });
    assert.equal(status?.phase, 'Failed');
    assert.equal(status?.message, 'Metric "rate" assessed Failed due to failed (1) > failureLimit (0)');
    assert.deepEqual(events, ['MetricFailed', 'AnalysisRunFailed']);
  });

  it('measures after the initial delay and then in its interval, and after 10 s where there was an error', () => {
    const spec = { metrics: [metric('m', { count: 3, interval: '1m', initialDelay: '30s' })] };
    const down: Answer = { kind: 'error', message: 'connection refused' };
    const { measuredAt, status } = play(spec, { m: [scalar(1), down, scalar(1), scalar(1)] });
    assert.deepEqual(measuredAt, ['m@30.001', 'm@90.001', 'm@100.001', 'm@160.001']);
    assert.deepEqual(
      [status?.phase, status?.metricResults?.[0]?.error, status?.metricResults?.[0]?.count],
      ['Successful', 1, 3],
    );
  });

  it('gives up after consecutiveErrorLimit', () => {
    const down: Answer = { kind: 'error', message: 'connection refused' };
    const { status } = play({ metrics: [metric('m', { consecutiveErrorLimit: 1 })] }, { m: [down, down] });
    assert.equal(
      status?.message,
      'Metric "m" assessed Error due to consecutiveErrors (2) > consecutiveErrorLimit (1): "Error Message: connection refused"',
    );
  });

  it('ends the whole run in the pass in which a metric fails', () => {
    const spec = {
      metrics: [
        metric('good', { interval: '2s', count: 20, successCondition: 'result == 3' }),
        metric('bad', { initialDelay: '3s', successCondition: 'result == 4' }),
      ],
    };
    const { status, events } = play(spec, {
      good: Array.from({ length: 20 }, () => scalar(3)),
      bad: [scalar(3)],
    });
    assert.equal(status?.phase, 'Failed');
    assert.equal(status?.message, 'Metric "bad" assessed Failed due to failed (1) > failureLimit (0)');
    assert.deepEqual(status?.runSummary, { count: 2, failed: 1, successful: 1 });
    assert.deepEqual([...events].sort(), ['AnalysisRunFailed', 'MetricFailed', 'MetricSuccessful']);
  });

  it('is not hurt by a metric that only runs dry', () => {
    const spec = {
      metrics: [metric('m'), metric('dry', { successCondition: 'result > 1' })],
      dryRun: [{ metricName: '^dry$' }],
    };
    const { status } = play(spec, { m: [scalar(1)], dry: [scalar(0)] });
    assert.equal(status?.phase, 'Successful');
    const dry = status?.metricResults?.find(({ name }) => name === 'dry');
    assert.deepEqual(
      [dry?.phase, dry?.dryRun, dry?.message],
      ['Failed', true, 'Metric assessed Failed due to failed (1) > failureLimit (0)'],
    );
    assert.deepEqual(status?.dryRunSummary, { count: 1, failed: 1 });
  });

  it('pauses, and does not abort, on a pass that rests on nothing', () => {
    const empty: Answer = { kind: 'value', value: '[]', result: { type: 'vector', value: [] } };
    const { status } = play(
      { metrics: [metric('m', { successCondition: 'all(result, # < 1)' })] },
      { m: [empty] },
    );
    assert.equal(status?.phase, 'Inconclusive');
    assert.match(
      status?.message ?? '',
      /^Metric "m" assessed Inconclusive due to inconclusive \(1\) > inconclusiveLimit \(0\): "Error Message: no data: /,
    );
  });

  it('keeps the last ten measurements, or as many as a rule says', () => {
    const endless = Array.from({ length: 12 }, () => scalar(1));
    const spec = { metrics: [metric('m', { count: 12, interval: '1s' })] };
    assert.equal(play(spec, { m: [...endless] }).status?.metricResults?.[0]?.measurements?.length, 10);
    const ruled = { ...spec, measurementRetention: [{ metricName: 'm', limit: 3 }] };
    const { status } = play(ruled, { m: [...endless] });
    assert.equal(status?.metricResults?.[0]?.measurements?.length, 3);
    assert.equal(status?.metricResults?.[0]?.count, 12);
  });
});

describe('planAnalysisRun: one look', () => {
  const running: AnalysisRunStatus = {
    phase: 'Running',
    startedAt: formatTime(start),
    runSummary: { count: 1 },
    dryRunSummary: {},
  };

  it('waits a moment with the first status, but not for ever', () => {
    const run = runOf({ metrics: [metric('m', { interval: '1m' })] });
    const first = look(run);
    assert.deepEqual(
      [keys(first), first.status, first.requeueAt],
      [['measure:m'], undefined, start + FIRST_ANSWER_MS],
    );
    const busy = { inFlight: new Set(['m']), openedAt: start };
    const later = look(run, { ...busy, now: start + 500 });
    assert.deepEqual([keys(later), later.status, later.requeueAt], [[], undefined, start + FIRST_ANSWER_MS]);
    const last = look(run, { ...busy, now: start + FIRST_ANSWER_MS });
    assert.equal(last.status?.phase, 'Running');
    assert.equal(last.requeueAt, undefined);
  });

  it('changes nothing where nothing happened', () => {
    const plan = look(runOf({ metrics: [metric('m')] }, running), { inFlight: new Set(['m']) });
    assert.deepEqual([plan.status, plan.intents, plan.events], [undefined, [], []]);
  });

  it('does not start what is in flight, and takes late answers without effect', () => {
    const done: AnalysisRunStatus = {
      ...running,
      metricResults: [
        { name: 'm', phase: 'Failed' },
        { name: 'n', phase: 'Running' },
      ],
    };
    const run = runOf({ metrics: [metric('m'), metric('n', { interval: '1m' })] }, done);
    const plan = look(run, { reports: [report(metric('m'), scalar(1), start)] });
    assert.equal(plan.status?.phase, 'Failed');
    assert.ok(plan.notes.some(({ about }) => about === 'measurement.late'));
  });

  it('ends as Successful when it is terminated before it had a measurement', () => {
    const plan = look(runOf({ metrics: [metric('m')], terminate: true }, running), {
      inFlight: new Set(['m']),
    });
    assert.deepEqual(
      [plan.status?.phase, plan.status?.message, keys(plan)],
      ['Successful', 'Run Terminated', ['abandon']],
    );
  });

  it('stops what is in progress at a provider before it ends', () => {
    const status: AnalysisRunStatus = {
      ...running,
      metricResults: [
        { name: 'm', phase: 'Running', measurements: [{ phase: 'Running', startedAt: formatTime(start) }] },
      ],
    };
    const run = runOf({ metrics: [metric('m')], terminate: true }, status);
    const plan = look(run);
    assert.deepEqual(keys(plan), ['terminate:m']);
    const stopped: Answer = { kind: 'verdict', phase: 'Successful' };
    const after = look(run, { reports: [report(metric('m'), stopped, start, { action: 'terminate' })] });
    assert.equal(after.status?.phase, 'Successful');
    assert.equal(after.status?.metricResults?.[0]?.measurements?.[0]?.message, 'Metric Terminated');
  });

  it('resumes what is pending, when it is time', () => {
    const pending: Answer = { kind: 'pending', resumeAt: start + 15_000, metadata: { id: '1' } };
    const run = runOf({ metrics: [metric('m')] }, running);
    const plan = look(run, { reports: [report(metric('m'), pending, start)] });
    assert.deepEqual([keys(plan), plan.requeueAt], [[], start + 15_001]);
    const status = plan.status ?? assert.fail();
    const next = runOf({ metrics: [metric('m')] }, status);
    assert.deepEqual(keys(look(next, { now: start + 14_000 })), []);
    assert.deepEqual(keys(look(next, { now: start + 15_001 })), ['resume:m']);
    const done: Answer = { kind: 'verdict', phase: 'Failed', message: 'too slow', metadata: { more: '2' } };
    const over = look(next, { reports: [report(metric('m'), done, start + 16_000, { action: 'resume' })] });
    const [measurement] = over.status?.metricResults?.[0]?.measurements ?? [];
    assert.deepEqual(withoutEvidence(measurement)?.metadata, { id: '1', more: '2' });
    assert.equal(measurement?.startedAt, formatTime(start));
    assert.equal(measurement?.resumeAt, formatTime(start + 15_000));
    assert.equal(over.status?.metricResults?.[0]?.measurements?.length, 1);
  });

  it('asks a pending measurement at once when its end is known, and else at most once a second', () => {
    const run = runOf({ metrics: [metric('m')] }, running);
    const first: Answer = { kind: 'pending', resumeAt: start + 400 };
    const begun = look(run, { reports: [report(metric('m'), first, start + 400)], now: start + 400 });
    assert.deepEqual(begun.intents, [
      {
        key: 'resume:m',
        kind: 'resume',
        metric: 'm',
        taken: 0,
        previous: { phase: 'Running', startedAt: formatTime(start), resumeAt: formatTime(start) },
      },
    ]);
    const next = runOf({ metrics: [metric('m')] }, begun.status ?? assert.fail());
    const again: Answer = { kind: 'pending', resumeAt: start };
    const asked = look(next, {
      reports: [report(metric('m'), again, start + 410, { action: 'resume' })],
      now: start + 410,
    });
    assert.equal(asked.status?.metricResults?.[0]?.measurements?.[0]?.resumeAt, formatTime(start + 2_000));
    assert.deepEqual([keys(asked), asked.requeueAt], [[], start + 2_001]);
    const waiting = runOf({ metrics: [metric('m')] }, asked.status);
    assert.deepEqual(keys(look(waiting, { now: start + 900, settled: new Set(['m']) })), ['resume:m']);
    assert.deepEqual(keys(look(waiting, { now: start + 900, settled: new Set(['other']) })), []);
  });

  it('keeps the first answers until all are there, but no verdict', () => {
    const run = runOf({ metrics: [metric('a', { successCondition: 'result > 0' }), metric('b')] });
    const good = report(metric('a'), scalar(1), start + 10);
    const waits = look(run, { reports: [good], inFlight: new Set(['b']), openedAt: start, now: start + 20 });
    assert.deepEqual([waits.status, waits.consumed, waits.events], [undefined, false, []]);
    const slow = look(run, { reports: [good], inFlight: new Set(['b']), openedAt: start, now: start + 1000 });
    assert.deepEqual([slow.status?.phase, slow.consumed], ['Running', true]);
    const bad = report(metric('a', { successCondition: 'result > 0' }), scalar(0), start + 10);
    const over = look(run, { reports: [bad], inFlight: new Set(['b']), openedAt: start, now: start + 20 });
    assert.deepEqual([over.status?.phase, over.consumed], ['Failed', true]);
  });

  it('hides secrets in messages and metadata, and leaves the value', () => {
    const of = metric('m', { successCondition: 'result + "s3cret"' });
    const plan = look(runOf({ metrics: [metric('m', { consecutiveErrorLimit: 0 })] }, running), {
      reports: [
        report(of, scalar(1), start, {
          secrets: ['s3cret', ''],
          metricMetadata: { ResolvedPrometheusQuery: 'x{t="s3cret"}' },
        }),
      ],
    });
    const text = JSON.stringify(plan.status);
    assert.ok(!text.includes('s3cret'), text);
    assert.match(text, /\*\*\*\*\*/);
    assert.equal(redact('abcdef', ['bc', 'bcd']), 'a*****ef');
  });

  const refused: [string, AnalysisRunSpec, string][] = [
    ['no metrics', { metrics: [] }, 'Analysis spec invalid: no metrics specified'],
    [
      'no provider',
      { metrics: [metric('m', { provider: {} })] },
      'Analysis spec invalid: metrics[0]: no provider specified',
    ],
    [
      'an unknown argument',
      { metrics: [metric('m', { successCondition: 'result > {{args.least}}' })] },
      'Unable to resolve metric arguments: failed to resolve {{args.least}}',
    ],
    [
      'a rule without a metric',
      { metrics: [metric('m')], dryRun: [{ metricName: 'x' }] },
      "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)",
    ],
    [
      'a retention rule without a metric',
      { metrics: [metric('m')], measurementRetention: [{ metricName: '*', limit: 1 }] },
      "Analysis spec invalid: measurementRetention[0]: Rule didn't match any metric name(s)",
    ],
  ];
  for (const [what, spec, message] of refused) {
    it(`refuses ${what}`, () => {
      const plan = look(runOf(spec));
      assert.deepEqual(plan.status, { phase: 'Error', message });
      assert.deepEqual(plan.events, [
        { type: 'Warning', reason: 'AnalysisRunError', message: 'Analysis Completed. Result: Error' },
      ]);
      assert.deepEqual(plan.intents, []);
    });
  }

  it('refuses a run whose Secret is missing, and one that could not be read', () => {
    const run = runOf({ metrics: [metric('m')] });
    const plan = look(run, { reports: [{ unresolved: 'secrets "x" not found' }] });
    assert.deepEqual(plan.status, {
      phase: 'Error',
      message: 'Unable to resolve metric arguments: secrets "x" not found',
    });
    assert.equal(
      look(run, { fault: 'spec.metrics: expected array' }).status?.message,
      'Analysis spec invalid: spec.metrics: expected array',
    );
  });

  it('deletes a finished run when its time is over, and looks again then', () => {
    const spec = {
      metrics: [metric('m')],
      ttlStrategy: { secondsAfterCompletion: 100, secondsAfterFailure: 10, secondsAfterSuccess: 0 },
    };
    const over = (phase: string, completedAt?: string): AnalysisRunObject =>
      runOf(spec, {
        phase,
        ...(completedAt === undefined ? {} : { completedAt, startedAt: formatTime(start) }),
      });
    const at = formatTime(start);
    const due = (run: AnalysisRunObject) => look(run).requeueAt;
    assert.equal(due(over('Successful', at)), start + 1_000);
    assert.equal(due(over('Failed', at)), start + 11_000);
    assert.equal(due(over('Error', at)), start + 101_000);
    assert.equal(due(over('Inconclusive', at)), start + 101_000);
    // Refused before it began: no completedAt, as in the reference, so the creation counts.
    assert.equal(due(over('Error')), start + 101_000);
    assert.deepEqual(keys(look(over('Failed', at), { now: start + 10_999 })), []);
    assert.deepEqual(keys(look(over('Failed', at), { now: start + 11_000 })), ['delete']);
    assert.equal(look(runOf({ metrics: [metric('m')] }, { phase: 'Failed' })).requeueAt, undefined);
  });

  it('measures again where nobody can read when it last did', () => {
    const status: AnalysisRunStatus = {
      ...running,
      metricResults: [
        {
          name: 'm',
          phase: 'Running',
          count: 1,
          measurements: [{ phase: 'Successful', finishedAt: 'then' }],
        },
      ],
    };
    const plan = look(runOf({ metrics: [metric('m', { interval: '1m', count: 2 })] }, status));
    assert.deepEqual(keys(plan), ['measure:m']);
  });

  it('never looks again at once for ever', () => {
    const stuck: AnalysisRunStatus = {
      ...running,
      metricResults: [
        { name: 'job', phase: 'Running', measurements: [{ phase: 'Running', startedAt: formatTime(start) }] },
        {
          name: 'm',
          phase: 'Running',
          count: 1,
          measurements: [{ phase: 'Successful', finishedAt: formatTime(start - 60_000) }],
        },
      ],
    };
    const metrics = [metric('job'), metric('m', { interval: '1s' })];
    const plan = look(runOf({ metrics, terminate: true }, stuck), { inFlight: new Set(['job']) });
    assert.ok((plan.requeueAt ?? Infinity) >= start + 1000);
  });
});
