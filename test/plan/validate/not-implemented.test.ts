import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryStep, CanaryStrategy, Rollout, RolloutSpec } from '../../../src/api/rollout.ts';
import { trafficRoutingSchema } from '../../../src/api/traffic-routing.ts';
import { notImplemented } from '../../../src/plan/rollout/not-implemented.ts';

const rollout = (spec: RolloutSpec): Rollout => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'demo' },
  spec,
});
const canary = (strategy: CanaryStrategy, more: RolloutSpec = {}): string[] =>
  notImplemented(rollout({ ...more, strategy: { canary: strategy } })).map(({ field }) => field);

describe('notImplemented', () => {
  it('has nothing to say about what is done', () => {
    assert.deepEqual(
      canary(
        {
          canaryService: 'c',
          stableService: 's',
          maxSurge: 1,
          maxUnavailable: '25%',
          dynamicStableScale: true,
          pingPong: { pingService: 'a', pongService: 'b' },
          canaryMetadata: {},
          stableMetadata: {},
          antiAffinity: {},
          analysis: { templates: [{ templateName: 't' }], startingStep: 1 },
          trafficRouting: { nginx: { stableIngress: 'i' }, maxTrafficWeight: 1000 },
          steps: [
            { setWeight: 5 },
            { pause: {} },
            { analysis: { templates: [{ templateName: 't' }] } },
            { setHeaderRoute: { name: 'h' } },
            { setMirrorRoute: { name: 'm' } },
          ],
        },
        {
          replicas: 3,
          paused: false,
          restartAt: '2026-01-01T00:00:00Z',
          progressDeadlineAbort: true,
          rollbackWindow: { revisions: 2 },
        },
      ),
      [],
    );
  });

  it('names each field where it stands', () => {
    const steps: CanaryStep[] = [
      { setWeight: 5 },
      { experiment: { templates: [] } },
      { plugin: { name: 'a/b' } },
      { setCanaryScale: { replicas: 1 } },
    ];
    assert.deepEqual(
      canary(
        {
          steps,
          trafficRouting: { istio: {} },
        },
        {},
      ),
      [
        'spec.strategy.canary.trafficRouting.istio',
        'spec.strategy.canary.steps[1].experiment',
        'spec.strategy.canary.steps[2].plugin',
      ],
    );
  });

  it('has nothing to say about blue-green', () => {
    const strategy = {
      activeService: 'a',
      previewService: 'p',
      previewReplicaCount: 1,
      autoPromotionEnabled: false,
      prePromotionAnalysis: { templates: [{ templateName: 't' }] },
      activeMetadata: { labels: { role: 'active' } },
      antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} },
    };
    assert.deepEqual(notImplemented(rollout({ strategy: { blueGreen: strategy } })), []);
  });

  it('knows every router of the schema', () => {
    const options = new Set(['managedRoutes', 'maxTrafficWeight', 'nginx']);
    for (const router of Object.keys(trafficRoutingSchema.shape)) {
      const found = canary({ trafficRouting: { [router]: {} } as CanaryStrategy['trafficRouting'] });
      assert.deepEqual(found, options.has(router) ? [] : [`spec.strategy.canary.trafficRouting.${router}`]);
    }
  });

  it('lets a plugin pass that the controller has a router for, and no other', () => {
    const strategy = { trafficRouting: { plugins: { 'a/b': {}, 'c/d': {} } } };
    const missing = (...driven: string[]) =>
      notImplemented(rollout({ strategy: { canary: strategy } }), new Set(driven)).length;
    assert.equal(missing('plugins.a/b', 'plugins.c/d'), 0);
    assert.equal(missing('plugins.a/b'), 1);
    assert.equal(missing(), 1);
  });

  it('gives a reason with each', () => {
    for (const { reason } of notImplemented(
      rollout({
        strategy: { blueGreen: {}, canary: { trafficRouting: { smi: {} } } } as RolloutSpec['strategy'],
      }),
    )) {
      assert.match(reason, /^[a-z].{10,}/);
    }
  });
});
