import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasEvidence } from '../../../src/plan/analysis/evidence.ts';
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
}): Parameters<typeof hasEvidence>[0] {
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

describe('hasEvidence', () => {
  it('is false while the run has not ended', () => {
    assert.equal(hasEvidence(run({ status: undefined })), false);
    assert.equal(hasEvidence(run({ status: { phase: 'Running' } })), false);
  });

  it('is true for a run that came to its own end, even where it left no measurements', () => {
    assert.equal(hasEvidence(run({ status: { phase: 'Successful' } })), true);
    assert.equal(hasEvidence(run({ status: ended({ count: 1 }) })), true);
  });

  it('is true for a bad end of a terminated run: something was wrong', () => {
    for (const phase of ['Failed', 'Error', 'Inconclusive'])
      assert.equal(hasEvidence(run({ terminate: true, status: ended(undefined, phase) })), true, phase);
  });

  it('is false for a run that was terminated before it measured', () => {
    assert.equal(hasEvidence(run({ terminate: true, status: ended(undefined) })), false);
    assert.equal(hasEvidence(run({ terminate: true, status: ended({}) })), false);
    assert.equal(hasEvidence(run({ terminate: true, status: ended({ error: 3 }) })), false);
  });

  it('asks for all measurements of a metric with a count', () => {
    const metrics = [metric({ interval: '1m', count: 5 })];
    assert.equal(hasEvidence(run({ metrics, terminate: true, status: ended({ count: 4 }) })), false);
    assert.equal(hasEvidence(run({ metrics, terminate: true, status: ended({ count: 5 }) })), true);
  });

  it('asks for one measurement of a metric without end', () => {
    const metrics = [metric({ interval: '1m' })];
    assert.equal(hasEvidence(run({ metrics, terminate: true, status: ended({ error: 1 }) })), false);
    assert.equal(hasEvidence(run({ metrics, terminate: true, status: ended({ count: 1 }) })), true);
  });

  it('asks for the successes in a row that a metric asks for', () => {
    const metrics = [metric({ interval: '1m', consecutiveSuccessLimit: 3 })];
    const status = (row: number): AnalysisRunStatus => ended({ count: 9, consecutiveSuccess: row });
    assert.equal(hasEvidence(run({ metrics, terminate: true, status: status(2) })), false);
    assert.equal(hasEvidence(run({ metrics, terminate: true, status: status(3) })), true);
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
    assert.equal(hasEvidence(run({ metrics, terminate: true, status: status({}) })), false);
    assert.equal(hasEvidence(run({ metrics, terminate: true, status: status({ dryRun: true }) })), true);
  });
});
