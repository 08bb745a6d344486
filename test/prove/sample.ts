/** Some of the histories of `npm run prove`, which plays ten thousand. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { randomHistory } from './generate.ts';
import { isOpen } from './open.ts';
import { WATCHED } from './registry.ts';
import { simulate } from './simulate.ts';

/** Tests in a file of its own each: files run in parallel. */
export function provesSample(first: number, count: number): void {
  it(`${count} random histories under faults break no rule and come to rest`, async () => {
    let faults = 0;
    for (let seed = first; seed < first + count; seed++) {
      const outcome = await simulate(randomHistory(seed), { rules: WATCHED });
      const violations = outcome.violations.filter(({ rule }) => !isOpen(seed, rule));
      assert.deepEqual(violations, [], `npm run prove -- --seed ${seed} --story`);
      faults += Object.values(outcome.faults).reduce((sum, number) => sum + number, 0);
    }
    assert.ok(faults >= 3 * count, `${faults} faults`);
  });
}
