import assert from 'node:assert/strict';
import { it } from 'node:test';
import { evaluateConditions } from '../../src/lang/condition.ts';
import type { ConditionValue, ResultType } from '../../src/lang/condition.ts';
import { withVectors } from '../shared.ts';

interface Row {
  kind: string;
  result?: unknown;
  resultType: ResultType;
  successCondition?: string;
  failureCondition?: string;
  phase: string;
  error?: string;
}

/** Rows whose error text we give otherwise, on purpose. The phase must be equal in all of them. */
const OTHER_TEXT: readonly { reason: string; is: (row: Row) => boolean }[] = [];

/** Floats that JSON cannot hold are written as objects. */
function revive(value: unknown): ConditionValue {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value as ConditionValue;
  const { $float } = value as { $float?: string };
  if ($float !== undefined) return { NaN: NaN, '+Inf': Infinity, '-Inf': -Infinity }[$float] ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
}

withVectors<Row>('conditions', (rows) => {
  it(`agrees on ${rows.length} rows`, () => {
    const differences: string[] = [];
    for (const [i, row] of rows.entries()) {
      const { successCondition, failureCondition, resultType } = row;
      const result = revive(row.result ?? null);
      const nowMs = Date.UTC(2026, 0, 1, 12);
      const got = evaluateConditions({ result, resultType, successCondition, failureCondition, nowMs });
      const sameText = got.error === row.error || OTHER_TEXT.some(({ is }) => is(row));
      if (got.phase !== row.phase || !sameText) {
        const source = successCondition ?? failureCondition;
        differences.push(`${i} ${source}: got ${got.phase} ${got.error}, want ${row.phase} ${row.error}`);
      }
    }
    assert.deepEqual(differences, []);
  });
});
