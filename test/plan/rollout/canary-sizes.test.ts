import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryStrategy, RolloutStatus } from '../../../src/api/rollout.ts';
import type { Counts } from '../../../src/plan/rollout/canary/counts.ts';
import type { Course } from '../../../src/plan/rollout/canary/course.ts';
import {
  canaryScale,
  currentSetWeight,
  currentStep,
  scaleInForce,
} from '../../../src/plan/rollout/canary/course.ts';
import { fencesOf, servingFences } from '../../../src/plan/rollout/canary/fences.ts';
import { moveTowards } from '../../../src/plan/rollout/canary/move.ts';
import type { SizesInput } from '../../../src/plan/rollout/canary/sizes.ts';
import {
  atDesired,
  basicSizes,
  basicSizesAtOnce,
  routedSizes,
} from '../../../src/plan/rollout/canary/sizes.ts';
import { targetSplit } from '../../../src/plan/rollout/canary/target.ts';
import { maxWeight, replicaFloor } from '../../../src/plan/rollout/defaults.ts';
import { withVectors } from '../../shared.ts';

interface RsRow {
  spec: { replicas: number };
  status: { availableReplicas?: number; replicas?: number };
}
interface Row {
  kind?: string;
  rollout: { spec: { replicas?: number; strategy: { canary: CanaryStrategy } }; status: RolloutStatus };
  newRS?: RsRow;
  stableRS?: RsRow | 'same';
  oldRSs?: RsRow[];
  weights?: { canary: { weight: number }; stable: { weight: number } };
}

const counts = (row: RsRow): Counts => ({
  size: row.spec.replicas,
  created: row.status.replicas ?? row.spec.replicas,
  ready: row.status.availableReplicas ?? 0,
  available: row.status.availableReplicas ?? 0,
});

function courseOf(row: Row): Course {
  const { spec, status } = row.rollout;
  return {
    replicas: spec.replicas ?? 1,
    strategy: spec.strategy.canary,
    stepIndex: status.currentStepIndex,
    abort: status.abort ?? false,
    promoteFull: status.promoteFull ?? false,
    podHash: status.currentPodHash ?? '',
    stableHash: status.stableRS ?? '',
  };
}

function inputOf(row: Row): SizesInput {
  return {
    course: courseOf(row),
    canary: row.newRS === undefined ? undefined : counts(row.newRS),
    stable: row.stableRS === undefined || row.stableRS === 'same' ? undefined : counts(row.stableRS),
    others: (row.oldRSs ?? []).map(counts),
  };
}

/** Compares all rows; deviations must be explained by an entry of the allow-list, and each entry must be needed. */
function compareRows<R extends object>(
  rows: readonly R[],
  answer: (row: R) => unknown,
  want: (row: R) => unknown,
  allowed: readonly { because: string; when: (row: R) => boolean }[] = [],
): void {
  const differences: string[] = [];
  const used = new Set<string>();
  rows.forEach((row, i) => {
    const got = JSON.stringify(answer(row));
    if (got === JSON.stringify(want(row))) return;
    const reason = allowed.find((entry) => entry.when(row));
    if (reason === undefined) differences.push(`row ${i}: got ${got}, want ${JSON.stringify(want(row))}`);
    else used.add(reason.because);
  });
  assert.deepEqual(differences.slice(0, 10), [], `${differences.length} of ${rows.length} rows differ`);
  for (const entry of allowed)
    assert.ok(used.has(entry.because), `no row needs the exception: ${entry.because}`);
}

withVectors<Row & { want: [number, number] }>('canary-basic', (rows) => {
  it('sizes of one evaluation', () => {
    compareRows(
      rows,
      (row) => {
        const input = inputOf(row);
        const { canary, stable } = basicSizes(input, fencesOf(input.course.strategy, input.course.replicas));
        return [canary, stable];
      },
      (row) => row.want,
      [
        {
          because: 'half a pod below all of them without surge: the reference drops the canary to zero',
          when: (row) => {
            const { course, canary, stable } = inputOf(row);
            const { weight } = canaryScale(course, canary, stable);
            return (
              fencesOf(course.strategy, course.replicas).surge === 0 &&
              (course.replicas * weight) / maxWeight(course.strategy) === course.replicas - 0.5
            );
          },
        },
        {
          because: 'stable is the new one: the reference counts its pods twice in the drain budget',
          when: (row) => row.stableRS === 'same',
        },
        {
          because: 'an unparsable percentage: the reference forgets that one pod may then be unavailable',
          when: (row) =>
            [row.rollout.spec.strategy.canary.maxSurge, row.rollout.spec.strategy.canary.maxUnavailable].some(
              (value) => typeof value === 'string' && !/^\d+%?$/.test(value),
            ),
        },
      ],
    );
  });
});

