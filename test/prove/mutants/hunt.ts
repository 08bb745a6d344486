/**
 * A process of its own that hunts one mutant: `node hunt.ts NUMBER FIRST COUNT`. Prints one line of JSON: the seed that
 * found it, or null.
 */

import { plant } from './patch.ts';
import { MUTANTS } from './table.ts';

const [number = 0, first = 1, count = 1] = process.argv.slice(2).map(Number);
const mutant = MUTANTS[number];
if (mutant === undefined) throw new Error(`there is no mutant ${number}`);
plant(mutant);
const { simulate } = await import('../simulate.ts');
const { randomHistory } = await import('../generate.ts');
const { WATCHED } = await import('../registry.ts');
const rules = WATCHED.filter((rule) => rule.number === mutant.rule);

const say = (seed: number | null, text: string | null): never => {
  // At once: a defect may keep the history from ever coming to its end.
  process.stdout.write(`${JSON.stringify({ seed, text })}\n`);
  process.exit(0);
};

for (let seed = first; seed < first + count; seed++)
  await simulate(mutant.scenario?.(randomHistory(seed)) ?? randomHistory(seed), {
    rules,
    onViolation: ({ rule, text }) => {
      if (rule === mutant.rule) say(seed, text);
    },
  });
say(null, null);
