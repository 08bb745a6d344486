import assert from 'node:assert/strict';
import { it } from 'node:test';
import { JsonPathError, compileJsonPath, measureBody } from '../../src/lang/jsonpath.ts';
import { withVectors } from '../shared.ts';

interface Row {
  body: string;
  jsonPath?: string;
  parseError?: string;
  error?: string;
  panic?: string;
  value?: string;
  result?: unknown;
}

function outcome({ body, jsonPath = '{$}' }: Row): Omit<Row, 'body'> {
  try {
    compileJsonPath(jsonPath);
  } catch (error) {
    if (error instanceof JsonPathError) return { parseError: error.message };
    throw error;
  }
  try {
    const { result, value } = measureBody(body, jsonPath);
    return { result, value };
  } catch (error) {
    if (error instanceof JsonPathError) return { error: error.message };
    throw error;
  }
}

withVectors<Row>('jsonpath', (rows) => {
  it(`agrees on ${rows.length} rows`, () => {
    const differences: string[] = [];
    for (const [i, row] of rows.entries()) {
      const { body, jsonPath, ...want } = row;
      const got = outcome(row);
      // What crashes the reference is an error with a text of ours.
      if (want.panic !== undefined && got.error !== undefined) continue;
      // Where the body is no JSON, the row shows the text only.
      const wanted = want.value !== undefined && !('result' in want) ? { ...want, result: body } : want;
      try {
        assert.deepEqual(got, wanted);
      } catch {
        differences.push(
          `${i} ${jsonPath} on ${body.slice(0, 80)}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`,
        );
      }
    }
    assert.deepEqual(differences, []);
  });
});
