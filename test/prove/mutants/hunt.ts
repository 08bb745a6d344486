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
const { RULES } = await import('../registry.ts');
const rules = RULES.filter((rule) => rule.number === mutant.rule);

let seed = first;
let text: string | null = null;
for (; seed < first + count && text === null; seed++) {
  const { violations } = await simulate(randomHistory(seed), { rules });
  text = violations.find(({ rule }) => rule === mutant.rule)?.text ?? null;
}
console.log(JSON.stringify({ seed: text === null ? null : seed - 1, text }));
process.exit(0);
