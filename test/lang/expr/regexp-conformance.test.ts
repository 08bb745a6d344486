import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { RegexpError, compileRegexp } from '../../../src/lang/regexp.ts';

interface Row {
  pattern: string;
  error?: string;
  matches?: string[];
  others?: string[];
}

const rows = JSON.parse(readFileSync(new URL('testdata/regexp.json', import.meta.url), 'utf8')) as Row[];

function outcome(row: Row): Row {
  const { pattern } = row;
  try {
    const regexp = compileRegexp(pattern);
    const texts = [...(row.matches ?? []), ...(row.others ?? [])];
    const matches = texts.filter((text) => regexp.test(text));
    const others = texts.filter((text) => !regexp.test(text));
    return {
      pattern,
      ...(matches.length === 0 ? {} : { matches }),
      ...(others.length === 0 ? {} : { others }),
    };
  } catch (error) {
    if (error instanceof RegexpError) return { pattern, error: error.message };
    throw error;
  }
}

describe('regular expressions: answers of RE2 in Go', () => {
  for (const row of rows) {
    it(row.pattern, () => assert.deepEqual(outcome(row), row));
  }

  it('stays linear where backtracking explodes', () => {
    const started = performance.now();
    assert.equal(compileRegexp('^(a+)+$').test(`${'a'.repeat(50_000)}b`), false);
    assert.equal(compileRegexp('(x+x+)+y').test('x'.repeat(50_000)), false);
    assert.ok(performance.now() - started < 2000);
  });

  it('refuses work without end', () => {
    assert.throws(
      () => compileRegexp('(a{0,900}b){1,1}c'.repeat(12)).test('ab'.repeat(100_000)),
      RegexpError,
    );
    assert.throws(() => compileRegexp('a'.repeat(5000)), RegexpError);
    assert.throws(() => compileRegexp(`${'('.repeat(1000)}${')'.repeat(1000)}`), RegexpError);
  });
});
