/** An AnalysisRun that is due and can't be made: the status says so for as long as it lasts. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnalysisRun, AnalysisTemplate } from '../../../src/api/analysis.ts';
import { conditionOf } from '../../../src/plan/rollout/conditions.ts';
import { planRollout } from '../../../src/plan/rollout/index.ts';
import { World } from './simulation.ts';

const RATE: AnalysisTemplate = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'rate', namespace: 'shop' },
  spec: { metrics: [{ name: 'rate', count: 1, provider: { prometheus: { query: 'q' } } }] },
};
const canary = {
  maxSurge: 1,
  maxUnavailable: 0,
  steps: [{ setWeight: 50 }, { analysis: { templates: [{ templateName: 'rate' }] } }],
};
const failureOf = (world: World) => conditionOf(world.status(), 'AnalysisRunFailure');

describe('an AnalysisRun that cannot be made', () => {
  it('makes the Rollout Degraded with the reason, until it can', () => {
    const world = new World({ replicas: 2, canary, templates: [] }).until('Healthy').image('v2').wait(60_000);
    const failure = failureOf(world);
    assert.equal(failure?.reason, 'AnalysisRunInvalid');
    assert.match(failure?.message ?? '', /^Cannot create the Step AnalysisRun: .*rate/);
    assert.equal(world.status().phase, 'Degraded');
    assert.equal(world.status().currentStepIndex, 1);
    assert.equal(world.events.filter((event) => event.startsWith('W AnalysisRunError')).length, 1);
    world.templates = [RATE];
    world.user('resync', () => {}).run(() => world.runs.size === 1);
    assert.equal(failureOf(world), undefined);
    assert.equal(world.status().phase, 'Progressing');
    world.finishRun('Successful').until('Healthy');
  });

  it('would not come to an end by the arguments that it has', () => {
    const { metrics = [] } = RATE.spec;
    const endless = {
      ...RATE,
      spec: {
        args: [{ name: 'hash' }],
        metrics: metrics.map((metric) => ({ ...metric, count: '{{args.hash}}', interval: '5s' })),
      },
    };
    const args = [{ name: 'hash', valueFrom: { podTemplateHashValue: 'Latest' as const } }];
    const steps = [{ analysis: { templates: [{ templateName: 'rate' }], args } }];
    const world = new World({ replicas: 2, canary: { ...canary, steps }, templates: [endless] });
    world.until('Healthy').image('v2').wait(60_000);
    assert.match(failureOf(world)?.message ?? '', /metric rate runs indefinitely/);
    assert.equal(world.runs.size, 0);
  });

  it('ends with the abort of the update', () => {
    const world = new World({ replicas: 2, canary, templates: [] }).until('Healthy').image('v2').wait(60_000);
    world.abort().wait(60_000);
    assert.equal(failureOf(world), undefined);
    assert.deepEqual(world.sizes(), { 1: 2, 2: 0 });
  });

  it('says what the API server answered, without calling the release failed or asking again in the same pass', () => {
    const world = new World({ replicas: 2, canary, templates: [RATE] }).until('Healthy').image('v2');
    const due = () =>
      planRollout(world.snapshot()).intents.find((intent) => intent.kind === 'createAnalysisRun');
    world.run(() => due() !== undefined);
    const key = due()?.key ?? '';
    const plan = planRollout(world.snapshot([{ key, reason: 'Error', message: 'quota exceeded' }]));
    assert.ok(!plan.intents.some((intent) => intent.kind === 'createAnalysisRun'));
    assert.ok(plan.status !== undefined);
    const failure = conditionOf(plan.status, 'AnalysisRunFailure');
    assert.deepEqual(
      [failure?.status, failure?.reason, failure?.message],
      ['True', 'AnalysisRunCreateError', 'Cannot create the Step AnalysisRun: quota exceeded'],
    );
    assert.equal(plan.status.phase, 'Progressing');
    assert.ok(plan.events.some(({ reason }) => reason === 'AnalysisRunError'));
  });

  it('is none where a crash left the run unnamed, and its template was broken since', () => {
    const blueGreen = {
      activeService: 'active',
      postPromotionAnalysis: { templates: [{ templateName: 'rate' }] },
    };
    const started = (world: World) =>
      planRollout(world.snapshot()).intents.find((intent) => intent.kind === 'createAnalysisRun');
    const world = new World({ replicas: 2, blueGreen, templates: [RATE] }).until('Healthy').image('v2');
    world.run((w) => started(w) !== undefined);
    const run = started(world)?.object;
    assert.ok(run !== undefined);
    const after = { ...world.snapshot(), analysisRuns: [run as AnalysisRun], templates: [] };
    const plan = planRollout(after);
    assert.deepEqual(
      plan.intents.filter(({ kind }) => kind.endsWith('AnalysisRun')),
      [],
    );
    assert.equal(plan.status?.blueGreen?.postPromotionAnalysisRunStatus?.name, run.metadata.name);
    assert.equal(conditionOf(plan.status ?? {}, 'AnalysisRunFailure'), undefined);
  });
});
