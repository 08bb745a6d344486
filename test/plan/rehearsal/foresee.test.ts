/** What `plan` foresees, where it begins at a moment that stories seldom begin at. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
