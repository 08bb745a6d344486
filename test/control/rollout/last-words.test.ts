import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LastWords } from '../../../src/control/rollout/last-words.ts';
import { COUNTS_INTERVAL_MS } from '../../../src/plan/rollout/publish.ts';

it('keeps what was written of late, and not one status for each Rollout for ever', () => {
  const words = new LastWords();
  words.add('shop/a', { phase: 'Healthy' }, 0);
  words.add('shop/b', { phase: 'Paused' }, 1_000);
  assert.deepEqual(words.of('shop/a'), { phase: 'Healthy' });
  words.add('shop/a', { phase: 'Degraded' }, 1_500);
  words.add('shop/c', {}, 1_000 + COUNTS_INTERVAL_MS);
  assert.deepEqual(words.of('shop/a'), { phase: 'Degraded' });
  assert.equal(words.of('shop/b'), undefined);
  words.forget('shop/a');
  assert.equal(words.of('shop/a'), undefined);
});
