/** The pages of rows are what they say: every test that they name is there, and every section of the specs has rows. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sharedPath } from '../shared.ts';

const root = new URL('../../', import.meta.url);

interface Row {
  readonly section: string;
  readonly row: string;
  readonly covered: string;
}

function rowsOf(markdown: string): Row[] {
  const rows: Row[] = [];
  let section = '';
  for (const line of markdown.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const cells = line.startsWith('|') ? line.split('|').slice(1, -1) : [];
    const [row = '', covered = ''] = cells.map((cell) => cell.trim());
    if (cells.length === 3 && row !== 'row' && !/^-+$/.test(row)) rows.push({ section, row, covered });
  }
  return rows;
}

/** `plan/rollout/steps` › a title */
const referencesIn = (covered: string): { file: string; title: string }[] =>
  covered.split('; `').flatMap((part) => {
    const match = /^`?([\w./-]+)` › (.+)$/.exec(part.trim());
    return match === null ? [] : [{ file: match[1] ?? '', title: match[2] ?? '' }];
  });

const PAGES = { 'compat-rows.md': 150, 'compat-rows-analysis.md': 50 };
const rowsIn = (page: string): Row[] => rowsOf(readFileSync(new URL(`docs/${page}`, root), 'utf8'));
const all = Object.keys(PAGES).flatMap(rowsIn);
const sources = new Map<string, string | undefined>();
function sourceOf(file: string): string | undefined {
  if (!sources.has(file)) {
    const path = fileURLToPath(new URL(`test/${file}.test.ts`, root));
    sources.set(file, existsSync(path) ? readFileSync(path, 'utf8') : undefined);
  }
  return sources.get(file);
}

/** A title, or its beginning, as it stands in the source, whatever quotes it needed there. */
const hasTitle = (source: string, title: string): boolean =>
  [`'`, '"', '`'].some((quote) => source.replaceAll("\\'", "'").includes(quote + title));

for (const [page, least] of Object.entries(PAGES))
  describe(`docs/${page}`, () => {
    it('has a test for each row, and each test is there', () => {
      const rows = rowsIn(page);
      assert.ok(rows.length > least, `${rows.length} rows were read`);
      const wrong: string[] = [];
      for (const { section, row, covered } of rows) {
        const references = referencesIn(covered);
        const named = covered.split('; `').length;
        if (references.length === 0 || references.length !== named)
          wrong.push(`${section}: ${row}: ${covered}`);
        for (const { file, title } of references) {
          const source = sourceOf(file);
          if (source === undefined) wrong.push(`${section}: ${row}: there is no test/${file}.test.ts`);
          else if (!hasTitle(source, title)) wrong.push(`${section}: ${row}: ${file} has no "${title}"`);
        }
      }
      assert.deepEqual(wrong, []);
    });

    it('is linked from compat.md', () => {
      assert.ok(readFileSync(new URL('docs/compat.md', root), 'utf8').includes(`](${page})`));
    });
  });

describe('the pages of rows', () => {
  for (const [number, file] of [
    ['01', 'spec/01-rollout-spec.md'],
    ['02', 'spec/02-replicasets.md'],
    ['03', 'spec/03-canary.md'],
    ['04', 'spec/04-bluegreen.md'],
    ['05', 'spec/05-analysis.md'],
  ] as const) {
    const path = sharedPath(file);
    it(
      `has rows for every section of spec ${number}`,
      { skip: !existsSync(path) && `${file} is not here` },
      () => {
        const own = all.filter(({ section }) => section.startsWith(`${number} `));
        const covered = new Set<string>();
        for (const { section, row } of own) {
          const range = /§(\d+)(?:\.\d+)? to §(\d+)/.exec(section);
          for (const [, found] of `${range === null ? section : ''} ${row}`.matchAll(/§(\d+)/g))
            covered.add(found ?? '');
        }
        const sections = [...readFileSync(path, 'utf8').matchAll(/^## (\d+)\./gm)].map(
          ([, found]) => found ?? '',
        );
        assert.ok(sections.length > 5);
        assert.deepEqual(
          sections.filter((section) => !covered.has(section)),
          [],
        );
      },
    );
  }
});
