/** `node --import instrumented.ts histories.ts COUNT`: ends with 1 when a rule is broken or the simulator fails. */

import { randomHistory } from '../generate.ts';
import { RULES } from '../registry.ts';
import { simulate } from '../simulate.ts';

const [count = 1] = process.argv.slice(2).map(Number);
for (let seed = 1; seed <= count; seed++) {
  const { violations } = await simulate(randomHistory(seed), { rules: RULES });
  if (violations.length > 0) process.exit(1);
}
process.exit(0);