const weightsOf = (row: Row) =>
  row.weights === undefined
    ? undefined
    : { canary: row.weights.canary.weight, stable: row.weights.stable.weight };

const LEAST_PODS = {
  because: 'the reference keeps the least number of pods of an aborted canary, and their weight, for ever',
  when: (row: Row): boolean => {
    const { course, canary } = inputOf(row);
    const { strategy, replicas, abort } = course;
    return (
      abort &&
      strategy.dynamicStableScale === true &&
      (canary?.available ?? 0) <= replicaFloor(strategy, replicas)
    );
  },
};

withVectors<Row & { want: [number, number]; atDesired?: boolean }>('canary-routed', (rows) => {
  it('sizes', () => {
    compareRows(
      rows,
      (row) => {
        const { canary, stable } = routedSizes(inputOf(row), weightsOf(row));
        return [canary, stable];
      },
      (row) => row.want,
      [LEAST_PODS],
    );
  });
  it('at the desired counts', () => {
    compareRows(
      rows.filter((row) => row.atDesired !== undefined),
      (row) => atDesired(inputOf(row), routedSizes(inputOf(row), weightsOf(row))),
      (row) => row.atDesired,
      [
        LEAST_PODS,
        {
          because: 'a Pods threshold above the wanted size could never be met',
          when: (row) => {
            const threshold = row.rollout.spec.strategy.canary.replicaProgressThreshold;
            return (
              threshold !== undefined &&
              threshold.type !== 'Percent' &&
              threshold.value > routedSizes(inputOf(row), weightsOf(row)).canary
            );
          },
        },
      ],
    );
  });
});

withVectors<Row & { out: unknown }>('current-step', (rows) => {
  it('step, weight and scale', () => {
    compareRows(
      rows,
      (row) => {
        const { course, canary, stable } = inputOf(row);
        const { index, step } = currentStep(course);
        const scale = canaryScale(course, canary, stable);
        return {
          index: index ?? null,
          step: step ?? null,
          currentSetWeight: currentSetWeight(course),
          setCanaryScale: scaleInForce(course) ?? null,
          replicas: scale.replicas ?? null,
          weight: scale.weight,
        };
      },
      (row) => row.out,
    );
  });
});

describe('target split (spec 03 section 3.2)', () => {
  // replicas, weight, surge, canary, stable
  const rows = [
    [1, 1, 0, 0, 1],
    [1, 49, 0, 0, 1],
    [1, 50, 0, 1, 0],
    [1, 1, 1, 1, 1],
    [1, 99, 1, 1, 1],
    [1, 100, 1, 1, 0],
    [2, 1, 0, 1, 1],
    [2, 1, 1, 1, 2],
    [2, 99, 1, 2, 1],
    [3, 10, 0, 1, 2],
    [3, 10, 1, 1, 3],
    [3, 49, 0, 1, 2],
    [3, 50, 0, 2, 1],
    [3, 50, 1, 2, 2],
    [10, 25, 0, 3, 7],
    [10, 25, 3, 3, 8],
    [10, 33, 3, 3, 7],
    [3, 75, 1, 3, 1],
    [4, 5, 1, 1, 4],
    [5, 10, 0, 1, 4],
    [5, 10, 2, 1, 5],
    [5, 30, 0, 2, 3],
    [5, 30, 2, 2, 4],
    [5, 50, 0, 3, 2],
    [5, 50, 2, 3, 3],
    [5, 70, 1, 4, 2],
    [7, 60, 0, 4, 3],
    [7, 60, 2, 5, 3],
    [10, 5, 0, 1, 9],
    [10, 5, 3, 1, 10],
    [10, 15, 0, 2, 8],
    [10, 15, 3, 2, 9],
    [10, 45, 3, 5, 6],
    [10, 99, 0, 9, 1],
    [10, 99, 3, 10, 1],
    [20, 1, 0, 1, 19],
    [0, 50, 1, 0, 0],
    // Not the reference's zero:
    [2, 75, 0, 1, 1],
    [5, 90, 0, 4, 1],
    [10, 95, 0, 9, 1],
    [25, 98, 0, 24, 1],
    [50, 99, 0, 49, 1],
  ] as const;
  for (const [replicas, weight, surge, canary, stable] of rows) {
    it(`${replicas} pods at ${weight} with surge ${surge}: ${canary} + ${stable}`, () => {
      assert.deepEqual(targetSplit(replicas, weight, 100, surge), { canary, stable });
    });
  }
});

