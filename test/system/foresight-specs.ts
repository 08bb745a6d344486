/** Strategies at random, valid ones only. */

import fc from 'fast-check';
import type { JsonObject } from '../../src/lang/json.ts';

export const BlueGreenPausing = 'BlueGreenPause';

export interface Case {
  readonly replicas: number;
  readonly strategy: JsonObject;
}

const pause = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 600 }).map((s): JsonObject => ({ pause: { duration: `${s}s` } })),
  },
  { weight: 1, arbitrary: fc.constant<JsonObject>({ pause: {} }) },
);
const weight = fc.integer({ min: 0, max: 100 }).map((setWeight): JsonObject => ({ setWeight }));
const scale = fc.oneof(
  fc.integer({ min: 1, max: 6 }).map((replicas): JsonObject => ({ setCanaryScale: { replicas } })),
  fc.integer({ min: 1, max: 100 }).map((w): JsonObject => ({ setCanaryScale: { weight: w } })),
  fc.constant<JsonObject>({ setCanaryScale: { matchTrafficWeight: true } }),
);

/** Not both zero. */
const fences = fc
  .record({
    maxSurge: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('25%', '50%', '100%')),
    maxUnavailable: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constantFrom('0%', '25%', '50%')),
  })
  .filter(
    ({ maxSurge, maxUnavailable }) => maxSurge !== 0 || (maxUnavailable !== 0 && maxUnavailable !== '0%'),
  );

const basic = fc
  .record({ fences, steps: fc.array(fc.oneof(weight, pause), { maxLength: 5 }) })
  .map(({ fences: { maxSurge, maxUnavailable }, steps }): JsonObject => ({
    canary: { maxSurge, maxUnavailable, steps },
  }));

const routed = fc
  .array(fc.oneof({ weight: 3, arbitrary: weight }, pause, scale), { maxLength: 5 })
  .map((steps): JsonObject => ({
    canary: {
      stableService: 'web-stable',
      canaryService: 'web-canary',
      trafficRouting: { nginx: { stableIngress: 'web' } },
      steps,
    },
  }));

const blueGreen = fc
  .record({
    preview: fc.boolean(),
    autoPromotionEnabled: fc.boolean(),
    autoPromotionSeconds: fc.integer({ min: 0, max: 300 }),
    previewReplicaCount: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    scaleDownDelaySeconds: fc.integer({ min: 0, max: 60 }),
  })
  .map(({ preview, previewReplicaCount, ...rest }): JsonObject => ({
    blueGreen: {
      activeService: 'web-stable',
      ...(preview ? { previewService: 'web-canary' } : {}),
      ...(previewReplicaCount === undefined ? {} : { previewReplicaCount }),
      ...rest,
    },
  }));

export const cases: fc.Arbitrary<Case> = fc.record({
  replicas: fc.integer({ min: 1, max: 10 }),
  strategy: fc.oneof(basic, routed, blueGreen),
});
