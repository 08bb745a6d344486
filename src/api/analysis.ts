/** AnalysisTemplate, ClusterAnalysisTemplate and AnalysisRun (spec 05 section 1). Pure. */

import * as z from 'zod';
import {
  argumentSchema,
  dryRunSchema,
  measurementRetentionSchema,
  templateRefSchema,
} from './analysis-args.ts';
import { decoderOf } from './decode.ts';
import { int32, intOrString, requiredInStore, stringMap, time, topLevel } from './meta.ts';
import { metricProviderSchema } from './metric-provider.ts';

const evidencePolicy = z.enum(['hold', 'inconclusive', 'fail', 'pass']);

/** Ours: what an answer means that is no clear value, and how much traffic there must be. */
export const metricEvidenceSchema = z
  .looseObject({
    noData: evidencePolicy.optional().describe('What an answer without data means.'),
    nan: evidencePolicy.optional().describe('What NaN or an infinite value means.'),
    multipleSeries: evidencePolicy.optional().describe('What more series mean than the condition looks at.'),
    staleSample: evidencePolicy.optional().describe('What a sample older than maxAge means.'),
    providerError: evidencePolicy.optional().describe('What it means that the provider gives no answer.'),
    maxAge: z
      .string()
      .optional()
      .describe('Go duration; older samples are stale. Twice the interval, at least 1m, when absent.'),
    waitForTraffic: z
      .boolean()
      .optional()
      .describe('Nothing is measured before the router gives the canary a weight.'),
    minSamples: intOrString.optional().describe('Nothing is judged before samplesQuery gives this many.'),
    samplesQuery: z
      .string()
      .optional()
      .describe('Query to the same provider: how many requests the measurement rests on.'),
  })
  .describe('What answers mean that are no clear value (an addition of Sluice).');
export type MetricEvidence = z.infer<typeof metricEvidenceSchema>;

export const metricSchema = z.looseObject({
  name: z.string(),
  interval: z.string().optional().describe('Go duration between measurements.'),
  initialDelay: z.string().optional().describe('Go duration before the first measurement.'),
  count: intOrString
    .optional()
    .describe('Number of measurements. Absent or 0: one without interval, unlimited with it.'),
  successCondition: z.string().optional().describe('Expression over result.'),
  failureCondition: z.string().optional().describe('Expression over result.'),
  failureLimit: intOrString.optional().describe('Failed measurements tolerated; -1 for any number.'),
  inconclusiveLimit: intOrString.optional().describe('Inconclusive measurements tolerated.'),
  consecutiveErrorLimit: intOrString.optional().describe('Errors in a row tolerated; 4 when absent.'),
  consecutiveSuccessLimit: intOrString.optional().describe('Successes in a row that end the metric.'),
  provider: requiredInStore(metricProviderSchema).describe('Exactly one provider.'),
  evidence: metricEvidenceSchema.optional(),
});
export type Metric = z.infer<typeof metricSchema>;

export const analysisTemplateSpecSchema = z.looseObject({
  metrics: z.array(metricSchema).optional(),
  args: z.array(argumentSchema).optional(),
  dryRun: z.array(dryRunSchema).optional(),
  measurementRetention: z.array(measurementRetentionSchema).optional(),
  templates: z.array(templateRefSchema).optional().describe('Templates to merge into this one.'),
});
export type AnalysisTemplateSpec = z.infer<typeof analysisTemplateSpecSchema>;

export const analysisTemplateSchema = z
  .looseObject({ ...topLevel, spec: analysisTemplateSpecSchema })
  .describe('Metrics that judge a release, for use in one namespace.');
export type AnalysisTemplate = z.infer<typeof analysisTemplateSchema>;

/** Of a store's object: whoever needs the template in a pass gets the same value. */
export const decodeTemplate = decoderOf(analysisTemplateSchema);

export const clusterAnalysisTemplateSchema = z
  .looseObject({ ...topLevel, spec: analysisTemplateSpecSchema })
  .describe('Metrics that judge a release, for use in all namespaces.');
export type ClusterAnalysisTemplate = z.infer<typeof clusterAnalysisTemplateSchema>;

export const analysisRunSpecSchema = z.looseObject({
  metrics: z.array(metricSchema).optional(),
  args: z.array(argumentSchema).optional(),
  terminate: z.boolean().optional().describe('Ends the run as soon as possible.'),
  dryRun: z.array(dryRunSchema).optional(),
  measurementRetention: z.array(measurementRetentionSchema).optional(),
  ttlStrategy: z
    .looseObject({
      secondsAfterCompletion: int32.optional(),
      secondsAfterFailure: int32.optional(),
      secondsAfterSuccess: int32.optional(),
    })
    .optional()
    .describe('When a finished run is deleted.'),
});
export type AnalysisRunSpec = z.infer<typeof analysisRunSpecSchema>;

const phase = z.string().describe('Pending, Running, Successful, Failed, Error or Inconclusive.');

export const runSummarySchema = z.looseObject({
  count: int32.optional(),
  successful: int32.optional(),
  failed: int32.optional(),
  inconclusive: int32.optional(),
  error: int32.optional(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

export const measurementSchema = z.looseObject({
  phase,
  message: z.string().optional(),
  startedAt: time.optional(),
  finishedAt: time.optional(),
  value: z.string().optional(),
  metadata: stringMap.optional(),
  resumeAt: time.optional(),
});
export type Measurement = z.infer<typeof measurementSchema>;

export const metricResultSchema = z.looseObject({
  name: z.string(),
  phase,
  message: z.string().optional(),
  count: int32.optional(),
  successful: int32.optional(),
  failed: int32.optional(),
  inconclusive: int32.optional(),
  error: int32.optional(),
  consecutiveError: int32.optional(),
  consecutiveSuccess: int32.optional(),
  dryRun: z.boolean().optional(),
  metadata: stringMap.optional(),
  measurements: z.array(measurementSchema).optional(),
});
export type MetricResult = z.infer<typeof metricResultSchema>;

export const analysisRunStatusSchema = z.looseObject({
  phase: phase.optional(),
  message: z.string().optional(),
  startedAt: time.optional(),
  completedAt: time.optional(),
  runSummary: runSummarySchema.optional(),
  dryRunSummary: runSummarySchema.optional(),
  metricResults: z.array(metricResultSchema).optional(),
});
export type AnalysisRunStatus = z.infer<typeof analysisRunStatusSchema>;

export const analysisRunSchema = z
  .looseObject({ ...topLevel, spec: analysisRunSpecSchema, status: analysisRunStatusSchema.optional() })
  .describe('One run of metrics that judge a release.');
export type AnalysisRun = z.infer<typeof analysisRunSchema>;
