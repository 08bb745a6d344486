/**
 * Whole updates in the small world, told as stories. The text beside each is what a reader checks; the rules that the
 * world asserts after every write are what the machine checks.
 */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AnalysisTemplate } from '../../../src/api/analysis.ts';
import type { CanaryStep } from '../../../src/api/rollout.ts';
import { formatTime } from '../../../src/lang/time.ts';
import { World } from './simulation.ts';
import { storiesIn } from './story.ts';

const story = storiesIn(fileURLToPath(new URL('./stories/', import.meta.url)));

const nginx = {
  canaryService: 'canary',
  stableService: 'stable',
  trafficRouting: { nginx: { stableIngress: 'demo' } },
};
const one = { maxSurge: 1, maxUnavailable: 0 };
const bad = (image: string): number => (image === 'bad' ? Infinity : 1_500);
const THREE: CanaryStep[] = [{ setWeight: 25 }, { setWeight: 50 }, { setWeight: 75 }];
const PAUSES: CanaryStep[] = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];
const RATE: AnalysisTemplate = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'rate', namespace: 'shop' },
  spec: {
    metrics: [
      {
        name: 'rate',
        interval: '1s',
        count: 3,
        successCondition: 'result > 90',
        provider: { prometheus: { query: 'q' } },
      },
    ],
  },
};

const pause = (world: World, paused: boolean): World =>
  world.user(
    paused ? 'set spec.paused' : 'clear spec.paused',
    (rollout) => void (rollout.spec.paused = paused),
  );

