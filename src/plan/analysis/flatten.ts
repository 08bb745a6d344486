/** Several templates become one (spec 05 section 2, steps 2 to 4). Errors are thrown as `AnalysisBuildError`. */

import type {
  Argument,
  Metric,
  AnalysisTemplateSpec,
  DryRun,
  MeasurementRetention,
  TemplateObject,
} from './types.ts';
import { listedMetrics } from './resolve.ts';

/** The templates and arguments do not make a run. The message is the literal text that users see. */
export class AnalysisBuildError extends Error {
  override readonly name = 'AnalysisBuildError';
}

export interface FlatTemplate {
  metrics: Metric[];
  args: Argument[];
  dryRun: DryRun[];
  measurementRetention: MeasurementRetention[];
}

/** Namespaced templates first, then cluster ones, each list in its order. */
export function flattenTemplates(
  templates: readonly TemplateObject[],
  clusterTemplates: readonly TemplateObject[],
): FlatTemplate {
  const specs: AnalysisTemplateSpec[] = [...templates, ...clusterTemplates].map((t) => t.spec);
  const metrics = specs.flatMap((spec) => listedMetrics(spec));
  rejectDuplicates(
    metrics,
    (m) => m.name,
    (name) => `two metrics have the same name '${name}'`,
  );
  const dryRun = joinDryRun(...specs.map((spec) => spec.dryRun));
  const measurementRetention = joinRetention(...specs.map((spec) => spec.measurementRetention));
  return { metrics, args: joinArgs(specs), dryRun, measurementRetention };
}

export function joinDryRun(...lists: (readonly DryRun[] | undefined)[]): DryRun[] {
  const joined = lists.flatMap((list) => list ?? []);
  rejectDuplicates(
    joined,
    (rule) => rule.metricName,
    (name) => `two Dry-Run metric rules have the same name '${name}'`,
  );
  return joined;
}

export function joinRetention(
  ...lists: (readonly MeasurementRetention[] | undefined)[]
): MeasurementRetention[] {
  const joined = lists.flatMap((list) => list ?? []);
  rejectDuplicates(
    joined,
    (rule) => rule.metricName,
    (name) => `two Measurement Retention metric rules have the same name '${name}'`,
  );
  return joined;
}

/** The same argument twice: two different values are an error, otherwise the first that has a value stands. */
function joinArgs(specs: readonly AnalysisTemplateSpec[]): Argument[] {
  const joined: Argument[] = [];
  for (const arg of specs.flatMap((spec) => spec.args ?? [])) {
    const at = joined.findIndex((known) => known.name === arg.name);
    const known = joined[at];
    if (known === undefined) joined.push(arg);
    else if (!hasValue(known)) joined[at] = arg;
    else if (hasValue(arg) && known.value !== arg.value)
      throw new AnalysisBuildError(
        `Argument \`${arg.name}\` specified multiple times with different values: '${known.value}', '${arg.value}'`,
      );
  }
  return joined;
}

/**
 * Values from the place of use over the declared arguments. Only declared ones are kept; an argument that has
 * neither a value nor a source afterwards is an error.
 */
export function mergeArgs(declared: readonly Argument[], incoming: readonly Argument[]): Argument[] {
  const merged = declared.map((arg) => {
    let { value, valueFrom } = arg;
    for (const given of incoming) {
      if (given.name !== arg.name) continue;
      if (hasValue(given)) value = given.value;
      else if (given.valueFrom !== undefined && given.valueFrom !== null) valueFrom = given.valueFrom;
    }
    return {
      name: arg.name,
      ...(value === undefined || value === null ? {} : { value }),
      ...(valueFrom === undefined || valueFrom === null ? {} : { valueFrom }),
    };
  });
  const unresolved = merged.find((arg) => arg.value === undefined && arg.valueFrom === undefined);
  if (unresolved !== undefined) throw new AnalysisBuildError(`args.${unresolved.name} was not resolved`);
  return merged;
}

const hasValue = (arg: Argument): boolean => arg.value !== undefined && arg.value !== null;

function rejectDuplicates<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  text: (name: string) => string,
): void {
  const seen = new Set<string>();
  for (const item of items) {
    const name = nameOf(item);
    if (seen.has(name)) throw new AnalysisBuildError(text(name));
    seen.add(name);
  }
}
