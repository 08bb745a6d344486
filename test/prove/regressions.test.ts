/** Every defect that the search has found, as a history that must not break a rule again. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WATCHED } from './registry.ts';
import { REGRESSIONS } from './regressions/index.ts';
import { simulate } from './simulate.ts';

describe('found by the search, and mended:', () => {
  for (const { about, rules, most, history } of REGRESSIONS) {
    it(about, async () => {
      let writes = 0;
      const { violations } = await simulate(history, {
        rules: WATCHED.filter(({ number }) => rules.includes(number)),
        onHappening(happening) {
          if (happening.what === 'change' && happening.actor.role === 'sluice' && happening.kind === most?.of)
            writes++;
        },
      });
      assert.deepEqual(violations, []);
      if (most !== undefined) assert.ok(writes <= most.writes, `${writes} writes of ${most.of}`);
    });
  }
});
