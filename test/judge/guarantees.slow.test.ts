/** What the settings promise, on 10,000 random releases each, looked at every 10 s. `SLUICE_JUDGE_RUNS` changes the number. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALPHA, AT_THE_EFFECT, POWER, SAME } from './scenarios.ts';
import { tally, tolerance } from './simulation.ts';

const RUNS = Number(process.env['SLUICE_JUDGE_RUNS'] ?? 10_000);

describe('judge: false aborts when nothing differs', () => {
  for (const [i, scenario] of SAME.entries())
    it(`${scenario.name}: at most alpha`, () => {
      const { worse, noWorse } = tally(scenario, RUNS, 100 + i);
      assert.ok(worse <= RUNS * tolerance(ALPHA, RUNS), `${worse} of ${RUNS} releases were called worse`);
      assert.ok(noWorse > 0, 'none of them passed');
    });
});

describe('judge: a canary that is worse by the smallest effect', () => {
  for (const [i, scenario] of AT_THE_EFFECT.entries())
    it(`${scenario.name}: passes at most in 1 - power of all releases, and is caught in the others`, () => {
      const { worse, noWorse } = tally(scenario, RUNS, 200 + i);
      assert.ok(noWorse <= RUNS * tolerance(1 - POWER, RUNS), `${noWorse} of ${RUNS} releases passed`);
      assert.ok(worse >= RUNS * (POWER - 0.02), `${worse} of ${RUNS} releases were called worse`);
    });
});
