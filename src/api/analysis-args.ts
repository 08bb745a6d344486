/** Arguments of analyses, and the rules about metrics that templates, runs, steps and experiments share (spec 05). Pure. */

import * as z from 'zod';
import { int32, templateMetadataSchema } from './meta.ts';

export const fieldRefSchema = z.looseObject({
  fieldPath: z
    .string()
    .describe("metadata.name, metadata.labels['x'], ... or a path into the Rollout such as spec.replicas."),
});

/** An argument that a Rollout or an experiment step hands to templates. */
export const rolloutArgumentSchema = z.looseObject({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .looseObject({
      podTemplateHashValue: z
        .string()
        .optional()
        .describe('Latest or Stable: the pod template hash of that ReplicaSet.'),
      fieldRef: fieldRefSchema.optional(),
    })
    .optional(),
});
export type AnalysisRunArgument = z.infer<typeof rolloutArgumentSchema>;

/** An argument that a template declares, or that a run carries. */
export const argumentSchema = z.looseObject({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .looseObject({
      secretKeyRef: z.looseObject({ name: z.string(), key: z.string() }).optional(),
      fieldRef: fieldRefSchema.optional(),
    })
    .optional(),
});
export type Argument = z.infer<typeof argumentSchema>;

export const dryRunSchema = z.looseObject({
  metricName: z.string().describe('Regular expression: matching metrics are measured without effect.'),
});
export type DryRun = z.infer<typeof dryRunSchema>;

export const measurementRetentionSchema = z.looseObject({
  metricName: z.string().describe('Regular expression of metric names.'),
  limit: int32.describe('How many measurements to keep of each.'),
});
export type MeasurementRetention = z.infer<typeof measurementRetentionSchema>;

export const templateRefSchema = z.looseObject({
  templateName: z.string().optional(),
  clusterScope: z.boolean().optional().describe('Names a ClusterAnalysisTemplate.'),
});
export type AnalysisTemplateRef = z.infer<typeof templateRefSchema>;

/** `RolloutAnalysis`: what a step, a strategy's background analysis, or a blue-green gate runs. */
export const rolloutAnalysisShape = {
  templates: z.array(templateRefSchema).optional(),
  args: z.array(rolloutArgumentSchema).optional(),
  dryRun: z.array(dryRunSchema).optional(),
  measurementRetention: z.array(measurementRetentionSchema).optional(),
  analysisRunMetadata: templateMetadataSchema.optional(),
};
export const rolloutAnalysisSchema = z.looseObject(rolloutAnalysisShape);
export type RolloutAnalysis = z.infer<typeof rolloutAnalysisSchema>;
