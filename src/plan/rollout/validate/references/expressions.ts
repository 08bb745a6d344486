/**
 * Expressions of templates: what is wrong with one whatever is measured is told before a release starts, not by its
 * first measurement. One that holds what only a run can know is judged there. Pure.
 */

import type { AnalysisTemplate, ClusterAnalysisTemplate, Metric } from '../../../../api/analysis.ts';
import type { Argument } from '../../../../api/analysis-args.ts';
import { invalid, type FieldError } from '../../../../api/field-error.ts';
import { checkCondition, evaluateTimeExpression } from '../../../../lang/condition.ts';
import { ExpressionError } from '../../../../lang/expr/index.ts';
import { compileJsonPath, JsonPathError } from '../../../../lang/jsonpath.ts';
import { resolveMetrics } from '../../../analysis/build.ts';
import { SECRET_PLACEHOLDER, listedMetrics } from '../../../analysis/resolve.ts';
import { evidenceFault } from '../../../analysis/validate.ts';
import type { AnalysisReference } from './objects.ts';

/** Stands for what is known only when a run is made. */
export const DUMMY = 'dummy-value';
/** Traces of it in a resolved text. */
const OPEN = [DUMMY, SECRET_PLACEHOLDER, '{{'];

export function validateExpressions(
  { field }: AnalysisReference,
  { kind, metadata, spec }: AnalysisTemplate | ClusterAnalysisTemplate,
  given: readonly Argument[],
): FieldError[] {
  const args = (spec.args ?? []).map((arg) => withValue(arg, given));
  const resolved = resolveMetrics(listedMetrics(spec), args);
  if ('error' in resolved) return [];
  return resolved.metrics.flatMap((metric) =>
    faultsOf(metric).map((fault) => {
      const where = `${kind ?? 'AnalysisTemplate'} ${metadata.name}: metric "${metric.name}"`;
      return invalid(field, metadata.name, `${where}: ${fault}`);
    }),
  );
}

function faultsOf(metric: Metric): string[] {
  const checks: readonly [
    what: string,
    source: string | undefined,
    check: (source: string) => string | undefined,
  ][] = [
    ['successCondition', metric.successCondition, conditionFault],
    ['failureCondition', metric.failureCondition, conditionFault],
    ['jsonPath', metric.provider?.web?.jsonPath, pathFault],
    ['rangeQuery.start', metric.provider?.prometheus?.rangeQuery?.start, timeFault],
    ['rangeQuery.end', metric.provider?.prometheus?.rangeQuery?.end, timeFault],
  ];
  const faults = checks.flatMap(([what, source = '', check]) => {
    if (source === '' || OPEN.some((text) => source.includes(text))) return [];
    const fault = check(source);
    return fault === undefined ? [] : [`${what} "${source}": ${fault}`];
  });
  const evidence = JSON.stringify(metric.evidence ?? {});
  const fault = OPEN.some((text) => evidence.includes(text)) ? undefined : evidenceFault(metric);
  return fault === undefined ? faults : [...faults, fault];
}

function conditionFault(source: string): string | undefined {
  const fault = checkCondition(source);
  if (fault === undefined) return undefined;
  const { line, column } = fault.position;
  return withPlace(fault.message, line, column);
}

function withPlace(text: string, line: number, column: number): string {
  const [message = ''] = text.split('\n');
  const place = `line ${line}, column ${column}`;
  return message.includes(place) ? message : `${message} (${place})`;
}

/** In the words of client-go, which name the part and no column. */
function pathFault(source: string): string | undefined {
  try {
    compileJsonPath(source);
    return undefined;
  } catch (error) {
    if (error instanceof JsonPathError) return error.message;
    throw error;
  }
}

function timeFault(source: string): string | undefined {
  try {
    evaluateTimeExpression(source, 0);
    return undefined;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return withPlace(error.message, error.position.line, error.position.column);
  }
}

/** What the Rollout gives wins; what only a run can know gets a dummy. */
export function withValue(arg: Argument, given: readonly Argument[]): Argument {
  const value = given.find(({ name }) => name === arg.name)?.value ?? arg.value;
  if (value !== undefined) return { name: arg.name, value };
  return arg.valueFrom?.secretKeyRef === undefined ? { name: arg.name, value: DUMMY } : arg;
}
