import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { RolloutStatus } from '../../../src/api/rollout.ts';
import { LastWords } from '../../../src/control/rollout/last-words.ts';
import { COUNTS_INTERVAL_MS } from '../../../src/plan/rollout/publish.ts';

it('keeps what was written of late, and not one status for each Rollout for ever', () => {
  const last = new LastWords<RolloutStatus>();
  const add = (key: string, words: RolloutStatus, at: number): void => last.add(key, { uid: 'u', at, words });
  add('shop/a', { phase: 'Healthy' }, 0);
  add('shop/b', { phase: 'Paused' }, 1_000);
  assert.deepEqual(last.of('shop/a', 'u'), { uid: 'u', at: 0, words: { phase: 'Healthy' } });
  add('shop/a', { phase: 'Degraded' }, 1_500);
  add('shop/c', {}, 1_000 + COUNTS_INTERVAL_MS);
  assert.deepEqual(last.of('shop/a', 'u')?.words, { phase: 'Degraded' });
  assert.equal(last.of('shop/a', 'another'), undefined, 'nothing was said of one that came under its name');
  assert.equal(last.of('shop/b', 'u'), undefined);
  last.forget('shop/a');
  assert.equal(last.of('shop/a', 'u'), undefined);
});
