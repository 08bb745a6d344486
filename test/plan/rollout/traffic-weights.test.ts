import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryStrategy } from '../../../src/api/rollout.ts';
import type { Counts } from '../../../src/plan/rollout/canary/counts.ts';
import { routesInForce } from '../../../src/plan/traffic/managed-routes.ts';
import type { WeightInput } from '../../../src/plan/traffic/weights.ts';
import { decideWeight } from '../../../src/plan/traffic/weights.ts';

const pods = (size: number, available = size): Counts => ({
  size,
  created: size,
  ready: available,
  available,
});
const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];

function input(
  change: Partial<Omit<WeightInput, 'course'>> & {
    course?: Partial<WeightInput['course']>;
    strategy?: CanaryStrategy;
  },
): WeightInput {
  const { course, strategy, ...rest } = change;
  return {
    course: {
      replicas: 10,
      strategy: { trafficRouting: {}, steps, ...strategy },
      stepIndex: 0,
      abort: false,
      promoteFull: false,
      podHash: 'new',
      stableHash: 'old',
      ...course,
    },
    canary: pods(2),
    stable: pods(10),
    atDesired: true,
    canaryReachable: true,
    stableReachable: true,
    late: false,
    recorded: 0,
    highest: rest.recorded ?? 0,
    recordedIsOwn: true,
    canaryWanted: 2,
    carrier: undefined,
    behind: rest.canary ?? pods(2),
    ...rest,
  };
}

describe('the weight of a canary (spec 03 section 6)', () => {
  const rows: readonly [string, WeightInput, number | undefined, boolean][] = [
    ['setWeight with its pods', input({}), 20, true],
    [
      'setWeight without its pods: the weight before it',
      input({ atDesired: false, canary: pods(2, 1) }),
      0,
      true,
    ],
    ['in a pause the weight before it', input({ course: { stepIndex: 1 }, recorded: 20 }), 20, true],
    [
      'a later step without pods keeps the one before',
      input({ course: { stepIndex: 2 }, atDesired: false, recorded: 20 }),
      20,
      true,
    ],
    ['no canary pod is available', input({ canary: pods(2, 0), recorded: 20 }), 0, true],
    ['all steps done', input({ course: { stepIndex: 4 }, canary: pods(10), recorded: 60 }), 100, true],
    [
      'promoted',
      input({ course: { stepIndex: 4, podHash: 'old' }, canary: pods(10), stable: pods(10), recorded: 60 }),
      0,
      true,
    ],
    ['no steps', input({ strategy: { steps: [] } }), 0, true],
    [
      'full promotion leaves the weight until the end',
      input({ course: { stepIndex: 4, promoteFull: true }, canary: pods(10, 4), recorded: 20 }),
      20,
      true,
    ],
    [
      'down before the pods go',
      input({
        strategy: { steps: [{ setWeight: 60 }, { setWeight: 20 }] },
        course: { stepIndex: 1 },
        canary: pods(6),
        atDesired: false,
        recorded: 60,
      }),
      20,
      true,
    ],
    [
      'and stays down while the pods go',
      input({
        strategy: { steps: [{ setWeight: 60 }, { setWeight: 20 }] },
        course: { stepIndex: 1 },
        canary: pods(6),
        atDesired: false,
        recorded: 20,
      }),
      20,
      true,
    ],
    [
      'a replaced version gives its traffic back first, and no step is done by that',
      input({ recorded: 60, recordedIsOwn: false }),
      0,
      false,
    ],
    ['there is no stable version yet', input({ stable: undefined, recorded: undefined }), undefined, false],
    [
      'the first weight waits for stable',
      input({ stable: pods(10, 9), recorded: undefined, canary: pods(2, 0) }),
      undefined,
      false,
    ],
    ['the first weight', input({ recorded: undefined, canary: pods(2, 0) }), 0, true],
  ];
  for (const [name, given, weight, reached] of rows) {
    it(name, () => {
      const decision = decideWeight(given);
      assert.deepEqual([decision.weight, decision.reached], [weight, reached], decision.why);
    });
  }
});

