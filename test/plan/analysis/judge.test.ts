import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asksFor } from '../../../src/plan/analysis/asks.ts';
import { judge } from '../../../src/plan/analysis/judge.ts';
import type { Metric } from '../../../src/plan/analysis/types.ts';
import type { MeasuredResult } from '../../../src/plan/analysis/answer.ts';

const vector = (...value: number[]): MeasuredResult => ({ type: 'vector', value });
const judgeStock = (metric: Partial<Metric>, result: MeasuredResult) =>
  judge(
    { name: 'm', ...metric },
    { kind: 'value', value: '', result },
    { now: 0, mode: 'stock', dryRun: false },
  );
const scalar = (value: number): MeasuredResult => ({ type: 'scalar', value });

interface Case {
  success?: string;
  failure?: string;
  result: MeasuredResult;
  phase: string;
  message?: RegExp;
}

const cases: Record<string, Case[]> = {
  'ordinary values are judged as ever': [
    { success: 'result[0] < 0.05', result: vector(0.01), phase: 'Successful' },
    { success: 'result[0] < 0.05', result: vector(0.5), phase: 'Failed' },
    { failure: 'result > 1', result: scalar(0.5), phase: 'Successful' },
    { success: 'result < 1', failure: 'result > 2', result: scalar(1.5), phase: 'Inconclusive' },
    { result: scalar(1), phase: 'Successful' },
  ],
  'what is Failed or Error stays so': [
    { success: 'result[0] < 0.05', result: vector(NaN), phase: 'Failed' },
    { success: 'result < 0.05', result: scalar(NaN), phase: 'Failed' },
    {
      success: 'result[0] < 0.05',
      result: vector(),
      phase: 'Error',
      message: /could not evaluate successCondition/,
    },
    { success: 'len(result) > 0', result: vector(), phase: 'Failed' },
  ],
  'NaN never passes unasked': [
    {
      failure: 'result > 0.05',
      result: scalar(NaN),
      phase: 'Inconclusive',
      message: /^not a number: .*failureCondition "result > 0.05"/,
    },
    { failure: 'result[0] > 0.05', result: vector(NaN), phase: 'Inconclusive' },
    { success: '!(result[0] > 0.05)', result: vector(NaN), phase: 'Inconclusive' },
    { success: 'result[0] != 3', result: vector(NaN), phase: 'Inconclusive' },
    { success: 'all(result, not (# > 0.05))', result: vector(0.01, NaN), phase: 'Inconclusive' },
    { success: 'result == 1', failure: 'result > 5', result: scalar(NaN), phase: 'Inconclusive' },
  ],
  'NaN passes where it is asked for': [
    { success: 'isNaN(result) || result < 0.05', result: scalar(NaN), phase: 'Successful' },
    { success: 'isNaN(result[0]) or result[0] < 0.05', result: vector(NaN), phase: 'Successful' },
    { failure: '!isNaN(result) && result > 0.05', result: scalar(NaN), phase: 'Successful' },
  ],
  'NaN that the condition does not look at decides nothing': [
    { success: 'result[0] < 0.05', result: vector(0.01, NaN), phase: 'Successful' },
    { success: 'len(result) == 2', result: vector(1, NaN), phase: 'Successful' },
  ],
  'no data never passes unasked': [
    {
      success: 'all(result, # < 0.05)',
      result: vector(),
      phase: 'Inconclusive',
      message: /^no data: .*successCondition/,
    },
    { success: 'none(result, # > 0.05)', result: vector(), phase: 'Inconclusive' },
    { failure: 'any(result, # > 0.05)', result: vector(), phase: 'Inconclusive' },
    { success: 'count(result, # > 0.05) == 0', result: vector(), phase: 'Inconclusive' },
    { success: 'len(filter(result, # > 0.05)) == 0', result: vector(), phase: 'Inconclusive' },
    { success: 'sum(result) < 5', result: vector(), phase: 'Inconclusive' },
  ],
  'no data passes where it is asked for': [
    { success: 'len(result) == 0', result: vector(), phase: 'Successful' },
    { success: 'len(result) == 0 || result[0] < 0.05', result: vector(), phase: 'Successful' },
    { success: 'result | len() == 0', result: vector(), phase: 'Successful' },
    { failure: 'len(result) > 0 && result[0] > 0.05', result: vector(), phase: 'Successful' },
  ],
  'without a condition there is no gate (stock)': [
    { result: vector(), phase: 'Successful' },
    { result: scalar(NaN), phase: 'Successful' },
  ],
};

describe('judge', () => {
  for (const [name, rows] of Object.entries(cases)) {
    it(name, () => {
      for (const { success, failure, result, phase, message } of rows) {
        const judged = judgeStock({ successCondition: success, failureCondition: failure }, result);
        const what = JSON.stringify({ success, failure, value: result.value });
        assert.equal(judged.phase, phase, `${what}: ${judged.message ?? ''}`);
        if (message !== undefined) assert.match(judged.message ?? '', message, what);
      }
    });
  }
});

describe('asksFor', () => {
  it('reads the condition, not its text', () => {
    assert.ok(!asksFor('result[0] < 1 && "isNaN(result)" != ""', 'nan'));
    assert.ok(!asksFor('result[0] < 1 /* len(result) == 0 */', 'noData'));
    assert.ok(asksFor('[] == result', 'noData'));
    assert.ok(asksFor('(result ?? 0) < 1', 'noData'));
    assert.ok(!asksFor('len(result) == 0', 'nan'));
    assert.ok(!asksFor('((((', 'noData'));
  });
});
