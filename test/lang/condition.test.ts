import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkCondition, evaluateConditions, evaluateTimeExpression } from '../../src/lang/condition.ts';
import { ExpressionError } from '../../src/lang/expr/index.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);

const outcome = (successCondition?: string, failureCondition?: string) =>
  evaluateConditions({ result: 0.95, resultType: 'scalar', successCondition, failureCondition, nowMs });

describe('evaluateConditions', () => {
  it('follows the table of spec 05 section 7', () => {
    assert.deepEqual(outcome(), { phase: 'Successful' });
    assert.deepEqual(outcome('', ''), { phase: 'Successful' });
    assert.deepEqual(outcome('result > 0.9'), { phase: 'Successful', decidedBy: 'successCondition' });
    assert.deepEqual(outcome('result > 1'), { phase: 'Failed', decidedBy: 'successCondition' });
    assert.deepEqual(outcome(undefined, 'result > 0.9'), { phase: 'Failed', decidedBy: 'failureCondition' });
    assert.deepEqual(outcome(undefined, 'result > 1'), {
      phase: 'Successful',
      decidedBy: 'failureCondition',
    });
    assert.deepEqual(outcome('result > 0', 'result > 0.9'), {
      phase: 'Failed',
      decidedBy: 'failureCondition',
    });
    assert.deepEqual(outcome('result > 0.9', 'result > 1'), {
      phase: 'Successful',
      decidedBy: 'successCondition',
    });
    assert.deepEqual(outcome('result > 1', 'result < 0'), { phase: 'Inconclusive' });
  });

  it('lets an error in either condition win', () => {
    assert.equal(outcome('result > 0.9', 'result.x').phase, 'Error');
    assert.equal(
      outcome('nope', 'result > 0.9').error,
      'could not evaluate successCondition "nope": unknown name nope',
    );
  });

  it('hides the reason of an error where there is no data, as the reference does', () => {
    for (const result of [null, []]) {
      const { error } = evaluateConditions({
        result,
        resultType: 'json',
        failureCondition: 'result[0] > 1',
        nowMs,
      });
      assert.match(
        error ?? '',
        /^could not evaluate failureCondition "result\[0\] > 1": metric result is nil or empty/,
      );
    }
    const empty = { result: [], resultType: 'vector' as const, nowMs };
    assert.equal(evaluateConditions({ ...empty, successCondition: 'len(result) == 0' }).phase, 'Successful');
    assert.equal(evaluateConditions({ ...empty, successCondition: 'isNil(result)' }).phase, 'Failed');
  });

  it('takes the time from its input', () => {
    const successCondition = 'now() == date("2026-01-01T12:00:00Z")';
    assert.equal(outcome(successCondition).phase, 'Successful');
  });

  it('answers a value that is none with an error', () => {
    const { phase, error } = evaluateConditions({
      result: ['1'],
      resultType: 'vector',
      successCondition: 'true',
      nowMs,
    });
    assert.deepEqual(
      [phase, error],
      ['Error', 'could not read the measured value: a vector is a list of numbers'],
    );
  });
});

describe('checkCondition', () => {
  it('accepts what may fit some result', () => {
    for (const source of [
      'result > 0.95',
      'result[0] >= 0.95 && all(result, # < 1)',
      'result.data.ok == true',
      'len(result) == 0 || result[0] < 1',
      'result',
      'default(result, 0) < 1',
      'result | filter(.v > 1) | len() == 0',
    ]) {
      assert.equal(checkCondition(source), undefined, source);
    }
  });

  it('points at what is wrong', () => {
    const fault = checkCondition('result > 0.9 &&\n  rslt < 1');
    assert.deepEqual(fault?.position, { offset: 18, line: 2, column: 3 });
    assert.equal(fault?.message, 'unknown name rslt (line 2, column 3)\n  rslt < 1\n..^');
    assert.match(checkCondition('result >')?.message ?? '', /^unexpected token EOF \(line 1, column 8\)/);
    assert.match(checkCondition('result matches "("')?.message ?? '', /missing closing \)/);
    assert.match(checkCondition('isNaN("a")')?.message ?? '', /cannot use string as argument/);
  });

  it('refuses what is never a bool', () => {
    assert.match(checkCondition('result > 1 ? 1 : 2')?.message ?? '', /always of type int/);
    assert.match(checkCondition('nil')?.message ?? '', /always of type nil/);
  });
});

describe('evaluateTimeExpression', () => {
  it('gives instants in ms', () => {
    assert.equal(evaluateTimeExpression('now()', nowMs), nowMs);
    assert.equal(evaluateTimeExpression('now() - duration("1h")', nowMs), nowMs - 3_600_000);
    assert.equal(evaluateTimeExpression('date("2026-01-01")', nowMs), Date.UTC(2026, 0, 1));
    assert.equal(evaluateTimeExpression('now() + duration("1.5ms")', nowMs), nowMs + 1.5);
  });

  it('refuses anything else', () => {
    assert.throws(() => evaluateTimeExpression('"now"', nowMs), {
      message: 'expected time.Time, but got string',
    });
    assert.throws(() => evaluateTimeExpression('result', nowMs), { message: 'unknown name result' });
    assert.throws(() => evaluateTimeExpression('nil', nowMs), {
      message: 'expected time.Time, but got <nil>',
    });
    assert.throws(() => evaluateTimeExpression('duration("x")', nowMs), ExpressionError);
  });
});
