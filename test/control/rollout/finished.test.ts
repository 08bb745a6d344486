import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutDuration } from '../../../src/api/rollout.ts';
import { finishedBetween } from '../../../src/control/rollout/finished.ts';

const running: RolloutDuration = { rolloutStartedAt: '2026-01-01T00:00:00Z' };
const ended: RolloutDuration = {
  ...running,
  finishedAt: '2026-01-01T00:02:00Z',
  completionStatus: 'Aborted',
  totalManualPauseDurationSeconds: 50,
};

describe('the end of an update', () => {
  it('is told with its times when it comes on record', () => {
    assert.deepEqual(finishedBetween({ duration: running }, { duration: ended }), {
      status: 'Aborted',
      seconds: 120,
      pausedSeconds: 50,
    });
    assert.equal(finishedBetween(undefined, { duration: ended })?.status, 'Aborted');
  });

  it('is told once, and again for the next update', () => {
    assert.equal(finishedBetween({ duration: ended }, { duration: { ...ended } }), undefined);
    const next = { ...ended, rolloutStartedAt: '2026-01-01T00:01:00Z' };
    assert.equal(finishedBetween({ duration: ended }, { duration: next })?.seconds, 60);
  });

  it('is told of an update that another one took the place of, with what it spent in pauses', () => {
    const next: RolloutDuration = { rolloutStartedAt: '2026-01-01T00:01:30Z' };
    assert.deepEqual(finishedBetween({ duration: running }, { duration: next }), {
      status: 'Superseded',
      seconds: 90,
      pausedSeconds: 0,
    });
    const paused = {
      ...running,
      totalManualPauseDurationSeconds: 10,
      manualPauseStartedAt: '2026-01-01T00:01:00Z',
    };
    assert.equal(finishedBetween({ duration: paused }, { duration: next })?.pausedSeconds, 40);
    // One that had ended is not, nor one that goes on under the name of a rollback.
    assert.equal(finishedBetween({ duration: ended }, { duration: next }), undefined);
    const back = { ...running, completionStatus: 'RolledBack' };
    assert.equal(finishedBetween({ duration: running }, { duration: back }), undefined);
  });

  it('is not told of what runs, or of times that nobody can read or that run backwards', () => {
    assert.equal(finishedBetween({}, { duration: running }), undefined);
    assert.equal(finishedBetween({}, {}), undefined);
    assert.equal(finishedBetween({}, { duration: { ...ended, finishedAt: 'soon' } }), undefined);
    assert.deepEqual(finishedBetween({}, { duration: { ...ended, finishedAt: '2025-12-31T00:00:00Z' } }), {
      status: 'Aborted',
      seconds: 0,
      pausedSeconds: 0,
    });
  });
});