describe('traffic moves only to pods that can carry it', () => {
  it('a canary with too few pods keeps its weight (rule 1)', () => {
    const decision = decideWeight(
      input({ course: { stepIndex: 2 }, canary: pods(6, 5), atDesired: true, recorded: 20 }),
    );
    assert.deepEqual([decision.weight, decision.reached], [20, false]);
    assert.match(decision.why, /5 of 10 pods/);
  });
  it('a progress threshold may relax that', () => {
    const strategy = { replicaProgressThreshold: { type: 'Percent', value: 50 } };
    const decision = decideWeight(
      input({ strategy, course: { stepIndex: 2 }, canary: pods(6, 4), recorded: 20 }),
    );
    assert.deepEqual([decision.weight, decision.reached], [60, true]);
  });
  it('a setCanaryScale of the user, too, and says so', () => {
    const strategy = { steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 50 }] };
    const decision = decideWeight(input({ strategy, course: { stepIndex: 1 }, canary: pods(1) }));
    assert.deepEqual([decision.weight, decision.reached, decision.beyondCapacity], [50, true, true]);
  });
  it('nothing goes up while the canary Service selects something else', () => {
    const decision = decideWeight(input({ canaryReachable: false }));
    assert.deepEqual([decision.weight, decision.reached], [0, false]);
  });
  it('after the promotion nothing goes back to a stable Service that selects the old version', () => {
    const course = { podHash: 'new', stableHash: 'new' };
    const weight = (stableReachable: boolean) =>
      decideWeight(input({ course, canary: pods(10), stable: pods(10), recorded: 60, stableReachable }))
        .weight;
    assert.deepEqual([weight(false), weight(true)], [60, 0]);
  });
  it('stable takes traffic back only when it has the pods', () => {
    const strategy = { steps: [{ setWeight: 60 }, { setWeight: 20 }] };
    const down = { strategy, course: { stepIndex: 1 }, canary: pods(6), recorded: 60 };
    assert.equal(decideWeight(input({ ...down, stable: pods(10, 7) })).weight, 60);
    assert.equal(decideWeight(input({ ...down, stable: pods(10, 8) })).weight, 20);
  });
  it('a broken stable does not keep traffic from the fix (rule 21)', () => {
    assert.equal(decideWeight(input({ stable: pods(10, 0) })).weight, 20);
  });
  it('nor holds a step that gives traffic back to it; one that has yet to grow does', () => {
    const steps = [{ setWeight: 60 }, { setWeight: 20 }];
    const down = (recorded: number, strategy = {}, late = false) =>
      decideWeight(
        input({
          late,
          strategy: { steps, ...strategy },
          course: { stepIndex: 1 },
          canary: pods(10),
          stable: pods(10, 0),
          recorded,
        }),
      );
    const told = ({ weight, reached }: ReturnType<typeof down>) => [weight, reached];
    assert.deepEqual(told(down(60)), [60, true]);
    assert.deepEqual(told(down(60, { dynamicStableScale: true })), [60, true]);
    assert.deepEqual(told(down(100, { dynamicStableScale: true })), [100, false]);
    assert.deepEqual(told(down(100, { dynamicStableScale: true }, true)), [100, true], 'it had its time');
  });
  it('nor one whose ReplicaSet somebody deleted', () => {
    const decision = decideWeight(input({ stable: undefined, recorded: 20 }));
    assert.deepEqual([decision.weight, decision.reached], [20, true]);
  });
  it('no weight that somebody raised is taken back to pods that are not there', () => {
    const raised = { recorded: 20, highest: 100, canary: pods(2) };
    for (const stable of [undefined, pods(10, 0)])
      assert.equal(decideWeight(input({ ...raised, stable })).weight, 100);
    assert.equal(decideWeight(input({ ...raised, stable: pods(10, 1) })).weight, 20);
    assert.equal(decideWeight(input({ ...raised, stable: pods(10, 0), canary: pods(2, 0) })).weight, 20);
    const elsewhere = { ...raised, recorded: 0, canary: pods(2, 0), canaryReachable: false };
    const weight = (behind: Counts) =>
      decideWeight(input({ ...elsewhere, stable: undefined, behind })).weight;
    assert.deepEqual(
      [weight(pods(4)), weight(pods(4, 0))],
      [100, 0],
      'whichever version its Service selects',
    );
    const promoted = { course: { podHash: 'old', stepIndex: 4 }, recorded: 0, highest: 100 };
    assert.equal(decideWeight(input({ ...promoted, canary: pods(10, 5), stable: pods(10, 5) })).weight, 0);
  });
  it('no traffic goes to a stable version without a pod, however little', () => {
    const strategy = { steps: [{ setWeight: 100 }, { setWeight: 95 }] };
    const down = { strategy, course: { stepIndex: 1 }, canary: pods(10), recorded: 100 };
    assert.equal(decideWeight(input({ ...down, stable: pods(10, 0) })).weight, 100);
    assert.equal(decideWeight(input({ ...down, stable: pods(10, 1) })).weight, 95);
  });
});

