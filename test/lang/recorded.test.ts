import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Answer } from './oracle/go.ts';
import { judge } from './oracle/judge.ts';
import { languages } from './oracle/questions.ts';

describe('recorded answers of Go', () => {
  for (const language of languages) {
    it(language, () => {
      const file = new URL(`recorded/${language}.json.gz`, import.meta.url);
      const rows = JSON.parse(gunzipSync(readFileSync(file)).toString()) as [unknown, Answer][];
      assert.ok(rows.length >= 200, `${rows.length} rows`);
      assert.deepEqual(
        rows
          .map(([question, answer]) => judge(language, question, answer))
          .filter((text) => text !== undefined),
        [],
      );
    });
  }
});
