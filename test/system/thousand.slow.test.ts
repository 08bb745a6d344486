/** A thousand Rollouts, each with an hour of pauses, on the virtual clock. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { measureMany, quiet, settledFor } from './thousand.ts';
import { HOUR, System } from './world.ts';

const COUNT = 1_000;

describe('a thousand Rollouts of an hour each', () => {
  it('take well under a minute, and rest when they are done', async (test) => {
    await using system = new System({ resyncMs: 0 });
    const outcome = await measureMany(system, COUNT);
    test.diagnostic(JSON.stringify(outcome));
    assert.equal(outcome.healthy, COUNT);
    assert.deepEqual(system.problems, []);
    // CPU, because other work on the machine must not make this fail.
    assert.ok(outcome.cpuMs < 60_000, `${outcome.cpuMs} ms`);
    assert.deepEqual(await settledFor(system, HOUR), quiet);
  });

  it('cost each the same, however many there are', async (test) => {
    const costs: number[] = [];
    for (const count of [100, 400]) {
      await using system = new System({ resyncMs: 0 });
      const { cpuMs } = await measureMany(system, count);
      costs.push(cpuMs / count);
    }
    test.diagnostic(`${costs.map((ms) => ms.toFixed(1)).join(' and ')} ms of CPU each`);
    const [few = 0, many = 0] = costs;
    assert.ok(many < few * 1.5, `${few} ms with 100, ${many} ms with 400`);
  });
});
