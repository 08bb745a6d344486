/** What becomes of versions that are no longer wanted, behind a router and without (spec 02 sections 8 to 10). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryStrategy } from '../../../src/api/rollout.ts';
import { formatTime, parseTime } from '../../../src/lang/time.ts';
import { HASH_LABEL } from '../../../src/plan/rollout/names.ts';
import { World } from './simulation.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const nginx = {
  canaryService: 'canary',
  stableService: 'stable',
  trafficRouting: { nginx: { stableIngress: 'demo' } },
};
const routed = (more: CanaryStrategy = {}, replicas = 4): World =>
  new World({ replicas, canary: { ...nginx, steps: [{ setWeight: 25 }, { pause: {} }], ...more } }).until(
    'Healthy',
  );
const deadlines = (world: World): (number | undefined)[] =>
  [...world.replicaSets.values()].map((rs) => parseTime(rs.metadata.annotations?.['scale-down-deadline']));
const after = (world: World, start: number): (number | undefined)[] =>
  deadlines(world).map((at) => (at === undefined ? undefined : (at - start) / SECOND));
const finish = (world: World, tag: string): World =>
  world.image(tag).until('Paused').promoteFull().until('Healthy');

describe('the version that was stable, behind a router', () => {
  it('keeps its pods for 30 seconds where nothing is said, then has none', () => {
    const world = finish(routed(), 'v2');
    assert.deepEqual(world.sizes(), { 1: 4, 2: 4 });
    const [deadline] = after(world, world.now);
    assert.ok((deadline ?? 0) > 28 && (deadline ?? 0) <= 30, String(deadline));
    world.wait(29 * SECOND);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 4 });
    world.wait(2 * SECOND);
    assert.deepEqual(world.sizes(), { 1: 0, 2: 4 });
    assert.deepEqual(deadlines(world), [undefined, undefined], 'the mark goes with the pods');
  });

  it('keeps them as long as asked for, also beyond a resync', () => {
    const world = finish(routed({ scaleDownDelaySeconds: 7_200 }), 'v2').wait(119 * MINUTE);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 4 });
    assert.deepEqual(world.wait(2 * MINUTE).sizes(), { 1: 0, 2: 4 });
  });

  it('gives them up at once with a delay of 0', () => {
    assert.deepEqual(
      finish(routed({ scaleDownDelaySeconds: 0 }), 'v2')
        .wait(SECOND)
        .sizes(),
      { 1: 0, 2: 4 },
    );
  });

  it('counts its delay anew when somebody gave it traffic once more', () => {
    const world = finish(routed(), 'v2').wait(20 * SECOND);
    const [old] = world.replicaSets.values();
    const canary = world.services.get('canary');
    assert.ok(canary !== undefined);
    canary.selector = { ...canary.selector, [HASH_LABEL]: old?.metadata.labels?.[HASH_LABEL] ?? '' };
    world.user('rewrite a selector', () => {}).wait(SECOND);
    const [deadline] = after(world, world.now);
    assert.ok((deadline ?? 0) > 27 && (deadline ?? 0) <= 30, String(deadline));
  });

  it('keeps it for as long as it has that traffic, with one write, and counts from its end', () => {
    const world = finish(routed(), 'v2')
      .wait(20 * SECOND)
      .scale(0)
      .wait(SECOND);
    const stable = world.services.get('stable');
    assert.ok(stable !== undefined);
    world.resetCounts();
    // Stable has no pods: the old ones answer whoever asks.
    stable.selector = { app: 'demo' };
    world.user('take the version out of a selector', () => {}).wait(60 * MINUTE);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 0 });
    assert.equal(world.writes['annotateReplicaSet'], 1);
    world.scale(4).wait(20 * SECOND);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 4 });
    assert.deepEqual(world.wait(20 * SECOND).sizes(), { 1: 0, 2: 4 });
  });

  it('has its delay anew, and its pods at the end of the first one, where a Service selected every version then', () => {
    const world = finish(routed(), 'v2').wait(20 * SECOND);
    const [name] = [...world.replicaSets.keys()];
    const old = world.replicaSets.get(name ?? '');
    assert.ok(name !== undefined && old !== undefined);
    const over = { ...old.metadata.annotations, 'scale-down-deadline': formatTime(world.now - SECOND) };
    world.replicaSets.set(name, { ...old, metadata: { ...old.metadata, annotations: over } });
    const stable = world.services.get('stable');
    assert.ok(stable !== undefined);
    stable.selector = { app: 'demo' };
    world.user('take the version out of a selector', () => {}).wait(SECOND);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 4 });
    const [deadline] = after(world, world.now);
    assert.ok((deadline ?? 0) > 27 && (deadline ?? 0) <= 30, String(deadline));
    assert.deepEqual(world.wait(31 * SECOND).sizes(), { 1: 0, 2: 4 });
  });

  it('keeps its own size when the Rollout is scaled meanwhile', () => {
    const world = finish(routed({ scaleDownDelaySeconds: 600 }), 'v2')
      .scale(6)
      .until('Healthy');
    assert.deepEqual(world.sizes(), { 1: 4, 2: 6 });
  });

  it('beyond scaleDownDelayRevisionLimit has none, the newest first', () => {
    const world = routed({ scaleDownDelaySeconds: 600, scaleDownDelayRevisionLimit: 1 });
    finish(finish(world, 'v2'), 'v3').wait(SECOND);
    assert.deepEqual(world.sizes(), { 1: 0, 2: 4, 3: 4 });
  });

  it('loses its mark and keeps its pods when it is wanted again in time', () => {
    const world = finish(routed({ scaleDownDelaySeconds: 600 }), 'v2').wait(60 * SECOND);
    world.resetCounts().image('v1').until('Paused');
    const first = [...world.replicaSets.values()].find(
      (rs) => rs.metadata.annotations?.['rollout.argoproj.io/revision'] === '3',
    );
    assert.equal(first?.metadata.annotations?.['scale-down-deadline'], undefined);
    assert.equal(world.writes['createReplicaSet'], undefined);
  });

  it('has none where nobody can read its mark', () => {
    const world = finish(routed({ scaleDownDelaySeconds: 600 }), 'v2');
    const [[name, old] = []] = world.replicaSets;
    assert.ok(name !== undefined && old !== undefined);
    const annotations = { ...old.metadata.annotations, 'scale-down-deadline': 'tomorrow' };
    world.replicaSets.set(name, { ...old, metadata: { ...old.metadata, annotations } });
    assert.deepEqual(world.wait(SECOND).sizes(), { 1: 0, 2: 4 });
  });

  it('an intermediate version goes at once when traffic has left it', () => {
    const world = routed({ scaleDownDelaySeconds: 600 })
      .image('v2')
      .until('Paused')
      .image('v3')
      .until('Paused')
      .wait(MINUTE);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 0, 3: 1 });
  });
});

describe('the version that was active', () => {
  it('has its delay anew when the active Service selected every version for a while', () => {
    const blueGreen = { activeService: 'active', previewService: 'preview' };
    const world = new World({ replicas: 4, blueGreen }).until('Healthy').image('v2').until('Healthy');
    world.wait(20 * SECOND);
    const active = world.services.get('active');
    assert.ok(active !== undefined);
    active.selector = { app: 'demo' };
    world.user('rewrite a selector', () => {}).wait(SECOND);
    const [deadline] = after(world, world.now);
    assert.ok((deadline ?? 0) > 27 && (deadline ?? 0) <= 30, String(deadline));
  });
});

describe('the canary of an aborted update, behind a router', () => {
  const aborted = (more: CanaryStrategy): World =>
    routed(more).image('v2').until('Paused').abort().until('Degraded');

  it('keeps its pods for 30 seconds where nothing is said', () => {
    const world = aborted({});
    assert.deepEqual(world.wait(29 * SECOND).sizes(), { 1: 4, 2: 1 });
    assert.deepEqual(world.wait(2 * SECOND).sizes(), { 1: 4, 2: 0 });
  });

  it('keeps them as long as asked for, also beyond a resync', () => {
    const world = aborted({ abortScaleDownDelaySeconds: 3_600 });
    assert.deepEqual(world.wait(59 * MINUTE).sizes(), { 1: 4, 2: 1 });
    assert.deepEqual(world.wait(2 * MINUTE).sizes(), { 1: 4, 2: 0 });
  });

  it('is never scaled down with 0, as the documentation of the field promises', () => {
    assert.deepEqual(
      aborted({ abortScaleDownDelaySeconds: 0 })
        .wait(24 * 60 * MINUTE)
        .sizes(),
      { 1: 4, 2: 1 },
    );
  });

  it('lives out its delay beside the next version, where that leaves it enough', () => {
    const world = aborted({ abortScaleDownDelaySeconds: 60 }).wait(10 * SECOND);
    const [, before] = deadlines(world);
    world
      .resetCounts()
      .image('v3')
      .wait(5 * SECOND);
    assert.deepEqual(deadlines(world)[1], before, 'without traffic its delay goes on');
    assert.equal(world.writes['annotateReplicaSet'], undefined);
    assert.deepEqual(world.wait(47 * SECOND).sizes(), { 1: 4, 2: 0, 3: 1 });
  });

  it('has scaleDownDelaySeconds from when its Service has gone to the next version', () => {
    const world = aborted({}).wait(10 * SECOND);
    world.image('v3').wait(5 * SECOND);
    const [, deadline] = after(world, world.now);
    assert.ok((deadline ?? 0) > 23 && (deadline ?? 0) <= 30, String(deadline));
  });

  it('has them at once for a retry in time', () => {
    const world = aborted({})
      .wait(10 * SECOND)
      .resetCounts()
      .retry()
      .until('Paused');
    assert.equal(world.writes['scaleReplicaSet'], undefined);
    assert.deepEqual(deadlines(world), [undefined, undefined]);
    assert.deepEqual(world.wait(5 * MINUTE).sizes(), { 1: 4, 2: 1 });
  });
});

describe('a change of size', () => {
  const basic = (): World =>
    new World({
      replicas: 4,
      canary: { steps: [{ setWeight: 50 }, { pause: {} }] },
      exempt: ['surge'],
    }).until('Healthy');

  it('in a pause keeps the weight, and the pause', () => {
    const world = basic().image('v2').until('Paused');
    assert.deepEqual(world.sizes(), { 1: 2, 2: 2 });
    const { pauseConditions } = world.status();
    assert.deepEqual(world.scale(8).until('Paused').sizes(), { 1: 4, 2: 4 });
    assert.deepEqual(world.scale(2).until('Paused').sizes(), { 1: 1, 2: 1 });
    assert.deepEqual(world.status().pauseConditions, pauseConditions);
  });

  it('behind a router in a pause: stable has all, the canary its share', () => {
    const world = routed().image('v2').until('Paused').scale(8).until('Paused');
    assert.deepEqual(world.sizes(), { 1: 8, 2: 2 });
  });

  it('follows also while spec.paused holds the update, and then nothing more', () => {
    const world = basic().image('v2').until('Paused');
    world.user('set spec.paused', (rollout) => void (rollout.spec.paused = true)).until('Paused');
    assert.deepEqual(world.scale(8).until('Paused').wait(MINUTE).sizes(), { 1: 4, 2: 4 });
  });

  it('while pods are still coming, and in the same edit as a new template', () => {
    const world = basic().image('v2').wait(500).scale(8).until('Paused');
    assert.deepEqual(world.sizes(), { 1: 4, 2: 4 });
    const both = basic().image('v2', 8).until('Paused');
    assert.deepEqual(both.sizes(), { 1: 4, 2: 4 });
  });

  it('of an idle Rollout is no update, to 0 and back', () => {
    const world = basic();
    const { currentStepIndex } = world.status();
    for (const size of [6, 1, 0, 3]) {
      world.scale(size).until('Healthy').wait(MINUTE);
      assert.deepEqual(world.sizes(), { 1: size });
      const desired = [...world.replicaSets.values()][0]?.metadata.annotations?.[
        'rollout.argoproj.io/desired-replicas'
      ];
      assert.equal(desired, String(size));
    }
    assert.equal(world.status().currentStepIndex, currentStepIndex);
  });

  it('to 0 in the middle of an update ends where it was when it comes back', () => {
    const world = basic().image('v2').until('Paused').scale(0).wait(MINUTE);
    assert.deepEqual(world.sizes(), { 1: 0, 2: 0 });
    assert.deepEqual(world.scale(4).until('Paused').sizes(), { 1: 2, 2: 2 });
  });
});

describe('a new template while spec.paused holds', () => {
  it('has its ReplicaSet, without pods, and goes on when it is over', () => {
    const world = new World({ replicas: 2, canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }).until(
      'Healthy',
    );
    world.user('set spec.paused', (rollout) => void (rollout.spec.paused = true)).until('Paused');
    world.image('v2').until('Paused').wait(MINUTE);
    assert.deepEqual(world.sizes(), { 1: 2, 2: 0 });
    world.user('clear spec.paused', (rollout) => void (rollout.spec.paused = false)).until('Paused', 1);
    assert.deepEqual(world.sizes(), { 1: 1, 2: 1 });
  });
});

describe('an abort while spec.paused holds', () => {
  it('takes the pods of the aborted version, and its users with them', () => {
    const steps = [{ setWeight: 50 }, { pause: {} }];
    const world = new World({ replicas: 4, canary: { steps } }).until('Healthy').image('v2').until('Paused');
    world.user('set spec.paused', (rollout) => void (rollout.spec.paused = true)).until('Paused');
    world.abort().until('Degraded').wait(MINUTE);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 0 });
  });
});

describe('a stable ReplicaSet that somebody deletes while spec.paused holds', () => {
  it('comes back with its pods: they serve', () => {
    const world = new World({ replicas: 2, canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }).until(
      'Healthy',
    );
    world.user('set spec.paused', (rollout) => void (rollout.spec.paused = true)).until('Paused');
    world.replicaSets.clear();
    assert.deepEqual(world.wait(MINUTE).sizes(), { 1: 2 });
  });
});

describe('undo', () => {
  it('to a version that is neither stable nor within a window goes through all steps, under a new number', () => {
    const steps = [{ setWeight: 50 }, { pause: {} }];
    const world = new World({ replicas: 2, canary: { steps } }).until('Healthy');
    for (const tag of ['v2', 'v3']) world.image(tag).until('Paused').promote().until('Healthy').wait(SECOND);
    world.resetCounts().image('v1').until('Paused', 1);
    assert.equal(world.rollout.metadata.annotations?.['rollout.argoproj.io/revision'], '4');
    assert.equal(world.writes['createReplicaSet'], undefined, 'its ReplicaSet is used again');
    const used = [...world.replicaSets.values()].find(
      (rs) => rs.metadata.annotations?.['rollout.argoproj.io/revision'] === '4',
    );
    assert.equal(used?.metadata.annotations?.['rollout.argoproj.io/revision-history'], '1');
    world.promote().until('Healthy');
    assert.deepEqual(world.sizes(), { 2: 0, 3: 0, 4: 2 });
  });
});

describe('minReadySeconds', () => {
  it('is no part of the template: an edit changes the ReplicaSet in place', () => {
    const world = new World({ replicas: 2, canary: {} }).until('Healthy').resetCounts();
    world
      .user('minReadySeconds 7', (rollout) => void (rollout.spec.minReadySeconds = 7))
      .until('Healthy')
      .wait(SECOND);
    assert.deepEqual(
      [...world.replicaSets.values()].map((rs) => rs.spec.minReadySeconds),
      [7],
    );
    assert.equal(world.rollout.metadata.annotations?.['rollout.argoproj.io/revision'], '1');
  });
});

describe('restarts of a blue-green', () => {
  it('take as many pods at once as its maxUnavailable says', () => {
    const blueGreen = { activeService: 'active', maxUnavailable: 2 };
    const world = new World({ replicas: 4, blueGreen }).until('Healthy').wait(MINUTE);
    world
      .user('restart', (rollout) => void (rollout.spec.restartAt = formatTime(world.now)))
      .wait(10)
      .wait(1_000);
    const evictions = world.story.filter((line) => line.includes('evict'));
    assert.match(evictions[0] ?? '', /evict 2 pods/);
    world.until('Healthy');
    assert.equal(world.status().restartedAt, world.rollout.spec.restartAt);
  });
});
