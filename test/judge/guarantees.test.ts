/** A taste of `guarantees.slow.test.ts`: enough to notice a test that has become wrong. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALPHA, AT_THE_EFFECT, LATENCY_MARGIN, POWER, SAME } from './scenarios.ts';
import { lognormal, slowerChance, tally, tolerance } from './simulation.ts';

const RUNS = 150;

describe('judge', () => {
  for (const [i, scenario] of SAME.entries())
    it(`rarely aborts what is the same: ${scenario.name}`, () => {
      const { worse } = tally({ ...scenario, looks: 60 }, RUNS, i);
      assert.ok(worse <= RUNS * tolerance(ALPHA, RUNS), `${worse} of ${RUNS}`);
    });

  for (const [i, scenario] of AT_THE_EFFECT.entries())
    it(`rarely passes what is worse: ${scenario.name}`, () => {
      const { noWorse } = tally({ ...scenario, looks: 60 }, RUNS, i);
      assert.ok(noWorse <= RUNS * tolerance(1 - POWER, RUNS), `${noWorse} of ${RUNS}`);
    });

  it('has latencies in its scenarios that differ by the smallest effect', () => {
    const effect = slowerChance(lognormal(0.1 * 1.127, 0.6), lognormal(0.1, 0.6)) - 0.5;
    assert.ok(effect >= LATENCY_MARGIN && effect < LATENCY_MARGIN + 0.005, String(effect));
  });

  it('gives the same outcomes for the same seed, and others for another', () => {
    const [scenario] = SAME;
    assert.ok(scenario !== undefined);
    assert.deepEqual(tally(scenario, 20, 7), tally(scenario, 20, 7));
    assert.notDeepEqual(tally(scenario, 20, 7), tally(scenario, 20, 8));
  });
});