describe('stories of a basic canary', () => {
  story(
    'three steps',
    () => {
      const world = new World({ replicas: 4, canary: { steps: THREE } }).until('Healthy').resetCounts();
      return world.image('v2').until('Healthy');
    },
    (world) => {
      assert.ok(world.objectWrites() <= 14, `3k + 5 writes: ${JSON.stringify(world.writes)}`);
      const before = world.objectWrites();
      world.wait(3_600_000);
      assert.equal(world.objectWrites(), before, 'a settled Rollout is left alone');
    },
  );

  story('pauses, promotion by hand and by time', () =>
    new World({
      replicas: 5,
      canary: {
        steps: [
          { setWeight: 20 },
          { pause: {} },
          { setWeight: 60 },
          { pause: { duration: '4s' } },
          { setWeight: 80 },
        ],
      },
    })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .promote()
      .until('Healthy'),
  );

  story('the tutorial takes two hours', () =>
    new World({
      replicas: 5,
      canary: {
        steps: [
          { setWeight: 20 },
          { pause: { duration: '1h' } },
          { setWeight: 40 },
          { pause: { duration: '1h' } },
          { setWeight: 60 },
        ],
      },
    })
      .until('Healthy')
      .image('v2')
      .run((world) => world.status().phase === 'Healthy' && world.sizes()[1] === 0, 3 * 3_600_000),
  );

  story('abort and retry', () =>
    new World({ replicas: 4, canary: { ...one, steps: PAUSES } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .promote()
      .until('Paused', 3)
      .abort()
      .until('Degraded')
      .run((world) => world.sizes()[2] === 0)
      .retry()
      .until('Paused', 1)
      .promote()
      .until('Paused', 3)
      .promote()
      .until('Healthy'),
  );

  story(
    'an abort with nothing in progress changes nothing',
    () => {
      const world = new World({ replicas: 2, canary: { steps: PAUSES } }).until('Healthy').resetCounts();
      return world.abort().wait(10_000);
    },
    (world) => {
      assert.deepEqual(world.writes, { status: 1 });
      assert.equal(world.status().phase, 'Healthy');
      assert.deepEqual(world.events, []);
    },
  );

  story('promotion in full', () =>
    new World({ replicas: 4, canary: { ...one, steps: PAUSES } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .promoteFull()
      .until('Healthy'),
  );

  story('a third version in the middle', () =>
    new World({ replicas: 4, canary: { ...one, steps: [{ setWeight: 50 }, { pause: {} }] } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .image('v3')
      .until('Paused', 1)
      .promote()
      .until('Healthy'),
  );

  story('back to stable in the middle', () =>
    new World({ replicas: 5, canary: { steps: [{ setWeight: 40 }, { pause: {} }] } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .image('v1')
      .run((world) => world.status().phase === 'Healthy' && world.sizes()[2] === 0),
  );

  story('aborted, then the stable template comes back', () =>
    new World({ replicas: 3, canary: { ...one, steps: [{ setWeight: 40 }, { pause: {} }] } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .abort()
      .run((world) => world.sizes()[2] === 0)
      .image('v3')
      .until('Paused', 1)
      .abort()
      .run((world) => world.sizes()[3] === 0)
      .image('v1')
      .until('Healthy'),
  );

  story('steps edited in the middle and when idle', () =>
    new World({
      replicas: 5,
      canary: { ...one, steps: [{ setWeight: 40 }, { pause: {} }, { setWeight: 80 }] },
    })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .user('edit the steps', (rollout) => {
        const canary = rollout.spec.strategy?.canary;
        assert.ok(canary !== undefined);
        canary.steps = [{ setWeight: 20 }, { pause: { duration: 3 } }, { setWeight: 60 }, { pause: {} }];
      })
      .until('Paused', 3)
      .promote()
      .until('Healthy')
      .user('edit the steps', (rollout) => {
        const canary = rollout.spec.strategy?.canary;
        assert.ok(canary !== undefined);
        canary.steps = [{ setWeight: 50 }, { pause: {} }];
      })
      .until('Healthy', 2),
  );

  story('a bad image misses the deadline, a good one follows', () =>
    new World({
      replicas: 3,
      readyAfterMs: bad,
      spec: { progressDeadlineSeconds: 5 },
      canary: { ...one, steps: [{ setWeight: 50 }, { pause: {} }] },
    })
      .until('Healthy')
      .image('bad')
      .until('Degraded')
      .wait(1_000)
      .image('v3')
      .until('Paused', 1)
      .promote()
      .until('Healthy'),
  );

  story('the deadline aborts, and again after a retry', () =>
    new World({
      replicas: 4,
      readyAfterMs: bad,
      spec: { progressDeadlineSeconds: 5, progressDeadlineAbort: true },
      canary: { ...one, steps: [{ setWeight: 25 }, { pause: {} }] },
    })
      .until('Healthy')
      .image('bad')
      .until('Degraded')
      .wait(1_000)
      .retry()
      .run((world) => world.status().abort !== true)
      .until('Degraded')
      .image('v3')
      .until('Paused', 1),
  );

  story('a broken first version does not block the fix', () =>
    new World({
      replicas: 2,
      readyAfterMs: bad,
      spec: { progressDeadlineSeconds: 5, template: badTemplate() },
      canary: { steps: [{ setWeight: 50 }, { pause: { duration: 2 } }] },
    })
      .until('Degraded')
      .image('v2')
      .until('Healthy'),
  );

  story('scaled to zero and back, idle and in the middle', () =>
    new World({ replicas: 3, canary: { steps: [{ setWeight: 50 }, { pause: {} }] } })
      .until('Healthy')
      .scale(0)
      .scaled()
      .until('Healthy')
      .wait(3_000)
      .scale(3)
      .scaled()
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .scale(0)
      .scaled()
      .wait(3_000)
      .scale(4)
      .scaled()
      .wait(5_000)
      .promote()
      .until('Healthy'),
  );

  story('template and replicas change in one edit', () =>
    new World({ replicas: 3, canary: { ...one, steps: [{ setWeight: 50 }, { pause: {} }] } })
      .until('Healthy')
      .image('v2', 6)
      .scaled()
      .until('Paused', 1)
      .promote()
      .until('Healthy')
      .image('v3', 2)
      .scaled()
      .until('Paused', 1)
      .promote()
      .until('Healthy'),
  );

  story('a promotion given while spec.paused is set is not lost', () => {
    const world = new World({
      replicas: 2,
      spec: { paused: true },
      canary: { ...one, steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 100 }] },
    }).until('Paused');
    pause(world, false).until('Healthy');
    pause(world, true).until('Paused').image('v2').wait(5_000);
    pause(world, false).until('Paused', 1);
    pause(world, true).wait(1_000).promote().wait(2_000);
    return pause(world, false).until('Healthy');
  });

  story('one replica without surge never serves nothing', () =>
    new World({
      replicas: 1,
      canary: {
        maxSurge: 0,
        maxUnavailable: 1,
        canaryService: 'canary',
        stableService: 'stable',
        steps: [{ setWeight: 50 }, { pause: {} }],
      },
    })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .promote()
      .until('Healthy'),
  );

  story('no steps', () =>
    new World({ replicas: 4, canary: { maxSurge: 1, maxUnavailable: 1 } })
      .until('Healthy')
      .image('v2')
      .until('Healthy')
      .image('v1')
      .until('Healthy'),
  );

  story('history beyond the limit goes', () =>
    new World({
      replicas: 2,
      spec: { revisionHistoryLimit: 1, minReadySeconds: 0 },
      canary: { ...one, steps: [{ setWeight: 50 }] },
    })
      .until('Healthy')
      .image('v2')
      .until('Healthy')
      .image('v3')
      .until('Healthy')
      .image('v4')
      .until('Healthy'),
  );
});

const restart = (world: World): World =>
  world.wait(60_000).user('restart', (rollout) => void (rollout.spec.restartAt = formatTime(world.now)));

describe('stories of restarts', () => {
  for (const maxSurge of [0, '25%'])
    story(`the only pod is restarted beside a second one, maxSurge ${maxSurge}`, () => {
      const world = new World({ replicas: 1, canary: { maxSurge } }).until('Healthy');
      return restart(world).wait(1_000).until('Healthy');
    });

  story('a restart in the middle of an update where none may be unavailable', () => {
    const canary = { ...one, steps: [{ setWeight: 25 }, { pause: {} }] };
    const world = new World({ replicas: 4, canary }).until('Healthy').image('v2').until('Paused', 1);
    return restart(world).wait(60_000).promote().until('Healthy');
  });

  story('one pod at a time where none may be unavailable', () =>
    restart(new World({ replicas: 3, canary: one }).until('Healthy'))
      .wait(1_000)
      .until('Healthy'),
  );

  story('a restart in the middle of an update leaves each version a pod', () => {
    const canary = { ...nginx, steps: [{ setWeight: 25 }, { pause: {} }] };
    const world = new World({ replicas: 4, canary }).until('Healthy').image('v2').until('Paused', 1);
    return restart(world).wait(60_000).promote().until('Healthy');
  });

  story('a restart while spec.paused holds an update of one pod', () => {
    const canary = { ...nginx, steps: [{ setWeight: 50 }, { pause: {} }] };
    const world = new World({ replicas: 1, canary }).until('Healthy').image('v2').until('Paused', 1);
    return pause(restart(pause(world, true)).wait(60_000), false)
      .promote()
      .until('Healthy');
  });
});

describe('stories of analysis', () => {
  const step: CanaryStep = { analysis: { templates: [{ templateName: 'rate' }] } };

  story('a step analysis fails, a retry measures anew', () =>
    new World({ replicas: 2, templates: [RATE], canary: { ...one, steps: [{ setWeight: 50 }, step] } })
      .until('Healthy')
      .image('v2')
      .run((world) => world.runs.size === 1)
      .wait(1_000)
      .finishRun('Running')
      .wait(1_000)
      .finishRun('Failed', 'Metric "rate" assessed Failed due to failed (1) > failureLimit (0)')
      .run((world) => world.sizes()[2] === 0)
      .retry()
      .run((world) => world.runs.size === 2)
      .finishRun('Successful')
      .until('Healthy'),
  );

  story('an inconclusive analysis waits for a person', () =>
    new World({ replicas: 2, templates: [RATE], canary: { ...one, steps: [{ setWeight: 50 }, step] } })
      .until('Healthy')
      .image('v2')
      .run((world) => world.runs.size === 1)
      .finishRun('Inconclusive', 'not enough data')
      .until('Paused')
      .wait(5_000)
      .promote()
      .run((world) => world.runs.size === 2)
      .finishRun('Successful')
      .until('Healthy'),
  );

  story('an analysis that someone ends is no evidence, in a step and in the background', () =>
    new World({
      replicas: 2,
      templates: [RATE],
      canary: {
        ...one,
        analysis: { startingStep: 2, templates: [{ templateName: 'rate' }] },
        steps: [{ setWeight: 50 }, step, { setWeight: 80 }, { pause: {} }],
      },
    })
      .until('Healthy')
      .image('v2')
      .run((world) => world.runs.size === 1)
      .terminateRun()
      .until('Paused')
      .wait(5_000)
      .promote()
      .run((world) => world.runs.size === 2)
      .finishRun('Successful')
      .until('Paused', 3)
      .terminateRun()
      .wait(5_000)
      .promote()
      .until('Healthy'),
  );

  story('a background analysis fails in a pause; with the next one the update ends', () =>
    new World({
      replicas: 2,
      templates: [RATE],
      canary: {
        ...one,
        analysis: { startingStep: 1, templates: [{ templateName: 'rate' }] },
        steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 80 }],
      },
    })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .finishRun('Failed', 'too many errors')
      .run((world) => world.sizes()[2] === 0)
      .retry()
      .until('Paused', 1)
      .finishRun('Running')
      .wait(100)
      .promote()
      .until('Healthy'),
  );
});

describe('stories of a canary behind nginx', () => {
  story(
    'three steps behind nginx',
    () => {
      const world = new World({ replicas: 4, canary: { ...nginx, steps: THREE } })
        .until('Healthy')
        .resetCounts();
      return world.image('v2').until('Healthy');
    },
    (world) => {
      assert.ok(world.objectWrites() <= 18, `3k + 9 writes: ${JSON.stringify(world.writes)}`);
      world.wait(60_000);
      // The delayed end of the old pods: one scale, and the counts that change by it.
      assert.ok(world.objectWrites() <= 19, `with the delayed scale-down: ${JSON.stringify(world.writes)}`);
      const before = world.objectWrites();
      const { passes } = world;
      world.wait(3_600_000);
      assert.equal(world.objectWrites(), before);
      assert.ok(world.passes - passes <= 1, 'no passes without a reason');
    },
  );

  story('abort takes the traffic back first', () =>
    new World({ replicas: 4, canary: { ...nginx, steps: PAUSES } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .promote()
      .until('Paused', 3)
      .abort()
      .until('Degraded')
      .run((world) => world.sizes()[2] === 0)
      .retry()
      .until('Paused', 1)
      .promoteFull()
      .run((world) => world.status().phase === 'Healthy' && world.sizes()[1] === 0),
  );

  story('weights down as well as up', () =>
    new World({
      replicas: 4,
      canary: {
        ...nginx,
        steps: [{ setWeight: 60 }, { pause: {} }, { setWeight: 20 }, { pause: { duration: 5 } }],
      },
    })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .promote()
      .run((world) => world.status().phase === 'Healthy' && world.sizes()[1] === 0),
  );

  story('a broken first version behind nginx does not block the fix', () =>
    new World({
      replicas: 4,
      readyAfterMs: bad,
      spec: { progressDeadlineSeconds: 30, template: badTemplate() },
      canary: { ...nginx, steps: [{ setWeight: 50 }, { pause: { duration: 2 } }] },
    })
      .until('Degraded')
      .image('v2')
      .until('Healthy'),
  );

  story('a smaller weight follows at once', () =>
    new World({
      replicas: 5,
      canary: { ...nginx, steps: [{ setWeight: 77 }, { setWeight: 5 }, { pause: { duration: 5 } }] },
    })
      .until('Healthy')
      .image('v2')
      .run((world) => world.status().phase === 'Healthy' && world.sizes()[1] === 0),
  );

  story('a third version while the second has traffic', () =>
    new World({ replicas: 4, canary: { ...nginx, steps: PAUSES } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .promote()
      .until('Paused', 3)
      .image('v3')
      .until('Paused', 1)
      .wait(1_000),
  );

  story('back to stable while the canary has traffic', () =>
    new World({ replicas: 4, canary: { ...nginx, steps: PAUSES } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .image('v1')
      .run((world) => world.status().phase === 'Healthy' && world.sizes()[2] === 0),
  );

  story('canary pods die at their weight and come back', () => {
    const world = new World({ replicas: 4, canary: { ...nginx, steps: PAUSES } })
      .until('Healthy')
      .image('v2')
      .until('Paused', 1)
      .promote()
      .until('Paused', 3);
    return world.kill(2, 2).wait(1_000).kill(2, 1).wait(10_000);
  });

  story(
    'an abort does not wait for a broken router',
    () => {
      const world = new World({ replicas: 4, canary: { ...nginx, steps: PAUSES } })
        .until('Healthy')
        .image('v2')
        .until('Paused', 1);
      world.routerError = 'no route to host';
      return world.abort().wait(1_000);
    },
    (world) => {
      assert.equal(world.status().phase, 'Degraded');
      assert.equal(world.route, 25);
      assert.notEqual(world.sizes()[2], 0, 'the canary keeps its pods while it may have traffic');
      world.routerError = undefined;
      world.wait(60_000);
      world.user('resync', () => {}).wait(60_000);
      assert.equal(world.route, 0);
      assert.equal(world.sizes()[2], 0);
    },
  );
});

function badTemplate() {
  return {
    metadata: { labels: { app: 'demo' } },
    spec: { containers: [{ name: 'app', image: 'example.com/app:bad' }] },
  };
}
