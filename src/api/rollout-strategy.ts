/** `spec.strategy` of a Rollout: blue-green and canary (spec 01 sections 2.1 and 2.2). Pure. */

import * as z from 'zod';
import { rolloutAnalysisSchema } from './analysis-args.ts';
import { int32, intOrString, requiredInStore, templateMetadataSchema } from './meta.ts';
import { canaryStepSchema } from './rollout-steps.ts';
import { trafficRoutingSchema } from './traffic-routing.ts';

export const antiAffinitySchema = z
  .looseObject({
    preferredDuringSchedulingIgnoredDuringExecution: z.looseObject({ weight: int32 }).optional(),
    requiredDuringSchedulingIgnoredDuringExecution: z.looseObject({}).optional(),
  })
  .describe('Keeps pods of different versions on different nodes.');
export type AntiAffinity = z.infer<typeof antiAffinitySchema>;

export const blueGreenStrategySchema = z.looseObject({
  activeService: requiredInStore(z.string()).describe('Service that takes the production traffic.'),
  previewService: z.string().optional().describe('Service that points at the new version.'),
  previewReplicaCount: int32.optional().describe('Size of the new version before promotion.'),
  autoPromotionEnabled: z.boolean().optional().describe('true when absent.'),
  autoPromotionSeconds: int32.optional().describe('Delay before automatic promotion.'),
  maxUnavailable: intOrString.optional().describe('Pace of restartAt; 25% when absent.'),
  scaleDownDelaySeconds: int32.optional().describe('30 when absent.'),
  scaleDownDelayRevisionLimit: int32.optional().describe('Old ReplicaSets kept waiting at most.'),
  abortScaleDownDelaySeconds: int32.optional().describe('30 when absent; 0: never scaled down.'),
  prePromotionAnalysis: rolloutAnalysisSchema.optional(),
  postPromotionAnalysis: rolloutAnalysisSchema.optional(),
  antiAffinity: antiAffinitySchema.optional(),
  activeMetadata: templateMetadataSchema.optional(),
  previewMetadata: templateMetadataSchema.optional(),
});
export type BlueGreenStrategy = z.infer<typeof blueGreenStrategySchema>;

export const canaryStrategySchema = z.looseObject({
  canaryService: z.string().optional(),
  stableService: z.string().optional(),
  steps: z.array(canaryStepSchema).optional(),
  trafficRouting: trafficRoutingSchema.optional(),
  maxSurge: intOrString
    .optional()
    .describe('Pods above spec.replicas; text is a percentage. 25% when absent.'),
  maxUnavailable: intOrString
    .optional()
    .describe('Pods that may be missing; text is a percentage. 25% when absent.'),
  analysis: rolloutAnalysisSchema
    .extend({ startingStep: int32.optional().describe('Index of the step at which it starts.') })
    .optional()
    .describe('Background analysis during the whole update.'),
  antiAffinity: antiAffinitySchema.optional(),
  canaryMetadata: templateMetadataSchema.optional(),
  stableMetadata: templateMetadataSchema.optional(),
  scaleDownDelaySeconds: int32.optional().describe('30 with trafficRouting when absent.'),
  scaleDownDelayRevisionLimit: int32.optional(),
  abortScaleDownDelaySeconds: int32.optional().describe('30 with trafficRouting when absent; 0: never.'),
  dynamicStableScale: z.boolean().optional().describe('Shrinks stable as the weight of the canary grows.'),
  pingPong: z.looseObject({ pingService: z.string(), pongService: z.string() }).optional(),
  minPodsPerReplicaSet: int32.optional(),
  replicaProgressThreshold: z
    .looseObject({ type: z.string().describe('Percent or Pods.'), value: int32 })
    .optional()
    .describe('How much of the new version must be available before the next step.'),
});
export type CanaryStrategy = z.infer<typeof canaryStrategySchema>;

export const rolloutStrategySchema = z.looseObject({
  blueGreen: blueGreenStrategySchema.optional(),
  canary: canaryStrategySchema.optional(),
});
export type RolloutStrategy = z.infer<typeof rolloutStrategySchema>;
