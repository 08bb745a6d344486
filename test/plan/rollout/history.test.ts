import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnalysisRun } from '../../../src/api/analysis.ts';
import type { RolloutSpec } from '../../../src/api/rollout.ts';
import { formatTime } from '../../../src/lang/time.ts';
import { planHistory } from '../../../src/plan/rollout/history.ts';
import { Draft } from '../../../src/plan/rollout/intents.ts';
import type { ReplicaSet } from '../../../src/plan/rollout/replica-set.ts';
import type { Situation } from '../../../src/plan/rollout/situation.ts';

const START = Date.UTC(2026, 0, 1);

const rs = (index: number, size = 0, more: Partial<ReplicaSet['metadata']> = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: `rs-${index}`,
    uid: `uid-${index}`,
    generation: 1,
    labels: { 'rollouts-pod-template-hash': `h${index}` },
    creationTimestamp: formatTime(START + index * 60_000),
    ...more,
  },
  spec: { replicas: size, template: {} },
  status: { replicas: size, observedGeneration: 1 },
});

const run = (name: string, hash: string, phase: string, minute: number): AnalysisRun => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: {
    name,
    labels: { 'rollouts-pod-template-hash': hash },
    creationTimestamp: formatTime(START + minute * 60_000),
  },
  spec: { metrics: [] },
  ...(phase === '' ? {} : { status: { phase } }),
});

function deleted(
  others: readonly ReplicaSet[],
  spec: RolloutSpec,
  runs: readonly AnalysisRun[] = [],
  current: readonly string[] = [],
): string[] {
  const draft = new Draft();
  const fresh = rs(100, 3);
  const s = {
    draft,
    rollout: { spec },
    snapshot: { analysisRuns: runs },
    revisions: { all: [...others, fresh], fresh, hash: 'h100', others },
  } as unknown as Situation;
  planHistory(s, new Set(current));
  return draft.intents.map((intent) => ('target' in intent ? intent.target.name : intent.key));
}

describe('revisionHistoryLimit (spec 02 section 7)', () => {
  const ten = Array.from({ length: 12 }, (_, i) => rs(i));

  it('is 10 when absent, and counts neither the new nor the stable version', () => {
    assert.deepEqual(deleted(ten, {}), ['rs-0', 'rs-1']);
    assert.deepEqual(deleted(ten.slice(0, 10), {}), []);
  });

  it('of 0 keeps none', () => {
    assert.deepEqual(deleted(ten.slice(0, 2), { revisionHistoryLimit: 0 }), ['rs-0', 'rs-1']);
  });

  it('skips those that have pods, ask for some or are not observed, and takes no other in their place', () => {
    const asking = rs(0, 2);
    const emptying = { ...rs(1), status: { replicas: 1, observedGeneration: 1 } };
    const unobserved = { ...rs(2), status: { replicas: 0, observedGeneration: 0 } };
    const others = [asking, emptying, unobserved, rs(3), rs(4), rs(5)];
    assert.deepEqual(deleted(others, { revisionHistoryLimit: 2 }), ['rs-3']);
  });

  it('does not count those that are on their way out', () => {
    const leaving = rs(0, 0, { deletionTimestamp: formatTime(START) });
    assert.deepEqual(deleted([leaving, rs(1), rs(2)], { revisionHistoryLimit: 1 }), ['rs-1']);
  });
});

describe('runs that stay (spec 05 section 9.5)', () => {
  const runs = [
    ...[1, 2, 3].map((i) => run(`good-${i}`, 'h100', 'Successful', i)),
    ...[1, 2, 3].map((i) => run(`bad-${i}`, 'h100', ['Failed', 'Error', 'Inconclusive'][i - 1] ?? '', i)),
    run('running', 'h100', 'Running', 0),
    run('new', 'h100', '', 0),
  ];

  it('are the newest of each outcome, those under way and those that the status names', () => {
    const analysis = { successfulRunHistoryLimit: 1, unsuccessfulRunHistoryLimit: 2 };
    assert.deepEqual(deleted([], { analysis }, runs).sort(), ['bad-1', 'good-1', 'good-2']);
    assert.deepEqual(deleted([], { analysis }, runs, ['good-1']).sort(), ['bad-1', 'good-2']);
    const none = { successfulRunHistoryLimit: 0, unsuccessfulRunHistoryLimit: 0 };
    assert.equal(deleted([], { analysis: none }, runs).length, 6);
  });

  it('are 5 of each where nothing is said', () => {
    const many = Array.from({ length: 7 }, (_, i) => run(`good-${i}`, 'h100', 'Successful', i));
    assert.deepEqual(deleted([], {}, many).sort(), ['good-0', 'good-1']);
  });

  it('go with their ReplicaSet', () => {
    const orphan = run('orphan', 'h7', 'Running', 1);
    const mine = run('mine', 'h0', 'Successful', 1);
    assert.deepEqual(deleted([rs(0), rs(1)], { revisionHistoryLimit: 1 }, [orphan, mine]), [
      'rs-0',
      'orphan',
      'mine',
    ]);
  });
});
