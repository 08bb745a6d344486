/** A stable version without an available pod never stands in the way of the version that is to mend it (rule 21). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { WorldOptions } from './simulation.ts';
import { RECORDER, World } from './simulation.ts';
import { storiesIn } from './story.ts';

const story = storiesIn(fileURLToPath(new URL('./stories/', import.meta.url)));

const nginx = {
  canaryService: 'canary',
  stableService: 'stable',
  trafficRouting: { nginx: { stableIngress: 'demo' } },
};

/** Its first version never comes up. */
const broken = (strategy: Pick<WorldOptions, 'canary' | 'blueGreen'>, replicas = 4): World =>
  new World({
    replicas,
    ...strategy,
    readyAfterMs: (tag) => (tag === 'bad' ? Infinity : 1_500),
    spec: {
      progressDeadlineSeconds: 30,
      template: {
        metadata: { labels: { app: 'demo' } },
        spec: { containers: [{ name: 'app', image: 'example.com/app:bad' }] },
      },
    },
  }).until('Degraded');

const done = (world: World): boolean =>
  world.status().phase === 'Healthy' && world.sizes()[1] === 0 && (world.sizes()[2] ?? 0) !== 1;
const onlyHas = (revision: number) => (world: World) => {
  assert.equal(world.sizes()[revision], 4);
  assert.equal(world.status().phase, 'Healthy');
};

/** A fix, and at its second pause another one, through both of its own. */
const twoFixes = (canary: NonNullable<WorldOptions['canary']>): World =>
  broken({ canary })
    .image('v2')
    .until('Paused', 1)
    .promote()
    .until('Paused', 3)
    .image('v3')
    .until('Paused', 1)
    .promote()
    .until('Paused', 3)
    .promote()
    .run((world) => done(world) && world.sizes()[2] === 0);

describe('a broken stable does not block the fix', () => {
  story(
    'steps down, and to no pods, beside a stable that cannot take traffic back',
    () =>
      broken({
        canary: {
          ...nginx,
          steps: [
            { setWeight: 75 },
            { setWeight: 50 },
            { setCanaryScale: { replicas: 0 } },
            { setWeight: 60 },
            { pause: { duration: 2 } },
          ],
        },
      })
        .image('v2')
        .run(done),
    onlyHas(2),
  );

  story(
    'the second fix takes the weight of the first over where stable cannot have it',
    () =>
      twoFixes({
        ...nginx,
        steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }],
      }),
    onlyHas(3),
  );

  story(
    'the second fix takes all the weight of the first over where a dynamic stable does not come up within the deadline',
    () =>
      twoFixes({
        ...nginx,
        dynamicStableScale: true,
        steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 100 }, { pause: {} }],
      }),
    onlyHas(3),
  );

  for (const [fences, canary] of [
    ['surge', { maxSurge: 1, maxUnavailable: 0 }],
    ['no surge', { maxSurge: 0, maxUnavailable: 1 }],
  ] as const)
    story(
      `the second fix of a basic canary, ${fences}`,
      () =>
        broken({
          canary: { ...canary, steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 75 }, { pause: {} }] },
        })
          .image('v2')
          .until('Paused', 1)
          .image('v3')
          .until('Paused', 1)
          .promote()
          .until('Paused', 3)
          .promote()
          .run(done),
      onlyHas(3),
    );

  story(
    'a basic canary that never comes up and is aborted makes way for stable, beside the version between the two',
    () =>
      new World({
        replicas: 5,
        canary: { maxSurge: 2, maxUnavailable: 1, steps: [{ setWeight: 80 }, { pause: {} }] },
        readyAfterMs: (tag) => (tag === 'bad' ? Infinity : 1_500),
      })
        .until('Healthy')
        .image('v2')
        .until('Paused', 1)
        .image('bad')
        .wait(5_000)
        .abort()
        .run((world) => world.sizes()[1] === 5),
    (world) => assert.deepEqual(world.sizes(), { 1: 5, 2: 0, 3: 0 }),
  );

  const TWO = { activeService: 'active', previewService: 'preview' };
  story(
    'a blue-green whose first version never came up',
    () =>
      broken({ blueGreen: { ...TWO, autoPromotionEnabled: false } })
        .image('v2')
        .run(done),
    onlyHas(2),
  );

  story(
    'the second fix of a blue-green whose active pods have died',
    () =>
      new World({ replicas: 4, blueGreen: { ...TWO, autoPromotionEnabled: false } })
        .until('Healthy')
        .image('v2')
        .until('Paused')
        .kill(1, 4, Infinity)
        .image('v3')
        .until('Paused')
        .promote()
        .run((world) => done(world) && world.sizes()[2] === 0),
    onlyHas(3),
  );
});

describe('traffic that somebody gave to an old version whose stable has no pods', () => {
  for (const ready of [1_500, 20_000])
    it(`stays there until the fix has the pods for it, after ${ready} ms`, () => {
      const world = new World({
        replicas: 4,
        readyAfterMs: (tag) => (tag === 'v3' ? ready : 1_500),
        canary: {
          pingPong: { pingService: 'ping', pongService: 'pong' },
          trafficRouting: { plugins: { [RECORDER]: {} } },
          scaleDownDelaySeconds: 600,
          steps: [{ setWeight: 50 }, { pause: {} }],
        },
      });
      world.until('Healthy').image('v2').until('Paused').promote().until('Healthy');
      const canaryEnd = world.status().canary?.stablePingPong === 'ping' ? 'pong' : 'ping';
      const selected = () => world.services.get(canaryEnd)?.selector['rollouts-pod-template-hash'];
      const hash = (revision: number) =>
        [...world.replicaSets.values()].find(
          (rs) => rs.metadata.annotations?.['rollout.argoproj.io/revision'] === String(revision),
        )?.metadata.labels?.['rollouts-pod-template-hash'];
      assert.equal(selected(), hash(1));
      world.kill(2, 4, Infinity).rewriteRoute({ weight: 100 }).image('v3').wait(1_000);
      assert.deepEqual([world.route, selected()], [100, hash(1)]);
      assert.equal(world.status().canary?.weights?.canary.podTemplateHash, hash(1), 'as the status says');
      world.wait(30_000);
      assert.deepEqual([world.route, selected()], [100, hash(3)]);
      assert.equal(world.status().canary?.weights?.canary.podTemplateHash, hash(3));
    });
});
