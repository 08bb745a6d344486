/** Each rule on sequences by hand: some that pass close to the edge, and some that break it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cases as rule01 } from './cases/rule-01.ts';
import { cases as rule02 } from './cases/rule-02.ts';
import { cases as rule03 } from './cases/rule-03.ts';
import { cases as rule04 } from './cases/rule-04.ts';
import { cases as rule05 } from './cases/rule-05.ts';
import { cases as rule06 } from './cases/rule-06.ts';
import { cases as rule07 } from './cases/rule-07.ts';
import { cases as rule08 } from './cases/rule-08.ts';
import { cases as rule09 } from './cases/rule-09.ts';
import { cases as rule10 } from './cases/rule-10.ts';
import { cases as rule11 } from './cases/rule-11.ts';
import { cases as rule12 } from './cases/rule-12.ts';
import { cases as rule13 } from './cases/rule-13.ts';
import { cases as rule14 } from './cases/rule-14.ts';
import { cases as rule15 } from './cases/rule-15.ts';
import { cases as rule16 } from './cases/rule-16.ts';
import { cases as rule17 } from './cases/rule-17.ts';
import { cases as rule18 } from './cases/rule-18.ts';
import { cases as rule19 } from './cases/rule-19.ts';
import { cases as rule20 } from './cases/rule-20.ts';
import { cases as rule21 } from './cases/rule-21.ts';
import { cases as rule22 } from './cases/rule-22.ts';
import { cases as rule23 } from './cases/rule-23.ts';
import { cases as rule24 } from './cases/rule-24.ts';
import { cases as rule25 } from './cases/rule-25.ts';
import { cases as rule26 } from './cases/rule-26.ts';
import { cases as rule27 } from './cases/rule-27.ts';
import type { Cases } from './cases/cases.ts';
import { Hand } from './hand.ts';
import { RULES } from './index.ts';

const ALL: readonly Cases[] = [
  rule01,
  rule02,
  rule03,
  rule04,
  rule05,
  rule06,
  rule07,
  rule08,
  rule09,
  rule10,
  rule11,
  rule12,
  rule13,
  rule14,
  rule15,
  rule16,
  rule17,
  rule18,
  rule19,
  rule20,
  rule21,
  rule22,
  rule23,
  rule24,
  rule25,
  rule26,
  rule27,
];

for (const { rule, passes, breaks } of ALL)
  describe(`rule ${rule.number}: ${rule.sentence}`, () => {
    let decided = 0;
    for (const [name, sequence] of Object.entries(passes))
      it(`passes: ${name}`, () => {
        const hand = new Hand(rule);
        sequence(hand);
        assert.deepEqual(
          hand.found.map(({ text }) => text),
          [],
        );
        decided += hand.checks;
      });
    it('decided something that passed', () => assert.ok(decided > 0));
    for (const [name, sequence] of Object.entries(breaks))
      it(`breaks: ${name}`, () => {
        const hand = new Hand(rule);
        sequence(hand);
        assert.deepEqual(
          [...new Set(hand.found.map((found) => found.rule))],
          [rule.number],
          JSON.stringify(hand.found, null, 1),
        );
        assert.match(hand.found[0]?.text ?? '', /\S/);
      });
  });

describe('the rules', () => {
  it('are 27, each with a sentence, threads, and cases that pass and that break it', () => {
    assert.deepEqual(
      RULES.map((rule) => rule.number),
      Array.from({ length: 27 }, (_, i) => i + 1),
    );
    for (const rule of RULES) {
      assert.match(rule.sentence, /\.$/);
      assert.ok(
        rule.threads.length > 0 && rule.threads.every((thread) => /^(AR|FL|CD|GW) \d+$/.test(thread)),
      );
      const cases = ALL.find((one) => one.rule === rule);
      assert.ok(Object.keys(cases?.passes ?? {}).length > 0 && Object.keys(cases?.breaks ?? {}).length > 0);
    }
  });
});
