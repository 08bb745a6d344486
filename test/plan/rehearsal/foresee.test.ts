/** What `plan` foresees, where it begins at a moment that stories seldom begin at. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTime } from '../../../src/lang/time.ts';
import type { AnalysisTemplate, Metric } from '../../../src/api/analysis.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { type AbortTime, foresee } from '../../../src/plan/rehearsal/foresee.ts';
import type { Start } from '../../../src/plan/rehearsal/rehearse.ts';
import { RECORDER, World } from '../rollout/simulation.ts';

const readyAfterMs = (): number => 1_500;
/** To a tenth. */
const inSeconds = (ms: number | undefined): number => Math.round((ms ?? NaN) / 100) / 10;
const ROUTED = {
  canaryService: 'canary',
  stableService: 'stable',
  trafficRouting: { plugins: { [RECORDER]: {} } },
};

const provider = { prometheus: { address: 'http://prometheus.example.com', query: 'ok' } };

/** A release of a blue-green that waits for an analysis with this metric, about to begin. */
function gated(metric: Metric): World {
  const template = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name: 'ok' },
    spec: { metrics: [metric] },
  } as AnalysisTemplate;
  const blueGreen = {
    activeService: 'active',
    prePromotionAnalysis: { templates: [{ templateName: 'ok' }] },
    scaleDownDelaySeconds: 0,
  };
  const world = new World({ replicas: 1, blueGreen, templates: [template] }).until('Healthy');
  world.user('image', (rollout) => {
    const containers = [{ name: 'app', image: 'app:v2' }];
    rollout.spec.template = { ...rollout.spec.template, spec: { containers } };
  });
  return world;
}

describe('an abort', () => {
  it('in the middle is safe after a while', () => {
    const world = new World({ replicas: 4, canary: { steps: [{ setWeight: 50 }, { pause: {} }] } });
    world.until('Healthy').image('v2').until('Paused');
    const { abort } = foresee(world.snapshot() as Start, { readyAfterMs }).times;
    assert.ok(abort?.safe !== undefined && abort.safe <= abort.done, JSON.stringify(abort));
  });
});

/** What comes of an abort at the worst moment, from where this world stands. */
const abortIn = (world: World): AbortTime | undefined =>
  foresee(world.snapshot() as Start, { readyAfterMs }).times.abort;

describe('an abort that is foreseen', () => {
  it('takes the pods of a basic canary away also while spec.paused holds', () => {
    const world = new World({ replicas: 4, canary: { steps: [{ setWeight: 50 }, { pause: {} }] } });
    world.until('Healthy').image('v2').until('Paused');
    world.user('set spec.paused', (rollout) => void (rollout.spec.paused = true));
    const abort = abortIn(world);
    assert.ok(abort?.safe !== undefined && abort.safe <= abort.done, JSON.stringify(abort));
  });

  it('is none where it is not heard any more', () => {
    const world = new World({
      replicas: 4,
      canary: { steps: [{ setWeight: 50 }, { pause: {} }] },
      readyAfterMs: (tag) => (tag.endsWith('v2') ? Infinity : 1_500),
    });
    world.until('Healthy').image('v2').wait(5_000);
    world.user('promote in full', (rollout) => void ((rollout.status ??= {}).promoteFull = true));
    const start = world.snapshot() as Start;
    const { times } = foresee(start, { readyAfterMs: () => Infinity });
    assert.equal(times.abort, undefined);
  });

  it('leaves users where they are when stable has no pods', () => {
    const canary = {
      ...ROUTED,
      steps: [{ setWeight: 50 }, { pause: {} }],
    };
    const world = new World({ replicas: 2, canary }).until('Healthy').image('v2').until('Paused');
    world.replicaSets.delete(world.withHash(world.status().stableRS)?.metadata.name ?? '');
    world.user('scale to 0', (rollout) => void (rollout.spec.replicas = 0));
    const { abort } = foresee(world.snapshot() as Start, { readyAfterMs }).times;
    assert.deepEqual([abort?.safe, abort?.done], [undefined, 0]);
  });
});

describe('a workload that the first version replaces', () => {
  it('is scaled down once', () => {
    const start = new World({ replicas: 2, canary: {} }).snapshot() as Start;
    const workload = {
      kind: 'Deployment',
      name: 'web',
      generation: 1,
      template: start.rollout.spec.template as JsonObject,
      selector: { matchLabels: { app: 'web' } },
      replicas: 3,
      scaleDown: 'progressively',
    };
    const { rehearsal, times } = foresee({ ...start, workload }, { readyAfterMs });
    const sizes = rehearsal.moments.flatMap(({ writes }) =>
      writes.flatMap((intent) => (intent.kind === 'scaleWorkload' ? intent.replicas : [])),
    );
    assert.deepEqual([rehearsal.ending, times.finish, sizes], ['settled', 1_500, [0]]);
  });
});

