/** Experiment (spec 06 sections 1 and 2). Pure. */

import * as z from 'zod';
import { argumentSchema, dryRunSchema, measurementRetentionSchema } from './analysis-args.ts';
import {
  conditionSchema,
  freeObject,
  int32,
  labelSelectorSchema,
  requiredInStore,
  templateMetadataSchema,
  time,
  topLevel,
} from './meta.ts';

export const templateSpecSchema = z.looseObject({
  name: z.string(),
  replicas: int32.optional().describe('1 when absent.'),
  minReadySeconds: int32.optional(),
  selector: requiredInStore(labelSelectorSchema),
  template: freeObject.describe('Pod template.'),
  service: z
    .looseObject({ name: z.string().optional() })
    .optional()
    .describe('Asks for a Service of its own.'),
});
export type TemplateSpec = z.infer<typeof templateSpecSchema>;

export const experimentSpecSchema = z.looseObject({
  templates: z.array(templateSpecSchema),
  duration: z.string().optional().describe('Go duration from the moment all templates are available.'),
  progressDeadlineSeconds: int32.optional().describe('600 when absent.'),
  terminate: z.boolean().optional().describe('Ends the experiment.'),
  analyses: z
    .array(
      z.looseObject({
        name: z.string(),
        templateName: z.string(),
        clusterScope: z.boolean().optional(),
        args: z.array(argumentSchema).optional(),
        requiredForCompletion: z.boolean().optional(),
      }),
    )
    .optional(),
  scaleDownDelaySeconds: int32.optional().describe('30 when absent.'),
  dryRun: z.array(dryRunSchema).optional(),
  measurementRetention: z.array(measurementRetentionSchema).optional(),
  analysisRunMetadata: templateMetadataSchema.optional(),
});
export type ExperimentSpec = z.infer<typeof experimentSpecSchema>;

export const templateStatusSchema = z.looseObject({
  name: z.string(),
  replicas: int32.optional(),
  updatedReplicas: int32.optional(),
  readyReplicas: int32.optional(),
  availableReplicas: int32.optional(),
  collisionCount: int32.optional(),
  status: z.string().optional().describe('Progressing, Running, Successful, Failed or Error.'),
  message: z.string().optional(),
  lastTransitionTime: time.optional(),
  serviceName: z.string().optional(),
  podTemplateHash: z.string().optional(),
});
export type TemplateStatus = z.infer<typeof templateStatusSchema>;

export const experimentStatusSchema = z.looseObject({
  phase: z.string().optional().describe('Pending, Running, Successful, Failed, Error or Inconclusive.'),
  message: z.string().optional(),
  availableAt: time.optional(),
  templateStatuses: z.array(templateStatusSchema).optional(),
  analysisRuns: z
    .array(
      z.looseObject({
        name: z.string(),
        analysisRun: z.string(),
        phase: z.string(),
        message: z.string().optional(),
      }),
    )
    .optional(),
  conditions: z.array(conditionSchema).optional(),
});
export type ExperimentStatus = z.infer<typeof experimentStatusSchema>;

export const experimentSchema = z
  .looseObject({ ...topLevel, spec: experimentSpecSchema, status: experimentStatusSchema.optional() })
  .describe('Runs versions side by side for a while, with analyses that compare them.');
export type Experiment = z.infer<typeof experimentSchema>;
