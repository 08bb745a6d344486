/** A few of the thousand (see thousand.slow.test.ts): what each costs, and that nothing goes on when all is done. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { measureMany, quiet, settledFor } from './thousand.ts';
import { HOUR, System } from './world.ts';

describe('many Rollouts of an hour each', () => {
  it('all arrive, and each costs the writes of its steps', async () => {
    await using system = new System();
    const outcome = await measureMany(system, 40);
    assert.equal(outcome.healthy, 40);
    // k = 2: 3k + 5 for the releases themselves, and for each pause its begin and its end.
    assert.ok(outcome.writesPerRollout <= 18, `${outcome.writesPerRollout} writes`);
    assert.deepEqual(system.problems, []);
  });

  it('a settled world makes no request and no pass but those of the resync', async () => {
    await using system = new System({ resyncMs: 0 });
    await measureMany(system, 10);
    assert.deepEqual(await settledFor(system, HOUR), quiet);

    await using resynced = new System({ resyncMs: HOUR / 4 });
    await measureMany(resynced, 10);
    const { passes, requests } = await settledFor(resynced, HOUR);
    // Each key again after 80 to 100 % of the period, here 90 %.
    assert.ok(passes <= 10 * 5, `${passes} passes`);
    assert.deepEqual(
      requests.filter((request) => !request.startsWith('list ')),
      [],
    );
  });
});
