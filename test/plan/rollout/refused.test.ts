/** A spec that can't be carried out, in the middle of an update: verdicts and commands count all the same (rule 9). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnalysisTemplate } from '../../../src/api/analysis.ts';
import type { CanaryStep, CanaryStrategy, Rollout } from '../../../src/api/rollout.ts';
import { conditionOf } from '../../../src/plan/rollout/conditions.ts';
import { World } from './simulation.ts';

const one = { maxSurge: 1, maxUnavailable: 0 };
const nginx = {
  canaryService: 'canary',
  stableService: 'stable',
  trafficRouting: { nginx: { stableIngress: 'demo' } },
};
const STEPS: CanaryStep[] = [{ setWeight: 50 }, { pause: {} }];
const RATE: AnalysisTemplate = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'rate', namespace: 'shop' },
  spec: { metrics: [{ name: 'rate', count: 1, provider: { prometheus: { query: 'q' } } }] },
};

const canaryOf = (rollout: Rollout): CanaryStrategy => {
  const { strategy } = rollout.spec;
  assert.ok(strategy?.canary !== undefined);
  return strategy.canary;
};
const spoil = (world: World): World =>
  world.user('a weight of 200', (r) => void (canaryOf(r).steps = [{ setWeight: 200 }]));
const mend = (world: World, steps = STEPS): World =>
  world.user('mend the steps', (r) => void (canaryOf(r).steps = structuredClone(steps)));

/** v2 rests at its first pause. */
function inTheMiddle(
  canary: CanaryStrategy,
  options: Partial<ConstructorParameters<typeof World>[0]> = {},
): World {
  return new World({ replicas: 4, ...options, canary: { steps: structuredClone(STEPS), ...canary } })
    .until('Healthy')
    .image('v2')
    .until('Paused', 1);
}

const reason = (world: World): string | undefined => conditionOf(world.status(), 'Progressing')?.reason;

function assertAborted(world: World): void {
  const { phase, message = '', abort, abortedAt, canary } = world.status();
  assert.deepEqual([phase, abort, reason(world)], ['Degraded', true, 'RolloutAborted']);
  assert.match(message, /^InvalidSpec: .*setWeight/);
  assert.ok(abortedAt !== undefined);
  assert.equal(canary?.weights?.canary.weight ?? 0, 0);
}

