/**
 * The words of the analysis plan (spec 05 section 1). The shapes are those of `src/api`; what is added here is what a
 * schema can't say: the closed set of phases, and what of an object the plan reads.
 */

import type { AnalysisRunSpec, AnalysisRunStatus, AnalysisTemplateSpec } from '../../api/analysis.ts';

export type {
  AnalysisRunSpec,
  AnalysisRunStatus,
  AnalysisTemplateSpec,
  Measurement,
  Metric,
  MetricResult,
  RunSummary,
} from '../../api/analysis.ts';
export type {
  AnalysisRunArgument,
  AnalysisTemplateRef,
  Argument,
  DryRun,
  MeasurementRetention,
} from '../../api/analysis-args.ts';

export type AnalysisPhase = 'Pending' | 'Running' | 'Successful' | 'Failed' | 'Error' | 'Inconclusive';
export type CompletedPhase = Exclude<AnalysisPhase, 'Pending' | 'Running'>;

/** An AnalysisTemplate or a ClusterAnalysisTemplate, as far as it is read here. */
export interface TemplateObject {
  metadata: { name: string; annotations?: Readonly<Record<string, string>> | undefined };
  spec: AnalysisTemplateSpec;
}

/** An AnalysisRun, as far as it is read here. */
export interface AnalysisRunObject {
  metadata: {
    name: string;
    namespace?: string | undefined;
    uid?: string | undefined;
    creationTimestamp?: string | undefined;
    annotations?: Readonly<Record<string, string>> | undefined;
  };
  spec: AnalysisRunSpec;
  status?: AnalysisRunStatus | undefined;
}

export function isCompleted(phase: string | undefined): phase is CompletedPhase {
  return phase === 'Successful' || phase === 'Failed' || phase === 'Error' || phase === 'Inconclusive';
}
