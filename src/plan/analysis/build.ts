/**
 * How the spec of an AnalysisRun comes about (spec 05 section 2): collect, flatten, merge. The one builder for
 * Rollouts and Experiments, and for the checks of both before anything is created.
 */

import { AnalysisBuildError, flattenTemplates, joinDryRun, joinRetention, mergeArgs } from './flatten.ts';
import type {
  Argument,
  Metric,
  AnalysisRunSpec,
  DryRun,
  MeasurementRetention,
  TemplateObject,
} from './types.ts';

export { collectTemplates } from './collect.ts';
export type { CollectedTemplates, CollectError, TemplateLookup } from './collect.ts';
export { AnalysisBuildError, mergeArgs } from './flatten.ts';
export { effectiveCount } from './limits.ts';
export { resolveMetrics } from './resolve.ts';
export { resolveRolloutArgs } from './rollout-args.ts';
export type { RolloutHashes } from './rollout-args.ts';
export {
  collisionName,
  ATTEMPT_ANNOTATION,
  isSameRun,
  newAnalysisRun,
  REVISION_ANNOTATION,
  rolloutRunLabels,
  rolloutRunName,
} from './run-object.ts';
export type { AnalysisRunManifest, RolloutAnalysisType } from './run-object.ts';
export { selectDryRun, selectRetention } from './select.ts';
export { validateMetrics } from './validate.ts';
export type * from './types.ts';

/** Built specs have lists only where they hold something. */
export interface BuiltRunSpec extends AnalysisRunSpec {
  metrics: Metric[];
  args?: Argument[];
  dryRun?: DryRun[];
  measurementRetention?: MeasurementRetention[];
}

/**
 * Templates are those of `collectTemplates`; `args`, `dryRun` and `measurementRetention` come from the place of use
 * (its rules stand before those of the templates). The error has the literal text of the reference.
 */
export function buildRunSpec(options: {
  templates: readonly TemplateObject[];
  clusterTemplates?: readonly TemplateObject[] | undefined;
  args?: readonly Argument[] | undefined;
  dryRun?: readonly DryRun[] | undefined;
  measurementRetention?: readonly MeasurementRetention[] | undefined;
}): { spec: BuiltRunSpec } | { error: string } {
  try {
    const flat = flattenTemplates(options.templates, options.clusterTemplates ?? []);
    const args = mergeArgs(flat.args, options.args ?? []);
    const dryRun = joinDryRun(options.dryRun, flat.dryRun);
    const retention = joinRetention(options.measurementRetention, flat.measurementRetention);
    return {
      spec: {
        metrics: flat.metrics,
        ...(args.length === 0 ? {} : { args }),
        ...(dryRun.length === 0 ? {} : { dryRun }),
        ...(retention.length === 0 ? {} : { measurementRetention: retention }),
      },
    };
  } catch (error) {
    if (error instanceof AnalysisBuildError) return { error: error.message };
    throw error;
  }
}