describe('an invalid spec in mid-canary', () => {
  it('holds everything where it is', () => {
    const world = spoil(inTheMiddle(one)).wait(3_600_000);
    assert.deepEqual(world.sizes(), { 1: 2, 2: 2 });
    assert.match(world.status().message ?? '', /^InvalidSpec: /);
  });

  it('lets a user abort: the pods go back to stable, and then nothing more is written', () => {
    const world = spoil(inTheMiddle(one)).abort().wait(60_000);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 0 });
    assertAborted(world);
    assert.ok(world.events.includes('W RolloutAborted: Rollout aborted update to revision 2'));
    world.resetCounts().wait(3_600_000);
    assert.equal(world.objectWrites(), 0);
  });

  it('lets a user abort where somebody has deleted the stable ReplicaSet', () => {
    const world = spoil(inTheMiddle(one));
    const [stable = ''] = world.replicaSets.keys();
    world.replicaSets.delete(stable);
    assertAborted(world.abort().wait(1_000));
  });

  it('lets a user abort behind a router: traffic first, the pods after their delay', () => {
    const world = spoil(inTheMiddle(nginx));
    assert.equal(world.route, 50);
    world.abort().wait(1_000);
    assert.equal(world.route, 0);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 2 });
    assertAborted(world);
    world.wait(60_000);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 0 });
  });

  it('aborts in the status even while the router refuses', () => {
    const world = spoil(inTheMiddle(nginx));
    world.routerError = 'no such Ingress';
    world.abort().wait(1_000);
    assert.equal(reason(world), 'RolloutAborted');
    assert.deepEqual(world.sizes(), { 1: 4, 2: 2 }, 'pods stay while they may get traffic');
  });

  it('starts nothing of a template that came with the same edit', () => {
    const world = inTheMiddle(one)
      .user('image v3 and a weight of 200', (r) => {
        canaryOf(r).steps = [{ setWeight: 200 }];
        const { template } = r.spec;
        assert.ok(template !== undefined);
        r.spec.template = JSON.parse(JSON.stringify(template).replaceAll('v2', 'v3'));
      })
      .abort()
      .wait(60_000);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 0 });
  });

  it('keeps a retry until the spec is mended, and then goes on', () => {
    const world = spoil(inTheMiddle(one)).abort().wait(60_000).retry().wait(60_000);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 0 });
    mend(world, [{ setWeight: 25 }, { pause: {} }]).until('Paused', 1);
    assert.deepEqual(world.sizes(), { 1: 3, 2: 1 });
    world.promote().until('Healthy');
  });

  it('keeps an abort when the spec is mended', () => {
    const world = mend(spoil(inTheMiddle(one)).abort().wait(60_000));
    // Other steps are another update: they start it anew, as ever.
    world.until('Degraded', 0);
    assert.equal(reason(world), 'RolloutAborted');
  });

  it('hears the verdict of an analysis', () => {
    const world = spoil(
      inTheMiddle({ ...nginx, analysis: { templates: [{ templateName: 'rate' }] } }, { templates: [RATE] }),
    )
      .finishRun('Failed', 'too many errors')
      .wait(1_000);
    assert.equal(world.route, 0);
    assertAborted(world);
    assert.match(conditionOf(world.status(), 'Progressing')?.message ?? '', /too many errors/);
  });

  it('hears the deadline', () => {
    for (const progressDeadlineAbort of [true, false]) {
      const world = new World({
        replicas: 4,
        spec: { progressDeadlineSeconds: 60, progressDeadlineAbort },
        canary: { ...one, steps: [{ setWeight: 50 }] },
        readyAfterMs: (image) => (image === 'bad' ? Infinity : 1_500),
      })
        .until('Healthy')
        .image('bad')
        .wait(10_000);
      spoil(world).wait(120_000);
      assert.equal(reason(world), progressDeadlineAbort ? 'RolloutAborted' : 'ProgressDeadlineExceeded');
      assert.deepEqual(world.sizes(), progressDeadlineAbort ? { 1: 4, 2: 0 } : { 1: 4, 2: 1 });
    }
  });

  it('counts no time of an analysis that the refused edit took out of the steps', () => {
    const world = new World({
      replicas: 4,
      spec: { progressDeadlineSeconds: 60 },
      canary: { ...one, steps: [{ analysis: { templates: [{ templateName: 'rate' }] } }] },
      templates: [RATE],
    })
      .until('Healthy')
      .image('v2')
      .wait(120_000);
    spoil(world).wait(50_000);
    assert.notEqual(reason(world), 'ProgressDeadlineExceeded');
    world.wait(20_000);
    assert.equal(reason(world), 'ProgressDeadlineExceeded');
  });

  it('is not upset by numbers that make no sense', () => {
    const world = inTheMiddle(one)
      .user('nonsense', (r) => {
        r.spec.revisionHistoryLimit = -1;
        r.spec.progressDeadlineSeconds = -5;
      })
      .wait(60_000);
    assert.deepEqual(world.sizes(), { 1: 2, 2: 2 }, 'a deadline below 0 has not passed');
    world.abort().wait(60_000);
    assert.deepEqual(world.sizes(), { 1: 4, 2: 0 });
  });

  it('changes nothing by an abort where there is no update', () => {
    const world = spoil(new World({ replicas: 2, canary: { ...one, steps: STEPS } }).until('Healthy'))
      .abort()
      .wait(60_000);
    assert.deepEqual(world.sizes(), { 1: 2 });
    assert.notEqual(reason(world), 'RolloutAborted');
    mend(world).until('Healthy');
    assert.notEqual(world.status().abort, true);
  });
});
