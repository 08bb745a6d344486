/** Rollout (spec 01). Pure. */

import * as z from 'zod';
import { freeObject, int32, labelSelectorSchema, time, topLevel } from './meta.ts';
import { rolloutStatusSchema } from './rollout-status.ts';
import { rolloutStrategySchema } from './rollout-strategy.ts';

export type * from './rollout-status.ts';
export type * from './rollout-steps.ts';
export type * from './rollout-strategy.ts';
export type * from './traffic-routing.ts';

export const workloadRefSchema = z.looseObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  name: z.string().optional(),
  scaleDown: z.string().optional().describe('never (default), onsuccess or progressively.'),
});
export type WorkloadRef = z.infer<typeof workloadRefSchema>;

export const rolloutSpecSchema = z.looseObject({
  // An HPA needs a number here, and Git may omit it: the API server fills it in, nobody has to write it.
  replicas: int32.optional().meta({ default: 1, description: 'Desired pods.' }),
  selector: labelSelectorSchema.optional().meta({
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: '.spec.selector is immutable' }],
  }),
  template: freeObject.optional().describe('Pod template.'),
  workloadRef: workloadRefSchema.optional().describe('Takes the pod template from another object.'),
  minReadySeconds: int32.optional().describe('How long a pod must be ready to count as available.'),
  strategy: rolloutStrategySchema.optional().describe('Exactly one of blueGreen and canary.'),
  revisionHistoryLimit: int32.optional().describe('Old ReplicaSets kept; 10 when absent.'),
  rollbackWindow: z
    .looseObject({ revisions: int32.optional() })
    .optional()
    .describe('Going back to a revision this near skips the steps.'),
  paused: z.boolean().optional(),
  progressDeadlineSeconds: int32.optional().describe('600 when absent.'),
  progressDeadlineAbort: z.boolean().optional().describe('Aborts when the deadline has passed.'),
  restartAt: time.optional().describe('Pods made before this time are replaced.'),
  analysis: z
    .looseObject({
      successfulRunHistoryLimit: int32.optional().describe('5 when absent.'),
      unsuccessfulRunHistoryLimit: int32.optional().describe('5 when absent.'),
    })
    .optional(),
});
export type RolloutSpec = z.infer<typeof rolloutSpecSchema>;

export const rolloutSchema = z
  .looseObject({ ...topLevel, spec: rolloutSpecSchema, status: rolloutStatusSchema.optional() })
  .describe('Releases a new version of pods step by step, as a canary or blue-green.');
export type Rollout = z.infer<typeof rolloutSchema>;
