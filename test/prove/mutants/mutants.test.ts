/** A sample of the mutation table; all of it is `mutants.slow.test.ts` and `npm run prove -- --mutants`. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomHistory } from '../generate.ts';
import { RULES, WATCHED } from '../registry.ts';
import { simulate } from '../simulate.ts';
import { edited, sourcesOf } from './patch.ts';
import { hunt } from './search.ts';
import { MUTANTS } from './table.ts';

/** Rules whose mutants are found within the first histories. */
const SAMPLE = [14, 18];

describe('the mutation table', () => {
  it('has a defect for each rule, of a thread that the rule cites', () => {
    for (const rule of WATCHED) {
      const mutants = MUTANTS.filter((mutant) => mutant.rule === rule.number);
      assert.ok(mutants.length > 0, `rule ${rule.number} has no mutant`);
      // What `plan` promises is ours alone.
      if (rule.threads.length === 0) continue;
      for (const { thread, name } of mutants) assert.ok(rule.threads.includes(thread), `${name}: ${thread}`);
    }
  });

  it('fits the source as it is', () => {
    for (const mutant of MUTANTS) assert.ok(sourcesOf(mutant).size > 0);
  });

  it('refuses an edit that does not fit', () => {
    const edit = { file: 'a.ts', find: 'x', replace: 'y' };
    assert.throws(() => edited('no such thing', edit, 'm'), /mutant "m": src\/a\.ts has its text 0 times/);
    assert.throws(() => edited('x x', edit, 'm'), /2 times/);
    assert.equal(edited('a x b', edit, 'm'), 'a y b');
  });

  for (const { rule, scenario } of MUTANTS)
    if (scenario !== undefined)
      it(`tells for rule ${rule} a story that breaks no rule without the defect`, async () => {
        const { violations } = await simulate(scenario(randomHistory(1)), { rules: RULES });
        assert.deepEqual(violations, []);
      });

  for (const rule of SAMPLE)
    it(`of rule ${rule} is found`, async () => {
      const mutant = MUTANTS.find((candidate) => candidate.rule === rule);
      assert.ok(mutant !== undefined);
      const { seed, text } = await hunt(mutant, 1, 20);
      assert.notEqual(seed, undefined, text);
    });
});