describe('pods that are ready and not yet available', () => {
  it('have no more than minReadySeconds to wait for', () => {
    const world = new World({ replicas: 2, canary: {}, spec: { minReadySeconds: 20 } }).until('Healthy');
    const start = world.snapshot() as Start;
    const replicaSets = start.replicaSets.map((rs) => ({
      ...rs,
      status: { ...rs.status, readyReplicas: 2, availableReplicas: 0 },
    }));
    const { times } = foresee({ ...start, replicaSets }, { readyAfterMs: () => 80_000 });
    assert.equal(inSeconds(times.finish), 20);
  });
});

describe('a promotion that is in vain', () => {
  it('is not given for ever', () => {
    const steps = Array.from({ length: 200 }, () => ({ pause: {} }));
    const world = new World({ replicas: 1, canary: { steps } }).until('Healthy');
    const { rehearsal } = foresee(world.image('v2').snapshot() as Start, { readyAfterMs });
    assert.deepEqual([rehearsal.ending, rehearsal.promotions], ['stuck', 100]);
  });
});

describe('the longest time', () => {
  const METRICS: readonly (readonly [string, Metric, number])[] = [
    [
      'a row of successes, with no measurement left for another one',
      { name: 'ok', provider, interval: '10s', count: 3, consecutiveSuccessLimit: 2, failureLimit: 1 },
      51.5,
    ],
    [
      'the same with one to spare',
      { name: 'ok', provider, interval: '10s', count: 4, consecutiveSuccessLimit: 2, failureLimit: 1 },
      111.5,
    ],
    [
      'an answer that does not come is held: nobody knows for how long, and it counts as none',
      { name: 'ok', provider, interval: '10s', count: 2, evidence: { providerError: 'hold' } },
      11.5,
    ],
    [
      'an answer that does not come is inconclusive',
      { name: 'ok', provider, interval: '10s', count: 2, evidence: { providerError: 'inconclusive' } },
      11.5,
    ],
  ];
  for (const [what, metric, longest] of METRICS)
    it(what, () => {
      const { times } = foresee(gated(metric).snapshot() as Start, { readyAfterMs });
      assert.deepEqual([inSeconds(times.finish), inSeconds(times.longest)], [11.5, longest]);
    });
});

describe('a restart', () => {
  it('of an instant that has passed replaces the pods that are there', () => {
    const world = new World({ replicas: 3, canary: {} }).until('Healthy').wait(60_000);
    const start = world.snapshot() as Start;
    const restartAt = formatTime(start.now - 1_000);
    const rollout = { ...start.rollout, spec: { ...start.rollout.spec, restartAt } };
    const { kind, rehearsal } = foresee({ ...start, rollout }, { readyAfterMs });
    assert.deepEqual([kind, rehearsal.ending], ['change', 'settled']);
    const evicted = rehearsal.moments.flatMap(({ writes }) =>
      writes.flatMap((intent) => (intent.kind === 'evictPods' ? intent.pods.map(({ name }) => name) : [])),
    );
    assert.equal(new Set(evicted).size, 3, JSON.stringify(rehearsal.moments));
  });

  it('waits for minReadySeconds once', () => {
    const canary = { maxSurge: 0, maxUnavailable: 1 };
    const world = new World({ replicas: 3, canary, spec: { minReadySeconds: 20 } }).until('Healthy');
    const start = world.wait(60_000).snapshot() as Start;
    const rollout = { ...start.rollout, spec: { ...start.rollout.spec, restartAt: formatTime(start.now) } };
    const { times } = foresee({ ...start, rollout }, { readyAfterMs: () => 21_500 });
    assert.equal(inSeconds(times.finish), 3 * 21.5);
  });

  it('that waits for pods that never come does not go on for ever, however long the deadline is', () => {
    const canary = { steps: [{ setWeight: 50 }], maxSurge: 1, maxUnavailable: 0 };
    const spec = { progressDeadlineSeconds: 20_000_000 };
    const world = new World({ replicas: 4, canary, spec }).until('Healthy').wait(60_000);
    const start = world.image('v2').until('Progressing').snapshot() as Start;
    const restartAt = formatTime(start.now - 1_000);
    const rollout = { ...start.rollout, spec: { ...start.rollout.spec, restartAt } };
    const { rehearsal } = foresee({ ...start, rollout }, { readyAfterMs: () => Infinity });
    const { phase } = rehearsal.moments.at(-1) ?? {};
    assert.deepEqual([rehearsal.ending, phase], ['stuck', 'Degraded']);
  });
});