describe('an aborted canary loses its traffic at once (rule 7)', () => {
  const aborted = { course: { stepIndex: 0, abort: true }, recorded: 60, canary: pods(6) };
  it('also when stable has not all of its pods', () => {
    assert.equal(decideWeight(input({ ...aborted, stable: pods(10, 3) })).weight, 0);
  });
  it('but not to a stable version without any (rule 2)', () => {
    const decision = decideWeight(input({ ...aborted, stable: pods(10, 0) }));
    assert.deepEqual([decision.weight, decision.reached], [60, false]);
  });
  it('also when its pods are ready, and not yet for minReadySeconds', () => {
    const stable = { ...pods(10, 0), ready: 1 };
    assert.equal(decideWeight(input({ ...aborted, stable })).weight, 0);
    const lowered = input({ course: { stepIndex: 0 }, recorded: 60, canary: pods(6), stable });
    assert.equal(decideWeight(lowered).weight, 60, 'a step waits');
  });
  it('also at size 0, where nobody is to be served', () => {
    const course = { ...aborted.course, replicas: 0 };
    for (const strategy of [{}, { dynamicStableScale: true }])
      assert.equal(decideWeight(input({ ...aborted, course, strategy, stable: pods(0) })).weight, 0);
  });
  it('with dynamicStableScale only as stable comes back, and never up', () => {
    const strategy = { dynamicStableScale: true };
    const weight = (stable: Counts, recorded = 60) =>
      decideWeight(input({ ...aborted, strategy, stable, recorded })).weight;
    assert.equal(weight(pods(10, 4)), 60);
    assert.equal(weight(pods(10, 8)), 20);
    assert.equal(weight(pods(10, 4), 10), 10);
    assert.equal(
      weight(pods(10)),
      0,
      'whatever pods the canary has, and whatever step would be next on the way down',
    );
  });
  it('with dynamicStableScale and no canary pod left, all at once to what stable there is (2 over 1)', () => {
    const strategy = { dynamicStableScale: true };
    const decision = decideWeight(input({ ...aborted, strategy, canary: pods(6, 0), stable: pods(10, 4) }));
    assert.equal(decision.weight, 0);
  });
  it('with dynamicStableScale and a delay, whatever pods the canary keeps', () => {
    for (const abortScaleDownDelaySeconds of [0, 60]) {
      const strategy = { dynamicStableScale: true, abortScaleDownDelaySeconds };
      const weight = (stable: Counts) => decideWeight(input({ ...aborted, strategy, stable })).weight;
      assert.deepEqual([weight(pods(10, 8)), weight(pods(10))], [20, 0]);
    }
  });
});

describe('traffic of a version that is replaced, with dynamicStableScale', () => {
  const strategy = { dynamicStableScale: true };
  const replaced = { strategy, recorded: 60, recordedIsOwn: false, carrier: pods(6) };
  const rows: readonly [string, Parameters<typeof input>[0], number | undefined][] = [
    ['stays until stable can carry more', { ...replaced, stable: pods(4) }, 60],
    ['goes down by the steps', { ...replaced, stable: pods(10, 8) }, 20],
    ['is gone when stable is whole', { ...replaced, stable: pods(10) }, 0],
    [
      'does not wait for pods that died',
      { ...replaced, carrier: pods(6, 0), canary: pods(0), stable: pods(4) },
      0,
    ],
  ];
  for (const [name, given, weight] of rows) {
    it(`${name}, while a third version starts`, () => {
      const decision = decideWeight(input(given));
      assert.deepEqual([decision.weight, decision.reached], [weight, false], decision.why);
    });
    it(`${name}, while it goes back to stable`, () => {
      const course = { podHash: 'old', stepIndex: 4 };
      const { stable = pods(10) } = given;
      assert.equal(decideWeight(input({ ...given, course, canary: stable })).weight, weight);
    });
  }
});

describe('routes in force at a step (rule 20)', () => {
  const header = (name: string, exact = 'yes') => ({
    setHeaderRoute: { name, match: [{ headerName: 'x', headerValue: { exact } }] },
  });
  const mirror = { setMirrorRoute: { name: 'm', match: [{ method: { exact: 'GET' } }] } };
  const strategy: CanaryStrategy = {
    trafficRouting: { managedRoutes: [{ name: 'm' }, { name: 'h' }, { name: 'm' }] },
    steps: [
      { setWeight: 5 },
      header('h'),
      { pause: {} },
      mirror,
      header('h', 'other'),
      { setHeaderRoute: { name: 'h' } },
      { setMirrorRoute: { name: 'm', match: [] } },
      header('not-declared'),
    ],
  };
  const rows: readonly [number, unknown[]][] = [
    [0, []],
    [1, [header('h')]],
    [2, [header('h')]],
    [3, [mirror, header('h')]],
    [4, [mirror, header('h', 'other')]],
    [5, [mirror]],
    [6, []],
    [7, []],
    [99, []],
  ];
  for (const [index, routes] of rows)
    it(`step ${index + 1}`, () => assert.deepEqual(routesInForce(strategy, index), routes));
});
