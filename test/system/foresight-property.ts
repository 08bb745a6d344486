/** What `plan` foresees against what the whole system then does, for strategies at random. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isObject, type JsonObject } from '../../src/lang/json.ts';
import { type Trace, twice } from './foresight.ts';
import { cases } from './foresight-specs.ts';

export async function foresightHolds(runs: number, seed: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(cases, async ({ strategy, replicas }) => {
      const { plan, real } = await twice(strategy, replicas);
      const { finished: foreseen, ...planned } = plan;
      const { finished, ...happened } = real;
      assert.deepEqual(comparable(happened, strategy), comparable(planned, strategy));
      const tolerance = toleranceMs(planned.steps.length, planned.promotions);
      assert.ok(
        Math.abs(finished - foreseen) <= tolerance,
        `finished after ${finished} ms, foreseen ${foreseen} ms, tolerance ${tolerance} ms`,
      );
    }),
    { numRuns: runs, seed },
  );
}

type Compared = Omit<Trace, 'finished'>;

/**
 * A basic canary moves pods whenever it sees that some came or went, a tick of the clock earlier or later: how many
 * moves a growth takes is not compared there, only where it begins, turns and ends, and the sizes at each step.
 */
function comparable(trace: Compared, { canary }: JsonObject): Compared {
  const isBasic = isObject(canary) && canary['trafficRouting'] === undefined;
  if (!isBasic) return trace;
  const sizes = Object.entries(trace.sizes).map(([revision, list]) => [revision, turns(list)] as const);
  return { ...trace, sizes: Object.fromEntries(sizes) };
}

const turns = (list: readonly number[]): number[] =>
  list.filter((item, i) => {
    const [before, after] = [list[i - 1], list[i + 1]];
    return before === undefined || after === undefined || item > before !== after > item;
  });

/** Instants are whole seconds in a status, and the person of this test looks only now and then. */
const toleranceMs = (steps: number, promotions: number): number =>
  3_000 + 1_000 * steps + 10_000 * promotions;
