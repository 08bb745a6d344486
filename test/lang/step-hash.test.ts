import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../src/lang/json.ts';
import { stepHash } from '../../src/lang/step-hash.ts';
import { withVectors } from '../shared.ts';
import { anyJson } from './json-arbitrary.ts';

withVectors<{ strategy: JsonObject; hash: string }>('step-hash', (rows) => {
  it('every row', () => {
    const wrong = rows
      .map(({ strategy, hash }, i) => ({
        row: i + 1,
        strategy: JSON.stringify(strategy),
        hash,
        ours: stepHash(strategy),
      }))
      .filter(({ ours, hash }) => ours !== hash);
    assert.deepEqual(wrong, [], `${wrong.length} of ${rows.length} rows differ`);
  });
});

it('an edit of any step makes another hash, one elsewhere does not', () => {
  const steps = (weight: number): JsonObject => ({
    canary: { steps: [{ setWeight: weight }, { pause: {} }] },
  });
  assert.notEqual(stepHash(steps(10)), stepHash(steps(11)));
  assert.equal(
    stepHash({ canary: { ...(steps(10)['canary'] as JsonObject), maxSurge: 1 } }),
    stepHash(steps(10)),
  );
});

it('any JSON has a safe hash', () => {
  fc.assert(
    fc.property(anyJson, (steps) => {
      assert.match(stepHash({ canary: { steps } }), /^[bcdf-hj-np-tv-xz2-9]{1,10}$/);
      assert.match(stepHash({ canary: { steps: [steps] } }), /^[bcdf-hj-np-tv-xz2-9]{1,10}$/);
    }),
  );
});
