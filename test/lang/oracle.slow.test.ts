import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Json } from '../../src/lang/json.ts';
import { cloneJson } from '../../src/lang/own.ts';
import { printYaml } from '../../src/lang/yaml.ts';
import { anyJson } from './json-arbitrary.ts';
import { buildOracle, generateTables, type Answer } from './oracle/go.ts';
import { judge } from './oracle/judge.ts';
import { languages, questions } from './oracle/questions.ts';

describe('Go as the oracle, with questions that change from day to day', () => {
  let oracle: ((language: string, questions: readonly unknown[]) => Answer[]) | undefined;
  before(() => {
    oracle = buildOracle();
  });
  const seed = Number(process.env['ORACLE_SEED'] ?? Math.floor(Date.now() / 86_400_000));

  for (const language of languages) {
    it(`${language} (ORACLE_SEED=${seed})`, (t) => {
      if (oracle === undefined) return t.skip('go is not installed');
      const asked = questions(language, seed, 3000);
      const wrong = oracle(language, asked).map((answer, i) => judge(language, asked[i], answer));
      assert.deepEqual(
        wrong.filter((text) => text !== undefined),
        [],
      );
    });
  }

  it(`reads what we print as YAML (ORACLE_SEED=${seed})`, (t) => {
    if (oracle === undefined) return t.skip('go is not installed');
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...' \n\t:#-?[]{},&*!|>\'"%@`~=<.01_xenyo\u0085\u2028\ufeff\r') }),
    );
    const value = fc.dictionary(
      text,
      fc.oneof(
        anyJson,
        text,
        fc.array(text),
        fc.dictionary(text, text),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
    );
    const values = fc
      .sample(value, { seed, numRuns: 3000 })
      .map(
        (sample) =>
          JSON.parse(
            JSON.stringify(cloneJson(sample as Json), (_, item: unknown) =>
              typeof item === 'string' ? item.toWellFormed() : item,
            ),
          ) as Json,
      );
    const printed = values.map(printYaml);
    const wrong = oracle('yaml-read', printed).flatMap((answer, i) =>
      isDeepStrictEqual(answer.ok, values[i])
        ? []
        : [`${JSON.stringify(printed[i])}: ${answer.error ?? JSON.stringify(answer.ok)}`],
    );
    assert.deepEqual(wrong, []);
  });
});

it('the generated tables are those that the generator writes', (t) => {
  const root = generateTables();
  if (root === undefined) return t.skip('go is not installed');
  for (const file of ['src/lang/core-v1-fields.ts', 'src/lang/patch/patch-strategies.ts']) {
    const checkedIn = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    assert.equal(checkedIn, readFileSync(join(root, file), 'utf8'), file);
  }
});