describe('one move (spec 03 section 3.3)', () => {
  type Pair = readonly [size: number, available: number];
  const rows: readonly (readonly [
    n: number,
    w: number,
    surge: number | string,
    unavailable: number | string,
    canary: Pair,
    stable: Pair | undefined,
    other: Pair | undefined,
    wantCanary: number,
    wantStable: number,
  ])[] = [
    [10, 10, '25%', '25%', [0, 0], [10, 10], undefined, 1, 9],
    [10, 10, 1, 0, [0, 0], [10, 10], undefined, 1, 10],
    [10, 10, 1, 0, [1, 0], [10, 10], undefined, 1, 10],
    [10, 10, 1, 0, [1, 1], [10, 10], undefined, 1, 9],
    [10, 10, 0, 1, [0, 0], [10, 10], undefined, 0, 9],
    [10, 10, 0, 1, [0, 0], [9, 9], undefined, 1, 9],
    [10, 30, 3, 0, [0, 0], [10, 10], undefined, 3, 10],
    [10, 30, 0, 5, [0, 0], [10, 10], undefined, 0, 7],
    [10, 30, 0, 5, [0, 0], [7, 7], undefined, 3, 7],
    [10, 30, 2, 0, [0, 0], [10, 10], undefined, 2, 10],
    [10, 30, 2, 0, [2, 2], [10, 10], undefined, 2, 8],
    [10, 30, 2, 0, [2, 2], [8, 8], undefined, 3, 8],
    [10, 5, 1, 1, [0, 0], [10, 10], undefined, 1, 10],
    [1, 5, 1, 0, [0, 0], [1, 1], undefined, 1, 1],
    [1, 95, 1, 0, [0, 0], [1, 1], undefined, 1, 1],
    [1, 50, 0, 1, [0, 0], [1, 1], undefined, 0, 0],
    [1, 50, 0, 1, [0, 0], [0, 0], undefined, 1, 0],
    [1, 49, 0, 1, [0, 0], [1, 1], undefined, 0, 1],
    [1, 100, '25%', '25%', [0, 0], [1, 1], undefined, 1, 1],
    [1, 100, '25%', '25%', [1, 1], [1, 1], undefined, 1, 0],
    [5, 20, '25%', '25%', [0, 0], [5, 5], undefined, 1, 4],
    [5, 100, '25%', '25%', [1, 1], [4, 4], undefined, 3, 3],
    [5, 100, '25%', '25%', [3, 1], [4, 4], undefined, 3, 3],
    [5, 100, '25%', '25%', [3, 3], [4, 4], undefined, 3, 1],
    [5, 0, '25%', '25%', [3, 3], [2, 2], undefined, 2, 4],
    [5, 0, '25%', '25%', [3, 0], [4, 4], undefined, 0, 4],
    [5, 50, '25%', '25%', [0, 0], [4, 4], [2, 2], 1, 4],
    [5, 50, '25%', '25%', [0, 0], [5, 5], [2, 2], 0, 5],
    [4, 100, 0, '25%', [0, 0], [4, 4], undefined, 0, 3],
    [4, 100, 0, '25%', [0, 0], [3, 3], undefined, 1, 3],
    [3, 50, 0, '10%', [0, 0], [3, 3], undefined, 0, 2],
    [10, 100, 3, 0, [6, 3], [7, 8], undefined, 6, 7],
    [10, 20, '3', '0', [0, 0], [10, 10], undefined, 1, 10],
    [10, 50, '25%', '25%', [0, 0], undefined, undefined, 10, 0],
    [10, 50, '25%', '25%', [0, 0], [0, 0], undefined, 5, 5],
    [6, 50, '25%', '25%', [0, 0], [3, 3], undefined, 3, 3],
    [4, 100, 1, 0, [1, 1], [4, 1], undefined, 1, 3],
    [4, 0, 1, 0, [4, 4], [0, 0], undefined, 4, 1],
    [4, 0, 1, 0, [4, 4], [1, 1], undefined, 3, 1],
    [4, 100, 3, 0, [0, 0], [4, 4], undefined, 3, 4],
  ];
  const pair = ([size, available]: Pair): Counts => ({ size, created: size, ready: available, available });
  rows.forEach(([n, w, surge, unavailable, canary, stable, other, wantCanary, wantStable], i) => {
    it(`row ${i + 1}: ${n} at ${w}, ${canary} and ${stable} become ${wantCanary} and ${wantStable}`, () => {
      const fences = fencesOf({ maxSurge: surge, maxUnavailable: unavailable }, n);
      const target = stable === undefined ? { canary: n, stable: 0 } : targetSplit(n, w, 100, fences.surge);
      assert.deepEqual(
        moveTowards({
          replicas: n,
          target,
          fences,
          canary: pair(canary),
          stable: stable === undefined ? undefined : pair(stable),
          others: other === undefined ? [] : [pair(other)],
        }),
        { canary: wantCanary, stable: wantStable },
      );
    });
  });
});

