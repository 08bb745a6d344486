import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutStatus } from '../../../src/api/rollout.ts';
import { decidedForm, storedForm } from '../../../src/plan/rollout/status-form.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const LATER = NOW + 60_000;
const healthy: RolloutStatus = {
  observedGeneration: '3',
  phase: 'Healthy',
  conditions: [{ type: 'Healthy', status: 'True', reason: 'RolloutHealthy', message: 'Rollout is healthy' }],
};
const kstatus = (status: RolloutStatus | undefined): Record<string, string> =>
  Object.fromEntries(
    (status?.conditions ?? [])
      .filter(({ type }) => ['Ready', 'Reconciling', 'Stalled'].includes(type))
      .map(({ type, status: value }) => [type, value]),
  );

describe('the form of a stored status', () => {
  it('is left as it is where it is text', () => {
    assert.equal(decidedForm(healthy), healthy);
    assert.equal(storedForm('string', undefined, healthy, NOW), undefined);
    assert.deepEqual(storedForm('string', { ...healthy, phase: 'Paused' }, healthy, NOW)?.phase, 'Paused');
  });

  it('has a number and three conditions for kstatus', () => {
    const stored = storedForm('int', healthy, {}, NOW);
    assert.equal(stored?.observedGeneration, 3);
    for (const [phase, expected] of [
      ['Healthy', { Ready: 'True', Reconciling: 'False', Stalled: 'False' }],
      ['Progressing', { Ready: 'False', Reconciling: 'True', Stalled: 'False' }],
      ['Paused', { Ready: 'False', Reconciling: 'True', Stalled: 'False' }],
      ['Degraded', { Ready: 'False', Reconciling: 'False', Stalled: 'True' }],
    ] as const)
      assert.deepEqual(kstatus(storedForm('int', { ...healthy, phase }, {}, NOW)), expected, phase);
  });

  it('is decided on without either, and written once', () => {
    const stored = storedForm('int', healthy, healthy, NOW) ?? {};
    assert.deepEqual(decidedForm(stored), healthy);
    assert.equal(storedForm('int', undefined, stored, LATER), undefined);
    assert.equal(storedForm('int', healthy, stored, LATER), undefined);
  });

  it('keeps the time of a condition that did not turn', () => {
    const stored = storedForm('int', { ...healthy, phase: 'Progressing' }, {}, NOW) ?? {};
    const next = storedForm('int', { ...healthy, phase: 'Paused' }, stored, LATER);
    const ready = next?.conditions?.find(({ type }) => type === 'Ready');
    assert.equal(ready?.lastTransitionTime, '2026-11-21T12:00:00Z');
    assert.equal(ready?.lastUpdateTime, '2026-11-21T12:01:00Z');
    assert.equal(ready?.reason, 'RolloutPaused');
  });

  it('changes with the flag on a settled Rollout, both ways', () => {
    const asInt = storedForm('int', undefined, healthy, NOW);
    assert.equal(asInt?.observedGeneration, 3);
    assert.deepEqual(storedForm('string', undefined, asInt ?? {}, NOW), healthy);
  });

  it('waits for the first decision about a new Rollout, and survives an odd status', () => {
    assert.equal(storedForm('int', undefined, {}, NOW), undefined);
    const odd = { observedGeneration: 'x', conditions: [null, 'a'] } as unknown as RolloutStatus;
    assert.equal(storedForm('int', undefined, odd, NOW)?.observedGeneration, 'x');
  });
});
