/** A spec that can't be carried out, in the middle of a blue-green update: verdicts and commands count all the same. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTime } from '../../../../src/lang/time.ts';
import type { Scene } from './bench.ts';
import { NOW, planOf, switched } from './bench.ts';

const FULL = { v1: { size: 4 }, v2: { size: 4 } };
const SPOILT = { previewService: 'active' };

describe('an invalid spec in the middle of a blue-green update', () => {
  const aborted = { abort: true, blueGreen: { activeSelector: 'v2' } };
  it('an abort takes the active Service back', () => {
    const plan = planOf({ versions: FULL, active: 'v2', strategy: SPOILT, status: aborted });
    assert.deepEqual(switched(plan), { 'verdict active': 'v1' });
    assert.equal(plan.status?.blueGreen?.activeSelector, 'v1');
    assert.equal(plan.urgent, true);
    assert.match(plan.status?.message ?? '', /^InvalidSpec: /);
  });

  it('nothing goes on without a verdict', () => {
    const paused = {
      pauseConditions: [{ reason: 'BlueGreenPause', startTime: formatTime(NOW) }],
      controllerPause: true,
    };
    for (const status of [paused, { controllerPause: true }, { promoteFull: true }]) {
      const scene: Scene = {
        versions: FULL,
        active: 'v1',
        strategy: { ...SPOILT, autoPromotionEnabled: false },
        status: { ...status, blueGreen: { activeSelector: 'v1' } },
      };
      const plan = planOf(scene);
      assert.deepEqual(plan.intents, []);
      assert.equal(plan.status?.stableRS, 'v1');
    }
  });
});
