/** Steps as they are taken: each kind, those that a person skips, and what makes the deadline wait (spec 03 sections 7 and 8). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryStep, CanaryStrategy } from '../../../src/api/rollout.ts';
import { World } from './simulation.ts';

const SECOND = 1_000;
const nginx = {
  canaryService: 'canary',
  stableService: 'stable',
  trafficRouting: { nginx: { stableIngress: 'demo' } },
};
const routed = (steps: CanaryStep[], more: CanaryStrategy = {}, options = {}): World =>
  new World({ replicas: 10, canary: { ...nginx, steps, ...more }, ...options }).until('Healthy');
const skip = (world: World): World =>
  world.user('skip the step', (rollout) => {
    const status = (rollout.status ??= {});
    status.currentStepIndex = (status.currentStepIndex ?? 0) + 1;
    delete status.pauseConditions;
  });
const completed = (world: World): string[] =>
  world.events
    .filter((event) => event.startsWith('RolloutStepCompleted'))
    .map((event) => event.replace(/.*completed /, ''));

describe('setCanaryScale behind a router (spec 03 section 4.4)', () => {
  it('sizes the canary apart from its weight, until matchTrafficWeight gives it back', () => {
    const world = routed([
      { setCanaryScale: { replicas: 3 } },
      { pause: {} },
      { setWeight: 10 },
      { pause: {} },
      { setCanaryScale: { weight: 50 } },
      { pause: {} },
      { setCanaryScale: { matchTrafficWeight: true } },
      { pause: {} },
    ]).image('v2');
    const stops: string[] = [];
    for (const index of [1, 3, 5, 7]) {
      world.until('Paused', index).wait(60 * SECOND);
      stops.push(`${world.route} % with ${world.sizes()[2]} of ${world.sizes()[1]}`);
      world.promote();
    }
    assert.deepEqual(stops, [
      '0 % with 3 of 10',
      '10 % with 3 of 10',
      '10 % with 5 of 10',
      '10 % with 1 of 10',
    ]);
    world.until('Healthy');
    assert.deepEqual(completed(world), [
      '(setCanaryScale{replicas: 3})',
      '(pause)',
      '(setWeight: 10)',
      '(pause)',
      '(setCanaryScale{weight: 50})',
      '(pause)',
      '(setCanaryScale{matchTrafficWeight: true})',
      '(pause)',
    ]);
  });

  it('may ask for less than the weight needs, and then a Warning says so', () => {
    const world = routed(
      [{ setCanaryScale: { replicas: 1 } }, { setWeight: 50 }, { pause: {} }],
      {},
      { exempt: ['1'] },
    );
    world.image('v2').until('Paused', 2);
    assert.deepEqual([world.route, world.sizes()[2]], [50, 1]);
    const warnings = world.events.filter((event) => event.startsWith('W CanaryBelowWeight'));
    assert.equal(warnings.length, 1, world.events.join('\n'));
  });
});

describe('a step that a person skips', () => {
  it('is taken as done: a pause, a weight', () => {
    const world = routed([{ setWeight: 20 }, { pause: {} }, { setWeight: 40 }, { pause: {} }]).image('v2');
    skip(world.until('Paused', 1)).until('Paused', 3);
    assert.equal(world.route, 40);
    const fresh = new World({
      replicas: 4,
      canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }] },
    });
    skip(fresh.until('Healthy').image('v2').until('Paused', 1)).until('Paused', 3);
    assert.equal(fresh.sizes()[2], 3);
  });

  it('beyond the last one ends the update', () => {
    const world = routed([{ setWeight: 20 }, { pause: {} }])
      .image('v2')
      .until('Paused', 1);
    skip(world).until('Healthy');
    assert.equal(world.status().currentStepIndex, 2);
    assert.equal(world.status().stableRS, world.status().currentPodHash);
  });
});

describe('the end of the steps', () => {
  it('without steps, and with the last weight below all, is the whole of the new version', () => {
    const world = routed([]).image('v2').until('Healthy');
    assert.equal(world.status().currentStepIndex, undefined);
    assert.equal(world.sizes()[2], 10);
  });

  it('a promotion in full keeps the weight until the new version has its pods', () => {
    const slow = { readyAfterMs: (image: string) => (image === 'v2' ? 10_000 : 1_500) };
    const world = routed([{ setWeight: 20 }, { pause: {} }], {}, slow)
      .image('v2')
      .until('Paused', 1);
    world.promoteFull().wait(9 * SECOND);
    assert.deepEqual(
      [world.route, world.sizes()[2], world.status().stableRS === world.status().currentPodHash],
      [20, 10, false],
    );
    world.until('Healthy');
    assert.equal(world.route, 0);
    assert.equal(world.status().promoteFull, undefined);
  });

  it('a pause of 0 seconds ends by itself', () => {
    const world = routed([{ setWeight: 20 }, { pause: { duration: 0 } }, { setWeight: 40 }])
      .image('v2')
      .until('Healthy');
    assert.deepEqual(completed(world), ['(setWeight: 20)', '(pause: 0)', '(setWeight: 40)']);
  });
});

describe('the deadline (spec 01 sections 6.1 to 6.4)', () => {
  const spec = { progressDeadlineSeconds: 30 };
  const bad = { readyAfterMs: (image: string) => (image === 'bad' ? Infinity : 1_500) };
  const basic = (steps: CanaryStep[], more = {}): World =>
    new World({
      replicas: 2,
      canary: { maxSurge: 1, maxUnavailable: 0, steps },
      spec: { ...spec, ...more },
      ...bad,
    }).until('Healthy');

  it('does not run in a pause, nor while spec.paused holds', () => {
    const world = basic([{ setWeight: 50 }, { pause: {} }])
      .image('v2')
      .until('Paused')
      .wait(600 * SECOND);
    assert.equal(world.status().phase, 'Paused');
    const held = basic([{ setWeight: 50 }]).user(
      'set spec.paused',
      (rollout) => void (rollout.spec.paused = true),
    );
    held.image('bad').wait(600 * SECOND);
    assert.equal(held.status().phase, 'Paused');
  });

  it('begins anew with every progress, and with a resume', () => {
    const slow = { readyAfterMs: () => 20_000 };
    const steps = [{ setWeight: 50 }, { pause: {} }];
    const world = new World({
      replicas: 2,
      canary: { maxSurge: 1, maxUnavailable: 0, steps },
      spec,
      ...slow,
    });
    world
      .until('Healthy')
      .image('v2')
      .until('Paused')
      .wait(600 * SECOND)
      .promote()
      .until('Healthy');
    assert.equal(
      world.events.some((event) => event.includes('RolloutAborted')),
      false,
    );
  });

  it('is told once when it passes, and what comes up later ends it', () => {
    const world = basic([{ setWeight: 50 }])
      .image('bad')
      .until('Degraded');
    assert.match(world.status().message ?? '', /^ProgressDeadlineExceeded: /);
    const writes = world.objectWrites();
    world.wait(3_600 * SECOND);
    assert.equal(world.objectWrites(), writes);
    world.image('v2').until('Healthy');
  });

  it('aborts only where asked to, with both Events', () => {
    const world = basic([{ setWeight: 50 }], { progressDeadlineAbort: true })
      .resetCounts()
      .image('bad')
      .until('Degraded');
    const name = `demo-bad`;
    assert.deepEqual(
      world.events.filter((event) => event.startsWith('W ')),
      [
        `W RolloutAborted: ReplicaSet "${name}" has timed out progressing.`,
        `W RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "${name}" has timed out progressing.`,
      ],
    );
    assert.deepEqual(world.wait(60 * SECOND).sizes(), { 1: 2, 2: 0 });
  });
});
