/** Fills the arguments of a run into its metrics (spec 05 section 2.2). */

import type { Json, JsonObject } from '../../lang/json.ts';
import { substituteArgsInJson } from '../../lang/template-args.ts';
import type { Argument, Metric } from './types.ts';

/** A template that only names others has none of its own. */
export const listedMetrics = (spec: {
  readonly metrics?: readonly Metric[] | undefined;
}): readonly Metric[] => spec.metrics ?? [];

/** What stands in for a secret where only the shape of a metric matters: validation and scheduling. */
export const SECRET_PLACEHOLDER = 'temp-for-secret';

/** The order in which tags are looked at, and so which one an error names first. */
const FIELD_ORDER = [
  'name',
  'interval',
  'initialDelay',
  'count',
  'successCondition',
  'failureCondition',
  'failureLimit',
  'inconclusiveLimit',
  'consecutiveErrorLimit',
  'provider',
];

/**
 * Arguments may stand in any text of a metric, keys included, but never change its structure. `secret` gives the value
 * of an argument with a `secretKeyRef`; without it the placeholder is used. The text of the error is for the status.
 */
export function resolveMetrics(
  metrics: readonly Metric[],
  args: readonly Argument[] | undefined,
  secret: (arg: Argument) => string = () => SECRET_PLACEHOLDER,
): { metrics: Metric[] } | { error: string } {
  const values = new Map<string, string>();
  for (const arg of args ?? []) {
    const fromSecret = arg.valueFrom?.secretKeyRef !== undefined && arg.valueFrom.secretKeyRef !== null;
    const value = fromSecret ? secret(arg) : arg.value;
    if (value === undefined || value === null) return { error: `argument "${arg.name}" was not supplied` };
    values.set(arg.name, value);
  }
  const lookup = (name: string): string | undefined => values.get(name);
  try {
    return {
      metrics: metrics.map((metric) => substituteArgsInJson(ordered(metric), lookup) as unknown as Metric),
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function ordered(metric: Metric): Json {
  const source = metric as unknown as JsonObject;
  const result: JsonObject = {};
  for (const key of FIELD_ORDER) if (source[key] !== undefined) result[key] = source[key];
  for (const key of Object.keys(source)) if (source[key] !== undefined) result[key] = source[key];
  return result;
}
