/** What `plan` foresees, where it begins at a moment that stories seldom begin at. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTime } from '../../../src/lang/time.ts';
import { foresee } from '../../../src/plan/rehearsal/foresee.ts';
import type { Start } from '../../../src/plan/rehearsal/rehearse.ts';
import { World } from '../rollout/simulation.ts';

const readyAfterMs = (): number => 1_500;

describe('an abort', () => {
  it('in the middle is safe after a while', () => {
    const world = new World({ replicas: 4, canary: { steps: [{ setWeight: 50 }, { pause: {} }] } });
    world.until('Healthy').image('v2').until('Paused');
    const { abort } = foresee(world.snapshot() as Start, { readyAfterMs }).times;
    assert.ok(
      abort !== undefined && abort.safe < Infinity && abort.safe <= abort.done,
      JSON.stringify(abort),
    );
  });
});

describe('a restart', () => {
  it('of an instant that has passed replaces the pods that are there', () => {
    const world = new World({ replicas: 3, canary: {} }).until('Healthy').wait(60_000);
    const start = world.snapshot() as Start;
    const restartAt = formatTime(start.now - 1_000);
    const rollout = { ...start.rollout, spec: { ...start.rollout.spec, restartAt } };
    const { kind, rehearsal } = foresee({ ...start, rollout }, { readyAfterMs });
    assert.deepEqual([kind, rehearsal.ending], ['change', 'settled']);
    const evicted = rehearsal.moments.flatMap(({ writes }) =>
      writes.flatMap((intent) => (intent.kind === 'evictPods' ? intent.pods.map(({ name }) => name) : [])),
    );
    assert.equal(new Set(evicted).size, 3, JSON.stringify(rehearsal.moments));
  });

  it('that waits for pods that never come does not go on for ever', () => {
    const canary = { steps: [{ setWeight: 50 }], maxSurge: 1, maxUnavailable: 0 };
    const world = new World({ replicas: 4, canary }).until('Healthy').wait(60_000);
    const start = world.image('v2').until('Progressing').snapshot() as Start;
    const restartAt = formatTime(start.now - 1_000);
    const rollout = { ...start.rollout, spec: { ...start.rollout.spec, restartAt } };
    const { rehearsal } = foresee({ ...start, rollout }, { readyAfterMs: () => Infinity });
    const { phase } = rehearsal.moments.at(-1) ?? {};
    assert.deepEqual([rehearsal.ending, phase], ['stuck', 'Degraded']);
  });
});
