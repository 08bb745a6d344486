/** Some of the histories of `npm run prove`, which plays ten thousand. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { randomHistory } from './generate.ts';
import { isOpen } from './open.ts';
import { WATCHED } from './registry.ts';
import { simulate } from './simulate.ts';

const HISTORIES = 50;

it(`${HISTORIES} random histories under faults break no rule and come to rest`, async () => {
  let faults = 0;
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const outcome = await simulate(randomHistory(seed), { rules: WATCHED });
    const violations = outcome.violations.filter(({ rule }) => !isOpen(seed, rule));
    assert.deepEqual(violations, [], `npm run prove -- --seed ${seed} --story`);
    faults += Object.values(outcome.faults).reduce((sum, count) => sum + count, 0);
  }
  assert.ok(faults >= 3 * HISTORIES, `${faults} faults`);
});
