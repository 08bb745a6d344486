import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { evaluateForTable } from './support.ts';
import type { TableRow } from './support.ts';

/** Outcomes that we give otherwise, on purpose. */
const DEVIATIONS: readonly { reason: string; sources: readonly string[] }[] = [
  {
    reason:
      'a pattern put together from literals is refused when it runs, with its place, and not by a panic of the compiler',
    sources: ['"x" matches ("[" + "")'],
  },
  {
    reason:
      'expr-lang 1.17.8 leaves a bool on its stack after findLast and findLastIndex, which then stands for the value before',
    sources: [
      '1 == findLastIndex(result.items, .v > 2)',
      '[1, findLast(result.items, .v > 2).n]',
      '1 == findLastIndex(result.items, .v > 2) ? "x" : "y"',
    ],
  },
];

const read = (name: string): TableRow[] =>
  JSON.parse(readFileSync(new URL(`testdata/${name}.json`, import.meta.url), 'utf8')) as TableRow[];
/** Written by hand, and drawn at random. */
const rows = [...read('expr'), ...read('expr-random')];

describe('expressions: answers of expr-lang 1.17', () => {
  it('has a table of its size', () => assert.ok(rows.length >= 300));

  it('agrees on every row', () => {
    const allowed = new Set(DEVIATIONS.flatMap(({ sources }) => sources));
    const differences: string[] = [];
    for (const row of rows) {
      const { source, result: _result, resultType: _resultType, ...want } = row;
      const got = evaluateForTable(row);
      const same = JSON.stringify(got) === JSON.stringify(want);
      if (same === allowed.has(source)) {
        differences.push(`${source}\n     got  ${JSON.stringify(got)}\n     want ${JSON.stringify(want)}`);
      }
    }
    assert.equal(differences.join('\n'), '');
  });
});
