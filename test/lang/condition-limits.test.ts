import assert from 'node:assert/strict';
import { it } from 'node:test';
import { limitsIn, limitText } from '../../src/lang/condition-limits.ts';

it('the limits of a condition are read where they stand', () => {
  const rows: [string | undefined, string[]][] = [
    ['result[0] < 0.05', ['< 0.05']],
    ['0.95 <= result[0]', ['>= 0.95']],
    ['result >= 1 && result <= 2', ['>= 1', '<= 2']],
    ['all(result, # > -1.5)', ['> -1.5']],
    ['none(result, # > 3)', ['<= 3']],
    ['!(result[0] > 3)', ['<= 3']],
    ['not (not (result == 3))', ['== 3']],
    ['default(result, 0) < 5', ['< 5']],
    ['asFloat(result.errors) <= 2', ['<= 2']],
    ['len(result) > 0 && count(result, # > 1) == 0', ['> 1']],
    ['result[0] < limit', []],
    ['result == "ok"', []],
    ['result[', []],
    ['', []],
    [undefined, []],
  ];
  for (const [condition, limits] of rows)
    assert.deepEqual(limitsIn(condition).map(limitText), limits, condition);
});
