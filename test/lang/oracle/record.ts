/**
 * Writes `test/lang/recorded/<language>.json.gz`: questions with Go's answers, so that every run of the tests
 * compares with Go without having it. Run after a change of `test/lang/go`: `node test/lang/oracle/record.ts`.
 */

import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { buildOracle } from './go.ts';
import { languages, questions } from './questions.ts';

const SEED = 1;
const COUNT = {
  quantity: 2000,
  duration: 1000,
  selector: 1000,
  'yaml-read': 1000,
  strategic: 500,
  'pod-template-random': 1000,
};

const oracle = buildOracle();
if (oracle === undefined) throw new Error('go is not on the PATH');
for (const language of languages) {
  const asked = questions(language, SEED, COUNT[language]);
  const rows = oracle(language, asked).map((answer, i) => {
    if (language !== 'pod-template-random') return [asked[i], answer];
    const { template, hash } = answer.ok as { template: unknown; hash: string };
    return [asked[i], { ok: { template, hash } }];
  });
  const file = new URL(`../recorded/${language}.json.gz`, import.meta.url);
  writeFileSync(file, gzipSync(JSON.stringify(rows), { level: 9 }));
  console.log(`${language}: ${rows.length} answers`);
}