describe('a stable version without an available pod, older pods that serve, and no room (rule 21)', () => {
  const pods = (size: number, available = size): Counts => ({
    size,
    created: size,
    ready: available,
    available,
  });
  const move = (canary: Counts, stable: Counts, older: Counts, setWeight = 25): [number, number] => {
    const course: Course = {
      replicas: 4,
      strategy: { steps: [{ setWeight }, { pause: {} }] },
      stepIndex: 0,
      abort: false,
      promoteFull: false,
      podHash: 'new',
      stableHash: 'old',
    };
    const sizes = basicSizesAtOnce({ course, canary, stable, others: [older] }, { surge: 1, unavailable: 0 });
    return [sizes.canary, sizes.stable];
  };
  it('its pods make way for the fix', () => {
    assert.deepEqual(move(pods(0), pods(3, 0), pods(2)), [1, 2]);
  });
  it('those beyond its target go at once', () => {
    assert.deepEqual(move(pods(2), pods(2, 0), pods(1), 75), [3, 1]);
    assert.deepEqual(move(pods(3), pods(2, 0), pods(1), 75), [3, 1]);
  });
  it('they stay where one of them serves', () => {
    assert.deepEqual(move(pods(0), pods(3, 1), pods(2)), [0, 3]);
  });
  it('they stay where no older pod serves', () => {
    assert.deepEqual(move(pods(0), pods(3, 0), pods(2, 0)), [0, 3]);
  });
  it('those of a fix that is given up make way for stable', () => {
    assert.deepEqual(move(pods(2, 0), pods(1, 0), pods(2), 0), [0, 1]);
  });
});

describe('fences that keep a pod serving', () => {
  it('leaves fences alone that already do', () => {
    assert.deepEqual(servingFences({ surge: 0, unavailable: 1 }, 3), { surge: 0, unavailable: 1 });
    assert.deepEqual(servingFences({ surge: 1, unavailable: 0 }, 1), { surge: 1, unavailable: 0 });
  });
  it('surges by one where the only pod would have to go first', () => {
    assert.deepEqual(servingFences({ surge: 0, unavailable: 1 }, 1), { surge: 1, unavailable: 0 });
  });
  it('keeps one pod where all may be unavailable', () => {
    assert.deepEqual(servingFences({ surge: 0, unavailable: 4 }, 4), { surge: 0, unavailable: 3 });
  });
  it('has nothing to keep at zero replicas', () => {
    assert.deepEqual(servingFences({ surge: 0, unavailable: 0 }, 0), { surge: 0, unavailable: 0 });
  });
});

describe('sizes with a router (spec 03 section 4.1)', () => {
  const rows: readonly (readonly [
    n: number,
    w: number,
    strategy: CanaryStrategy,
    weights: [number, number] | undefined,
    canary: number,
    stable: number,
  ])[] = [
    [10, 10, {}, undefined, 1, 10],
    [3, 10, {}, undefined, 1, 3],
    [10, 1, {}, undefined, 1, 10],
    [5, 50, {}, undefined, 3, 5],
    [10, 5, { minPodsPerReplicaSet: 2 }, undefined, 2, 10],
    [1, 20, { minPodsPerReplicaSet: 2 }, undefined, 1, 1],
    [10, 0, { minPodsPerReplicaSet: 2 }, undefined, 0, 10],
    [10, 125, { trafficRouting: { maxTrafficWeight: 1000 } }, undefined, 2, 10],
    [10, 30, { dynamicStableScale: true }, [10, 90], 3, 9],
    [10, 30, { dynamicStableScale: true }, [30, 70], 3, 7],
    [5, 50, { dynamicStableScale: true }, [50, 50], 3, 3],
    [10, 100, { dynamicStableScale: true }, [0, 100], 10, 10],
    [10, 100, { dynamicStableScale: true }, [100, 0], 10, 0],
    [3, 95, { dynamicStableScale: true, minPodsPerReplicaSet: 2 }, [95, 5], 3, 2],
  ];
  rows.forEach(([n, w, strategy, weights, canary, stable], i) => {
    it(`row ${i + 1}: ${n} at ${w}: ${canary} + ${stable}`, () => {
      const course: Course = {
        replicas: n,
        strategy: { trafficRouting: {}, ...strategy, steps: [{ setWeight: w }] },
        stepIndex: 0,
        abort: false,
        promoteFull: false,
        podHash: 'new',
        stableHash: 'old',
      };
      const input = { course, canary: undefined, stable: undefined, others: [] };
      const recorded = weights === undefined ? undefined : { canary: weights[0], stable: weights[1] };
      assert.deepEqual(routedSizes(input, recorded), { canary, stable });
    });
  });
});
