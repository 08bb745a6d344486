import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { compareGoKeys, goJson } from '../../../src/lang/go-json.ts';
import { JsonPathError, compileJsonPath } from '../../../src/lang/jsonpath.ts';
import type { Json } from '../../../src/lang/json.ts';

interface Row {
  body: Json;
  path: string;
  parseError?: string;
  error?: string;
  panic?: string;
  results?: Json[][];
  text?: string;
}

const rows = JSON.parse(readFileSync(new URL('testdata/jsonpath.json', import.meta.url), 'utf8')) as Row[];

function outcome({ body, path }: Row): Partial<Row> {
  try {
    compileJsonPath(path);
  } catch (error) {
    if (error instanceof JsonPathError) return { parseError: error.message };
    throw error;
  }
  try {
    return { results: compileJsonPath(path).find(body), text: compileJsonPath(path).print(body) };
  } catch (error) {
    if (error instanceof JsonPathError) return { error: error.message };
    throw error;
  }
}

/** Go walks maps in any order: the results of such paths are sorted in the table, and have no text. */
const sorted = (row: Partial<Row>): Partial<Row> => {
  if (row.results === undefined) return row;
  const results = row.results.map((list) => list.toSorted((a, b) => compareGoKeys(goJson(a), goJson(b))));
  return { results };
};
const walksMap = (path: string): boolean => path.includes('*') || path.includes('..');

describe('JSONPath: answers of client-go', () => {
  it('has a table of its size', () => assert.ok(rows.length >= 300));

  it('agrees on every row', () => {
    const differences: string[] = [];
    for (const row of rows) {
      const { body, path, ...want } = row;
      const got = walksMap(path) ? sorted(outcome(row)) : outcome(row);
      // What crashes client-go is an error here.
      if (want.panic !== undefined && got.error !== undefined) continue;
      try {
        assert.deepEqual(got, want);
      } catch {
        differences.push(
          `${path} on ${JSON.stringify(body).slice(0, 60)}\n     got  ${JSON.stringify(got)}\n     want ${JSON.stringify(want)}`,
        );
      }
    }
    assert.equal(differences.join('\n'), '');
  });
});
