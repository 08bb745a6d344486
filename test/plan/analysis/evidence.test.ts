import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evidenceOf } from '../../../src/plan/analysis/evidence.ts';
import type { AnalysisRunStatus, Metric } from '../../../src/plan/analysis/types.ts';

const metric = (over: Partial<Metric> = {}): Metric => ({
  name: 'errors',
  provider: { prometheus: { query: 'q' } },
  ...over,
});

function run(options: {
  metrics?: Metric[];
  terminate?: boolean;
  status?: AnalysisRunStatus | undefined;
}): NonNullable<Parameters<typeof evidenceOf>[0]> {
  const { metrics = [metric()], terminate } = options;
  return {
    spec: { metrics, ...(terminate === undefined ? {} : { terminate }) },
    status: options.status,
  };
}

const ended = (counts: Record<string, unknown> | undefined, phase = 'Successful'): AnalysisRunStatus => ({
  phase,
  message: 'Run Terminated',
  ...(counts === undefined ? {} : { metricResults: [{ name: 'errors', phase: 'Successful', ...counts }] }),
});

describe('evidenceOf', () => {
  it('is the phase while the run has not ended, and nothing without one', () => {
    assert.equal(evidenceOf(undefined), '');
    assert.equal(evidenceOf(run({ status: undefined })), '');
    assert.equal(evidenceOf(run({ terminate: true, status: { phase: 'Running' } })), 'Running');
  });

  it('is the phase of a run that came to its own end, even where it left no measurements', () => {
    assert.equal(evidenceOf(run({ status: { phase: 'Successful' } })), 'Successful');
    assert.equal(evidenceOf(run({ status: ended({ count: 1 }) })), 'Successful');
  });

  it('is the bad end of a terminated run: something was wrong', () => {
    for (const phase of ['Failed', 'Error', 'Inconclusive'])
      assert.equal(evidenceOf(run({ terminate: true, status: ended(undefined, phase) })), phase);
  });

  it('is Inconclusive for a run that was terminated before it measured', () => {
    assert.equal(evidenceOf(run({ terminate: true, status: ended(undefined) })), 'Inconclusive');
    assert.equal(evidenceOf(run({ terminate: true, status: ended({}) })), 'Inconclusive');
    assert.equal(evidenceOf(run({ terminate: true, status: ended({ error: 3 }) })), 'Inconclusive');
  });

  it('asks for all measurements of a metric with a count', () => {
    const metrics = [metric({ interval: '1m', count: 5 })];
    assert.equal(evidenceOf(run({ metrics, terminate: true, status: ended({ count: 4 }) })), 'Inconclusive');
    assert.equal(evidenceOf(run({ metrics, terminate: true, status: ended({ count: 5 }) })), 'Successful');
  });

  it('asks for one measurement of a metric without end', () => {
    const metrics = [metric({ interval: '1m' })];
    assert.equal(evidenceOf(run({ metrics, terminate: true, status: ended({ error: 1 }) })), 'Inconclusive');
    assert.equal(evidenceOf(run({ metrics, terminate: true, status: ended({ count: 1 }) })), 'Successful');
  });

  it('asks for the successes in a row that a metric asks for', () => {
    const metrics = [metric({ interval: '1m', consecutiveSuccessLimit: 3 })];
    const status = (row: number): AnalysisRunStatus => ended({ count: 9, consecutiveSuccess: row });
    assert.equal(evidenceOf(run({ metrics, terminate: true, status: status(2) })), 'Inconclusive');
    assert.equal(evidenceOf(run({ metrics, terminate: true, status: status(3) })), 'Successful');
  });

  it('looks at every metric but those that run dry', () => {
    const metrics = [metric({ interval: '1m' }), metric({ name: 'latency', interval: '1m' })];
    const status = (latency: Record<string, unknown>): AnalysisRunStatus => ({
      phase: 'Successful',
      metricResults: [
        { name: 'errors', phase: 'Successful', count: 3 },
        { name: 'latency', phase: 'Successful', ...latency },
      ],
    });
    assert.equal(evidenceOf(run({ metrics, terminate: true, status: status({}) })), 'Inconclusive');
    assert.equal(
      evidenceOf(run({ metrics, terminate: true, status: status({ dryRun: true }) })),
      'Successful',
    );
  });
});
