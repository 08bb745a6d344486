/** Every defect that the search has found, as a history that must not break a rule again. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { playNamed } from './named.ts';
import { REGRESSIONS } from './regressions/index.ts';

describe('found by the search, and mended:', () => {
  for (const regression of REGRESSIONS) {
    it(regression.about, async () => {
      const { outcome, wrong, story } = await playNamed({ ...regression, name: regression.about });
      assert.deepEqual(outcome.violations, [], story);
      assert.equal(wrong, undefined);
    });
  }
});
