/** Whole blue-green updates in the small world. The world checks after each write that the active Service serves. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AnalysisTemplate } from '../../../../src/api/analysis.ts';
import type { BlueGreenStrategy } from '../../../../src/api/rollout.ts';
import { World } from '../simulation.ts';
import { storiesIn } from '../story.ts';

const story = storiesIn(fileURLToPath(new URL('./stories/', import.meta.url)));
const TWO = { activeService: 'active', previewService: 'preview' };
const MANUAL: BlueGreenStrategy = { ...TWO, autoPromotionEnabled: false };
const GATE: AnalysisTemplate = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'gate', namespace: 'shop' },
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
const gate = { templates: [{ templateName: 'gate' }] };
const bad = (image: string): number => (image === 'bad' ? Infinity : 1_500);

const deployed = (
  blueGreen: BlueGreenStrategy,
  replicas = 3,
  options: Partial<ConstructorParameters<typeof World>[0]> = {},
): World => new World({ replicas, blueGreen, templates: [GATE], ...options }).until('Healthy').resetCounts();
const gone = (revision: number) => (world: World) => world.sizes()[revision] === 0;
const switched = (world: World) => world.status().blueGreen?.activeSelector === world.status().currentPodHash;
const running = (world: World) =>
  [...world.runs.values()].some((run) => run.status === undefined && run.spec.terminate !== true);
const pause = (world: World, paused: boolean): World =>
  world.user(
    paused ? 'set spec.paused' : 'clear spec.paused',
    (rollout) => void (rollout.spec.paused = paused),
  );

describe('stories of a blue-green update', () => {
  story('first deployment', () => new World({ replicas: 3, blueGreen: MANUAL }).until('Healthy'));

  story(
    'automatic promotion',
    () => deployed(TWO).image('v2').run(gone(1)),
    (world) => {
      assert.ok(world.objectWrites() <= 8, JSON.stringify(world.writes));
      world.wait(10_000);
      const before = world.objectWrites();
      assert.ok(
        before <= 9,
        `one more for the counts when the old pods are gone: ${JSON.stringify(world.writes)}`,
      );
      world.wait(3_600_000);
      assert.equal(world.objectWrites(), before, 'a settled Rollout is left alone');
    },
  );

  story(
    'promotion by hand',
    () => {
      const world = deployed(MANUAL).image('v2').until('Paused');
      const before = world.writes['status'] ?? 0;
      world.promote().until('Healthy');
      assert.equal(world.writes['status'], before + 1, 'the end of the pause is one status');
      return world.run(gone(1));
    },
    (world) => assert.ok(world.objectWrites() <= 10, JSON.stringify(world.writes)),
  );

  story('promotion by time, resumed before its time', () =>
    deployed({ ...TWO, autoPromotionSeconds: 600 })
      .image('v2')
      .until('Paused')
      .wait(5_000)
      .promote()
      .until('Healthy'),
  );

  story('a small preview, a timed pause, then all of its pods', () =>
    deployed({ ...TWO, previewReplicaCount: 1, autoPromotionSeconds: 4 })
      .image('v2')
      .run(gone(1)),
  );

  story('a small preview is scaled while it waits, then promoted in full', () =>
    deployed({ ...MANUAL, previewReplicaCount: 1 })
      .image('v2')
      .until('Paused')
      .scale(5)
      .wait(5_000)
      .promoteFull()
      .until('Healthy'),
  );

  story('abort in the pause, retry, promotion', () =>
    deployed({ ...MANUAL, abortScaleDownDelaySeconds: 3 })
      .image('v2')
      .until('Paused')
      .abort()
      .run(gone(2))
      .retry()
      .until('Paused')
      .promote()
      .until('Healthy'),
  );

  story(
    'an abort delay of 0 keeps the pods for ever',
    () =>
      deployed({ ...MANUAL, abortScaleDownDelaySeconds: 0 })
        .image('v2')
        .until('Paused')
        .abort()
        .wait(3_600_000),
    (world) => assert.deepEqual(world.sizes(), { 1: 3, 2: 3 }),
  );

  story('back to stable in the pause', () =>
    deployed({ ...MANUAL, scaleDownDelaySeconds: 3 })
      .image('v2')
      .until('Paused')
      .image('v1')
      .run(gone(2)),
  );

  story('back while the old version still runs, forward again when it is gone', () =>
    deployed({ ...MANUAL, scaleDownDelaySeconds: 8 })
      .image('v2')
      .until('Paused')
      .promote()
      .until('Healthy')
      .image('v1')
      .until('Healthy')
      .run(gone(2))
      .image('v2')
      .until('Paused'),
  );

  story('the window takes a version back that has no pods any more', () =>
    deployed({ ...MANUAL, scaleDownDelaySeconds: 1 }, 2, { spec: { rollbackWindow: { revisions: 1 } } })
      .image('v2')
      .until('Paused')
      .promote()
      .run(gone(1))
      .image('v1')
      .until('Healthy'),
  );

  story('a third version in the pause', () =>
    deployed({ ...MANUAL, scaleDownDelaySeconds: 3 }, 2)
      .image('v2')
      .until('Paused')
      .scale(4)
      .wait(5_000)
      .image('v3')
      .until('Paused')
      .run(gone(2))
      .promote()
      .until('Healthy')
      .run(gone(1)),
  );

  story('a bad version replaced by a bad one and then by a good one', () =>
    deployed({ ...TWO, scaleDownDelaySeconds: 3 }, 2, {
      spec: { progressDeadlineSeconds: 6 },
      readyAfterMs: (image) => (image.startsWith('bad') ? Infinity : 1_500),
    })
      .image('bad')
      .until('Degraded')
      .image('bad2')
      .until('Degraded')
      .image('v3')
      .until('Healthy')
      .run((world) => world.sizes()[1] === 0 && world.sizes()[2] === 0 && world.sizes()[3] === 0),
  );

  story('a first version that never comes up does not block the fix', () =>
    new World({
      replicas: 2,
      blueGreen: MANUAL,
      readyAfterMs: bad,
      spec: {
        template: {
          metadata: { labels: { app: 'demo' } },
          spec: { containers: [{ name: 'app', image: 'example.com/app:bad' }] },
        },
      },
    })
      .wait(10_000)
      .image('v2')
      .until('Healthy')
      .run(gone(1)),
  );

  story('the deadline aborts', () =>
    deployed({ ...TWO, abortScaleDownDelaySeconds: 2 }, 2, {
      spec: { progressDeadlineSeconds: 6, progressDeadlineAbort: true },
      readyAfterMs: bad,
    })
      .image('bad')
      .until('Degraded')
      .run(gone(2)),
  );

  story('spec.paused holds the switch, a promotion given meanwhile is kept', () => {
    const world = deployed(MANUAL).image('v2').until('Paused');
    pause(world, true).wait(1_000).promote().wait(1_000);
    return pause(world, false).until('Healthy');
  });

  story('several old versions and a limit for them', () =>
    deployed({ activeService: 'active', scaleDownDelaySeconds: 60, scaleDownDelayRevisionLimit: 1 }, 2)
      .image('v2')
      .until('Healthy')
      .image('v3')
      .until('Healthy')
      .run(gone(1))
      .image('v2')
      .until('Healthy')
      .image('v1')
      .until('Healthy'),
  );

  story('scaled in the same edit as a new template, and to nothing and back', () =>
    deployed({ ...TWO, scaleDownDelaySeconds: 2 }, 2)
      .image('v2', 4)
      .run(gone(1))
      .scale(0)
      .wait(5_000)
      .scale(2)
      .until('Healthy'),
  );
});

describe('stories of the gates of a blue-green update', () => {
  story('analysis before and after the switch', () =>
    deployed({ ...TWO, prePromotionAnalysis: gate, postPromotionAnalysis: gate, scaleDownDelaySeconds: 2 }, 2)
      .image('v2')
      .run(running)
      .finishRun('Running')
      .wait(2_000)
      .finishRun('Successful')
      .run((world) => switched(world) && running(world))
      .finishRun('Successful')
      .until('Healthy')
      .run(gone(1)),
  );

  story('the analysis before the switch fails, a retry succeeds', () =>
    deployed({ ...MANUAL, prePromotionAnalysis: gate, abortScaleDownDelaySeconds: 2 }, 2)
      .image('v2')
      .run(running)
      .finishRun('Failed', 'too slow')
      .run(gone(2))
      .retry()
      .run(running)
      .finishRun('Successful')
      .until('Paused')
      .promote()
      .until('Healthy'),
  );

  story(
    'the analysis after the switch fails while a pod of the new version is gone',
    () => {
      const world = deployed({ ...TWO, postPromotionAnalysis: gate, abortScaleDownDelaySeconds: 3 }, 2)
        .image('v2')
        .run((w) => switched(w) && running(w));
      return world.kill(2, 1).finishRun('Failed').until('Degraded').run(gone(2));
    },
    (world) => assert.equal(world.status().blueGreen?.activeSelector, world.status().stableRS),
  );

  story('an abort after the switch waits until stable serves', () => {
    const world = deployed({ ...TWO, postPromotionAnalysis: gate, abortScaleDownDelaySeconds: 3 }, 2)
      .image('v2')
      .run((w) => switched(w) && running(w));
    return world
      .kill(1, 2)
      .abort()
      .until('Degraded')
      .run((w) => w.status().blueGreen?.activeSelector === w.status().stableRS)
      .wait(0);
  });

  story('an inconclusive analysis waits for a person, who lets it run again', () =>
    deployed({ ...TWO, prePromotionAnalysis: gate }, 2)
      .image('v2')
      .run(running)
      .finishRun('Inconclusive')
      .until('Paused')
      .promote()
      .run(running)
      .finishRun('Successful')
      .until('Healthy'),
  );

  story('an inconclusive analysis after the switch is ended by a promotion in full', () =>
    deployed({ ...TWO, postPromotionAnalysis: gate }, 2)
      .image('v2')
      .run((world) => switched(world) && running(world))
      .finishRun('Inconclusive')
      .until('Paused')
      .promoteFull()
      .until('Healthy'),
  );
});
