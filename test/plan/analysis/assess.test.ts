import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTime } from '../../../src/lang/time.ts';
import { assessLimits, assessMetric, assessRun, isWorse } from '../../../src/plan/analysis/assess.ts';
import { nextLookAt } from '../../../src/plan/analysis/next.ts';
import { selectDryRun } from '../../../src/plan/analysis/select.ts';
import { isTerminating, measurementTasks } from '../../../src/plan/analysis/tasks.ts';
import type { AnalysisRunObject, Metric } from '../../../src/plan/analysis/types.ts';
import { dropZeros, withVectors } from '../../shared.ts';

interface Row {
  run: AnalysisRunObject;
  out: {
    terminating: boolean;
    tasks: { metric: string; resume?: boolean }[];
    metrics: unknown;
    results: { name: string; phase: string; message?: string }[];
    next: string | null;
    startedAt?: string;
  };
}

const now = Date.UTC(2026, 0, 1, 12);

function look({ run }: Row): unknown {
  const { metrics = [], terminate } = run.spec;
  const status = run.status ?? {};
  const selected = selectDryRun(metrics, run.spec.dryRun);
  assert.ok('names' in selected);
  const dryRun = selected.names;
  const terminating = isTerminating(terminate, status);
  const tasks = measurementTasks({ metrics, status, terminating, now });
  const verdicts = metrics.flatMap((metric) => {
    const result = status.metricResults?.find((r) => r.name === metric.name);
    if (result === undefined) return [];
    const limit = assessLimits(metric, result);
    return {
      name: metric.name,
      phase: assessMetric(metric, result, terminating),
      limitPhase: limit?.phase,
      limitMessage: limit?.text,
    };
  });
  const assessed = assessRun({ metrics, status, dryRun, terminating, terminatedBySpec: terminate === true });
  const startedAt = status.startedAt ?? formatTime(now);
  const next = nextLookAt(metrics, { startedAt, metricResults: assessed.metricResults });
  return {
    terminating,
    tasks: tasks.map(({ metric, action }) => ({ metric: metric.name, resume: action !== 'measure' })),
    metrics: verdicts,
    phase: assessed.phase,
    message: assessed.message,
    runSummary: assessed.runSummary,
    dryRunSummary: assessed.dryRunSummary,
    results: assessed.metricResults.map(({ name, phase, message }) => ({ name, phase, message })),
    startedAt: status.startedAt === undefined ? startedAt : undefined,
    events: assessed.events.map((event) => event.reason),
    next: next === undefined ? null : formatTime(next),
  };
}

withVectors<Row>('metric-assess', (rows) => {
  it('every row', () => {
    const wrong: string[] = [];
    for (const [i, row] of rows.entries()) {
      const got = dropZeros(look(row));
      const want = dropZeros(row.out);
      try {
        assert.deepEqual(got, want);
      } catch {
        wrong.push(
          `row ${i}: ${JSON.stringify(row.run)}\n got ${JSON.stringify(got)}\nwant ${JSON.stringify(want)}`,
        );
      }
    }
    assert.ok(rows.length >= 800);
    assert.equal(wrong.length, 0, `${wrong.length} rows differ\n${wrong.slice(0, 5).join('\n')}`);
  });
});

const metric = (name: string): Metric => ({ name, provider: { web: {} } });

describe('assessRun', () => {
  it('orders the ends as spec 05 section 4 does', () => {
    const order = ['Successful', 'Running', 'Pending', 'Inconclusive', 'Error', 'Failed'] as const;
    for (const [i, a] of order.entries())
      for (const [j, b] of order.entries()) assert.equal(isWorse(a, b), i > j);
  });

  it('keeps the results of metrics that are no longer in the spec', () => {
    const gone = { name: 'gone', phase: 'Successful' };
    const assessed = assessRun({
      metrics: [metric('m')],
      status: { metricResults: [gone] },
      dryRun: new Set(),
      terminating: false,
      terminatedBySpec: false,
    });
    assert.deepEqual(assessed.metricResults, [gone]);
    assert.equal(assessed.phase, 'Running');
  });

  it('does not change its input', () => {
    const status = Object.freeze({
      metricResults: Object.freeze([
        Object.freeze({
          name: 'm',
          phase: 'Running',
          count: 1,
          measurements: [{ phase: 'Successful', finishedAt: '2026-01-01T12:00:00Z' }],
        }),
      ]) as never,
    });
    const assessed = assessRun({
      metrics: [metric('m')],
      status,
      dryRun: new Set(),
      terminating: false,
      terminatedBySpec: false,
    });
    assert.equal(assessed.phase, 'Successful');
  });
});
