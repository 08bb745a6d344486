/** status.duration through whole updates: every completionStatus of spec 01 section 9, and the time spent in pauses. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryStep, RolloutDuration } from '../../../src/api/rollout.ts';
import { formatTime } from '../../../src/lang/time.ts';
import { World } from './simulation.ts';

const PAUSED: CanaryStep[] = [{ setWeight: 50 }, { pause: {} }];
const SECOND = 1_000;

const canary = (steps = PAUSED, spec = {}): World =>
  new World({ replicas: 2, canary: { maxSurge: 1, maxUnavailable: 0, steps }, spec }).until('Healthy');
const blueGreen = (): World =>
  new World({ replicas: 2, blueGreen: { activeService: 'active', autoPromotionEnabled: false } }).until(
    'Healthy',
  );

const duration = (world: World): RolloutDuration => world.status().duration ?? {};
const seconds = (world: World): number => {
  const { rolloutStartedAt = '', finishedAt = '' } = duration(world);
  return (Date.parse(finishedAt) - Date.parse(rolloutStartedAt)) / SECOND;
};

describe('how an update ends', () => {
  const ends: readonly [string, string, () => World][] = [
    ['a first deployment', 'Promoted', () => canary()],
    ['the last step', 'Promoted', () => canary().image('v2').until('Paused').promote().until('Healthy')],
    [
      'a promotion in full',
      'FastPromoted',
      () => canary().image('v2').until('Paused').promoteFull().until('Healthy'),
    ],
    ['an abort', 'Aborted', () => canary().image('v2').until('Paused').abort().until('Degraded')],
    [
      'stable again in the middle',
      'FastRolledBack',
      () => canary().image('v2').until('Paused').image('v1').until('Healthy'),
    ],
    [
      'an older version in the middle, by its steps',
      'RolledBack',
      () =>
        canary([{ setWeight: 50 }, { pause: { duration: 3 } }])
          .image('v2')
          .until('Healthy')
          .wait(2 * SECOND)
          .image('v3')
          .until('Paused')
          .image('v1')
          .until('Healthy'),
    ],
    [
      'an older version in the middle, within its window',
      'FastRolledBack',
      () =>
        canary([{ setWeight: 50 }, { pause: { duration: 3 } }], { rollbackWindow: { revisions: 5 } })
          .image('v2')
          .until('Healthy')
          .wait(2 * SECOND)
          .image('v3')
          .until('Paused')
          .image('v1')
          .until('Healthy'),
    ],
    [
      'a blue-green promoted by hand',
      'Promoted',
      () => blueGreen().image('v2').until('Paused').promote().until('Healthy'),
    ],
    [
      'a blue-green promoted in full',
      'FastPromoted',
      () => blueGreen().image('v2').until('Paused').promoteFull().until('Healthy'),
    ],
    [
      'a blue-green aborted',
      'Aborted',
      () => blueGreen().image('v2').until('Paused').abort().until('Degraded'),
    ],
    [
      'a blue-green back to stable',
      'FastRolledBack',
      () => blueGreen().image('v2').until('Paused').image('v1').until('Healthy'),
    ],
  ];
  for (const [name, expected, tell] of ends)
    it(`${name}: ${expected}`, () => {
      const { completionStatus, finishedAt, manualPauseStartedAt } = duration(tell());
      assert.equal(completionStatus, expected);
      assert.ok(finishedAt !== undefined);
      assert.equal(manualPauseStartedAt, undefined, 'no pause is left open');
    });

  it('a version that another one takes the place of leaves nothing behind but its metric: Superseded', () => {
    const world = canary()
      .image('v2')
      .until('Paused')
      .wait(30 * SECOND);
    const first = duration(world);
    world.image('v3').until('Paused');
    assert.deepEqual([duration(world).finishedAt, duration(world).completionStatus], [undefined, undefined]);
    assert.ok((duration(world).rolloutStartedAt ?? '') > (first.rolloutStartedAt ?? ''));
  });

  it('a retry is an update of its own', () => {
    const world = canary().image('v2').until('Paused').abort().until('Degraded');
    const aborted = duration(world);
    world
      .wait(30 * SECOND)
      .retry()
      .until('Paused');
    assert.equal(duration(world).finishedAt, undefined);
    assert.ok((duration(world).rolloutStartedAt ?? '') > (aborted.rolloutStartedAt ?? ''));
  });

  it('neither an edit of idle steps nor a change of size is an update', () => {
    const world = canary();
    const before = duration(world);
    world.user('edit the steps', (rollout) => {
      if (rollout.spec.strategy?.canary !== undefined)
        rollout.spec.strategy.canary.steps = [{ setWeight: 10 }];
    });
    world.wait(SECOND).scale(5).until('Healthy');
    assert.deepEqual(duration(world), before);
  });
});

describe('time in pauses that wait for a person', () => {
  it('is added up: a pause without end, spec.paused, and blue-green by hand', () => {
    const world = canary().image('v2').until('Paused');
    assert.equal(duration(world).manualPauseStartedAt, formatTime(world.now));
    world
      .wait(60 * SECOND)
      .promote()
      .until('Healthy');
    assert.equal(duration(world).totalManualPauseDurationSeconds, 60);
    assert.ok(seconds(world) >= 60);

    const held = canary([{ setWeight: 50 }, { pause: { duration: 1 } }]).image('v2');
    held.user('set spec.paused', (rollout) => void (rollout.spec.paused = true)).wait(40 * SECOND);
    held.user('clear spec.paused', (rollout) => void (rollout.spec.paused = false)).until('Healthy');
    assert.equal(duration(held).totalManualPauseDurationSeconds, 40);

    const manual = blueGreen()
      .image('v2')
      .until('Paused')
      .wait(20 * SECOND)
      .promote()
      .until('Healthy');
    assert.equal(duration(manual).totalManualPauseDurationSeconds, 20);
  });

  it('is none in a pause that ends by itself', () => {
    const timed = canary([{ setWeight: 50 }, { pause: { duration: 30 } }])
      .image('v2')
      .until('Healthy');
    assert.equal(duration(timed).totalManualPauseDurationSeconds, undefined);
    assert.ok(seconds(timed) >= 30);
    const seconds30 = { activeService: 'active', autoPromotionSeconds: 30 };
    const auto = new World({ replicas: 2, blueGreen: seconds30 })
      .until('Healthy')
      .image('v2')
      .until('Healthy');
    assert.equal(duration(auto).totalManualPauseDurationSeconds, undefined);
  });
});
