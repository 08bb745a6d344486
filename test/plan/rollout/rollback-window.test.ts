import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnalysisTemplate } from '../../../src/api/analysis.ts';
import type { CanaryStep, CanaryStrategy } from '../../../src/api/rollout.ts';
import { World } from './simulation.ts';

const STEPS: CanaryStep[] = [{ setWeight: 50 }, { pause: {} }];
const TEMPLATE: AnalysisTemplate = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'rate', namespace: 'shop' },
  spec: {
    metrics: [
      {
        name: 'rate',
        interval: '1s',
        count: 3,
        successCondition: 'true',
        provider: { prometheus: { query: 'q' } },
      },
    ],
  },
};

/** v1, v2 and v3 are released one after the other, by hand. */
function three(revisions: number, canary: CanaryStrategy = {}, spec = {}): World {
  const world = new World({
    replicas: 2,
    canary: { maxSurge: 1, maxUnavailable: 0, steps: STEPS, ...canary },
    spec: { rollbackWindow: { revisions }, ...spec },
    templates: [TEMPLATE],
  }).until('Healthy');
  for (const tag of ['v2', 'v3']) {
    world.wait(2_000);
    world.image(tag).until('Paused').promote().until('Healthy');
  }
  return world.resetCounts();
}

const told = (world: World, reason: string): string[] =>
  world.events.filter((event) => event.includes(`${reason}: `));

describe('rollbackWindow (spec 02 section 14)', () => {
  it('takes a version within the window back without steps', () => {
    const world = three(1).image('v2').until('Healthy');
    assert.deepEqual(told(world, 'RolloutPaused'), []);
    assert.match(told(world, 'RolloutCompleted')[0] ?? '', /Rollback within window$/);
    assert.equal(world.status().currentStepIndex, 2);
    assert.equal(world.status().duration?.completionStatus, 'Promoted');
  });

  it('leads an older one through the steps', () => {
    const world = three(1).image('v1').until('Paused', 1);
    assert.equal(told(world, 'RolloutPaused').length, 1);
  });

  it('counts the versions between', () => {
    assert.equal(three(2).image('v1').until('Healthy').status().currentStepIndex, 2);
  });

  it('does nothing without a window, nor forward in time', () => {
    three(0).image('v2').until('Paused', 1);
    three(1).image('v2').until('Healthy').image('v3').until('Paused', 1);
  });

  it('says so where the version still has pods', () => {
    const world = three(1, {
      canaryService: 'canary',
      stableService: 'stable',
      trafficRouting: { nginx: { stableIngress: 'demo' } },
      scaleDownDelaySeconds: 60,
    });
    world.image('v2').until('Healthy');
    assert.equal(
      told(world, 'SkipSteps')[0],
      'SkipSteps: Rollback to active ReplicaSets within RollbackWindow',
    );
    assert.match(told(world, 'RolloutCompleted')[0] ?? '', /Rollback within window$/);
  });

  it('honours an abort, and goes on after a retry', () => {
    const slow = three(1).image('v2');
    slow.run((world) => world.sizes()[4] === 1 && world.status().currentStepIndex === 2);
    slow.abort().until('Degraded');
    assert.match(slow.status().message ?? '', /RolloutAborted/);
    slow.retry().until('Healthy');
    assert.match(told(slow, 'RolloutCompleted')[0] ?? '', /Rollback within window$/);
  });

  it('waits while spec.paused is set', () => {
    const world = three(1);
    world
      .user('pause', (rollout) => void (rollout.spec.paused = true))
      .image('v2')
      .wait(60_000);
    assert.equal(told(world, 'RolloutCompleted').length, 0);
    world.user('resume', (rollout) => void (rollout.spec.paused = false)).until('Healthy');
    assert.equal(told(world, 'RolloutCompleted').length, 1);
  });

  it('starts no analysis on the way back', () => {
    const world = new World({
      replicas: 2,
      canary: { maxSurge: 1, maxUnavailable: 0, analysis: { templates: [{ templateName: 'rate' }] } },
      spec: { rollbackWindow: { revisions: 1 } },
      templates: [TEMPLATE],
    }).until('Healthy');
    world.wait(2_000);
    world.image('v2').until('Healthy');
    const runs = world.runs.size;
    assert.ok(runs > 0);
    world.image('v1').until('Healthy');
    assert.equal(world.runs.size, runs);
  });

  it('gives a version that analysis found bad no short-cut', () => {
    const world = new World({
      replicas: 2,
      canary: {
        maxSurge: 1,
        maxUnavailable: 0,
        steps: [{ setWeight: 50 }, { analysis: { templates: [{ templateName: 'rate' }] } }],
      },
      spec: { rollbackWindow: { revisions: 1 } },
      templates: [TEMPLATE],
    }).until('Healthy');
    world.wait(2_000);
    world.image('v2').run((w) => w.runs.size === 1);
    world.finishRun('Failed').until('Degraded');
    world.wait(2_000);
    world.image('v3').run((w) => w.runs.size === 2);
    world.finishRun('Successful').until('Healthy');
    world.image('v2').run((w) => w.runs.size === 3);
    assert.equal(world.status().currentStepIndex, 1);
  });
});
