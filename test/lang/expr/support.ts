/** Runs a row of the conformance table as a condition would be run. */

import { conditionEnvironment } from '../../../src/lang/condition.ts';
import type { ConditionValue, ResultType } from '../../../src/lang/condition.ts';
import { ExpressionError, compileExpression } from '../../../src/lang/expr/index.ts';
import type { Program } from '../../../src/lang/expr/index.ts';
import { GoFunc, formatValue, typeName } from '../../../src/lang/expr/values.ts';

export interface TableRow {
  resultType: ResultType;
  result: unknown;
  source: string;
  type?: string;
  text?: string;
  error?: string;
  line?: number;
  column?: number;
  compile?: boolean;
}

/** Floats that JSON cannot hold are written as objects. */
export function revive(value: unknown): ConditionValue {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value as ConditionValue;
  const { $float } = value as { $float?: string };
  if ($float !== undefined) return { NaN: NaN, '+Inf': Infinity, '-Inf': -Infinity }[$float] ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
}

const NOW = Date.UTC(2026, 0, 1, 12);

export function evaluateForTable({ source, result, resultType }: TableRow): Partial<TableRow> {
  const env = conditionEnvironment(revive(result), resultType);
  let program: Program;
  try {
    program = compileExpression(source, env);
  } catch (error) {
    return { ...fault(error), compile: true };
  }
  try {
    const value = program.run(env, NOW);
    const text = formatValue(value);
    return { type: typeName(value), ...(text === '' || value instanceof GoFunc ? {} : { text }) };
  } catch (error) {
    return fault(error);
  }
}

function fault(error: unknown): Partial<TableRow> {
  if (!(error instanceof ExpressionError)) throw error;
  const { line, column } = error.position;
  return { error: error.message, line, column };
}
