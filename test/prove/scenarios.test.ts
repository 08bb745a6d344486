/** Stories that hurt users of others, those that the reference gets wrong, and what users meet: each without the harm. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { playNamed } from './named.ts';
import { SCENARIOS } from './scenarios/index.ts';

describe('scenarios', () => {
  for (const scenario of SCENARIOS) {
    it([scenario.of.join(', '), scenario.title].filter(Boolean).join(': '), async () => {
      const { outcome, wrong, story } = await playNamed({ ...scenario, name: scenario.title });
      assert.deepEqual(outcome.violations, [], story);
      assert.equal(wrong, undefined, story);
    });
  }

  it('each thread stands once', () => {
    const threads = SCENARIOS.flatMap(({ of }) => of);
    assert.deepEqual(threads, [...new Set(threads)]);
  });
});
