/** `status` of a Rollout (spec 01 sections 5 and 9). Pure. */

import * as z from 'zod';
import { conditionSchema, freeValue, int32, int64, time } from './meta.ts';

export const rolloutConditionSchema = conditionSchema;
export type RolloutCondition = z.infer<typeof rolloutConditionSchema>;

export const pauseConditionSchema = z.looseObject({
  reason: z
    .string()
    .describe('CanaryPauseStep, BlueGreenPause, InconclusiveAnalysisRun or InconclusiveExperiment.'),
  startTime: time,
});
export type PauseCondition = z.infer<typeof pauseConditionSchema>;

export const analysisRunRefStatusSchema = z.looseObject({
  name: z.string(),
  status: z.string(),
  message: z.string().optional(),
});
export type RolloutAnalysisRunStatus = z.infer<typeof analysisRunRefStatusSchema>;

export const weightDestinationSchema = z.looseObject({
  weight: int32,
  serviceName: z.string().optional(),
  podTemplateHash: z.string().optional(),
});
export type WeightDestination = z.infer<typeof weightDestinationSchema>;

export const trafficWeightsSchema = z.looseObject({
  canary: weightDestinationSchema,
  stable: weightDestinationSchema,
  additional: z.array(weightDestinationSchema).optional(),
  verified: z.boolean().optional(),
});
export type TrafficWeights = z.infer<typeof trafficWeightsSchema>;

export const stepPluginStatusSchema = z.looseObject({
  index: int32,
  name: z.string(),
  operation: z.string().optional().describe('Run, Terminate or Abort.'),
  phase: z.string().optional().describe('Running, Successful, Failed or Error.'),
  message: z.string().optional(),
  startedAt: time.optional(),
  updatedAt: time.optional(),
  finishedAt: time.optional(),
  backoff: z.string().optional(),
  executions: int32.optional(),
  disabled: z.boolean().optional(),
  status: freeValue.optional(),
});
export type StepPluginStatus = z.infer<typeof stepPluginStatusSchema>;

export const canaryStatusSchema = z.looseObject({
  currentStepAnalysisRunStatus: analysisRunRefStatusSchema.optional(),
  currentBackgroundAnalysisRunStatus: analysisRunRefStatusSchema.optional(),
  currentExperiment: z.string().optional(),
  weights: trafficWeightsSchema.optional().describe('Weights last handed to the routers.'),
  stablePingPong: z.string().optional().describe('ping or pong.'),
  stepPluginStatuses: z.array(stepPluginStatusSchema).optional(),
});
export type CanaryStatus = z.infer<typeof canaryStatusSchema>;

export const blueGreenStatusSchema = z.looseObject({
  activeSelector: z.string().optional(),
  previewSelector: z.string().optional(),
  scaleUpPreviewCheckPoint: z.boolean().optional(),
  prePromotionAnalysisRunStatus: analysisRunRefStatusSchema.optional(),
  postPromotionAnalysisRunStatus: analysisRunRefStatusSchema.optional(),
});
export type BlueGreenStatus = z.infer<typeof blueGreenStatusSchema>;

const awsResourceSchema = z.looseObject({
  name: z.string().optional(),
  arn: z.string().optional(),
  fullName: z.string().optional(),
});
const albStatusSchema = z.looseObject({
  ingress: z.string().optional(),
  loadBalancer: awsResourceSchema.optional(),
  canaryTargetGroup: awsResourceSchema.optional(),
  stableTargetGroup: awsResourceSchema.optional(),
});
export type AlbStatus = z.infer<typeof albStatusSchema>;

export const rolloutDurationSchema = z.looseObject({
  rolloutStartedAt: time.optional(),
  manualPauseStartedAt: time.optional(),
  totalManualPauseDurationSeconds: int64.optional(),
  finishedAt: time.optional(),
  completionStatus: z
    .string()
    .optional()
    .describe('Promoted, FastPromoted, Aborted, Superseded, RolledBack or FastRolledBack.'),
});
export type RolloutDuration = z.infer<typeof rolloutDurationSchema>;

/**
 * Text in Argo Rollouts, which its typed clients need; a number where `--observed-generation=int` was asked for,
 * which kstatus (Flux, Helm 4) needs. Both must be storable, so that the flag can be changed on a live cluster.
 */
const observedGeneration = z
  .union([z.int(), z.string()])
  .meta({ 'x-kubernetes-int-or-string': true, description: 'The generation that this status is about.' });

export const rolloutStatusSchema = z.looseObject({
  observedGeneration: observedGeneration.optional(),
  workloadObservedGeneration: z.string().optional(),
  phase: z.string().optional().describe('Progressing, Paused, Degraded or Healthy.'),
  message: z.string().optional(),
  currentPodHash: z.string().optional(),
  stableRS: z.string().optional().describe('Pod template hash of the stable ReplicaSet.'),
  currentStepHash: z.string().optional(),
  currentStepIndex: int32.optional(),
  abort: z.boolean().optional(),
  abortedAt: time.optional(),
  promoteFull: z.boolean().optional(),
  controllerPause: z.boolean().optional(),
  pauseConditions: z.array(pauseConditionSchema).optional(),
  replicas: int32.optional(),
  updatedReplicas: int32.optional(),
  readyReplicas: int32.optional(),
  availableReplicas: int32.optional(),
  HPAReplicas: int32.optional(),
  selector: z.string().optional(),
  collisionCount: int32.optional(),
  restartedAt: time.optional(),
  conditions: z.array(rolloutConditionSchema).optional(),
  canary: canaryStatusSchema.optional(),
  blueGreen: blueGreenStatusSchema.optional(),
  alb: albStatusSchema.optional(),
  albs: z.array(albStatusSchema).optional(),
  duration: rolloutDurationSchema.optional(),
});
export type RolloutStatus = z.infer<typeof rolloutStatusSchema>;
