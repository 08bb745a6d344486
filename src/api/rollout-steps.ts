/** Steps of a canary (spec 01 section 2.3). Each step has exactly one member; validation says so. Pure. */

import * as z from 'zod';
import {
  dryRunSchema,
  rolloutAnalysisSchema,
  rolloutArgumentSchema,
  templateRefSchema,
} from './analysis-args.ts';
import {
  freeValue,
  int32,
  intOrString,
  labelSelectorSchema,
  requiredInStore,
  templateMetadataSchema,
} from './meta.ts';

export const stringMatchSchema = z.looseObject({
  exact: z.string().optional(),
  prefix: z.string().optional(),
  regex: z.string().optional(),
});
export type StringMatch = z.infer<typeof stringMatchSchema>;

const setHeaderRouteSchema = z.looseObject({
  name: z.string().optional().describe('One of trafficRouting.managedRoutes.'),
  match: z
    .array(z.looseObject({ headerName: z.string(), headerValue: requiredInStore(stringMatchSchema) }))
    .optional()
    .describe('Absent or empty: the route is removed.'),
});
export type SetHeaderRoute = z.infer<typeof setHeaderRouteSchema>;

const setMirrorRouteSchema = z.looseObject({
  name: z.string().describe('One of trafficRouting.managedRoutes.'),
  match: z
    .array(
      z.looseObject({
        method: stringMatchSchema.optional(),
        path: stringMatchSchema.optional(),
        headers: z.record(z.string(), stringMatchSchema).optional(),
      }),
    )
    .optional()
    .describe('Absent or empty: the route is removed.'),
  percentage: int32.optional(),
});
export type SetMirrorRoute = z.infer<typeof setMirrorRouteSchema>;

const setCanaryScaleSchema = z.looseObject({
  weight: int32.optional().describe('Percent of spec.replicas.'),
  replicas: int32.optional(),
  matchTrafficWeight: z.boolean().optional(),
});
export type SetCanaryScale = z.infer<typeof setCanaryScaleSchema>;

const experimentTemplateSchema = z.looseObject({
  name: z.string(),
  specRef: z.string().describe('canary or stable: whose pod template is used.'),
  replicas: int32.optional(),
  metadata: templateMetadataSchema.optional(),
  selector: labelSelectorSchema.optional(),
  weight: int32.optional(),
  service: z.looseObject({ name: z.string().optional() }).optional(),
});

const experimentAnalysisSchema = templateRefSchema.extend({
  name: z.string(),
  templateName: z.string(),
  args: z.array(rolloutArgumentSchema).optional(),
  requiredForCompletion: z.boolean().optional(),
});

const experimentStepSchema = z.looseObject({
  templates: z.array(experimentTemplateSchema),
  duration: z.string().optional().describe('Go duration.'),
  analyses: z.array(experimentAnalysisSchema).optional(),
  dryRun: z.array(dryRunSchema).optional(),
  analysisRunMetadata: templateMetadataSchema.optional(),
  scaleDownDelaySeconds: int32.optional(),
});
export type RolloutExperimentStep = z.infer<typeof experimentStepSchema>;

export const canaryStepSchema = z.looseObject({
  setWeight: int32.optional().describe('Share of the traffic (or of the pods) for the canary.'),
  pause: z
    .looseObject({
      duration: intOrString.optional().describe('Seconds, or a Go duration. Absent: until someone promotes.'),
    })
    .optional(),
  analysis: rolloutAnalysisSchema.optional(),
  experiment: experimentStepSchema.optional(),
  setCanaryScale: setCanaryScaleSchema.optional(),
  setHeaderRoute: setHeaderRouteSchema.optional(),
  setMirrorRoute: setMirrorRouteSchema.optional(),
  plugin: z.looseObject({ name: z.string(), config: freeValue.optional() }).optional(),
});
export type CanaryStep = z.infer<typeof canaryStepSchema>;

/** A route beside the weights, as the step that asks for it says: one of the two members, with a match. */
export type ManagedRoute = Pick<CanaryStep, 'setHeaderRoute' | 'setMirrorRoute'>;
