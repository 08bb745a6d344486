import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { queryFacts, type QueryFacts } from '../../../src/cli/lint/promql.ts';

const DEFAULTS: Record<string, string> = { window: '5m' };
const facts = (query: string): QueryFacts => {
  const found = queryFacts(query, (name) => DEFAULTS[name]);
  return found ?? assert.fail(`nothing is known of ${query}`);
};

describe('facts of a query', () => {
  it('whether its answer may be empty, and may have several series', () => {
    const rows: [string, boolean, boolean][] = [
      ['errors', true, true],
      ['sum(errors)', true, false],
      ['sum by (pod) (errors)', true, true],
      ['sum without (pod) (errors)', true, true],
      ['sum(errors) or vector(0)', false, false],
      ['(sum(errors) or vector(0)) and on() sum(requests) > 0', true, false],
      ['sum(errors) / (sum(requests) > 0)', true, false],
      ['sum(errors) > bool 1', true, false],
      ['vector(1)', false, false],
      ['histogram_quantile(0.9, sum by (le) (rate(x[5m])))', true, false],
      ['histogram_quantile(0.9, sum by (le, pod) (rate(x[5m])))', true, true],
      ['topk(3, errors)', true, true],
      ['absent(errors)', true, false],
      ['-sum(errors)', true, false],
      ['max_over_time(sum(rate(x[1m]))[5m:30s])', true, false],
    ];
    for (const [query, empty, several] of rows) {
      const { mayBeEmpty, mayHaveSeveral, fault } = facts(query);
      assert.deepEqual([mayBeEmpty, mayHaveSeveral, fault], [empty, several, undefined], query);
    }
    assert.equal(facts('scalar(sum(errors))').isScalar, true);
    assert.equal(facts('1 - scalar(sum(errors))').isScalar, true);
    assert.equal(facts('sum(errors)').isScalar, false);
  });

  it('its windows, matchers, divisors and fills', () => {
    const found = facts(
      'sum(rate(errors{hash="{{args.hash}}",code=~"5.."}[{{args.window}}])) / sum(rate(requests{a=\'b\'}[1h30m])) or vector(2)',
    );
    assert.deepEqual(found.windowsMs, [300_000, 5_400_000]);
    assert.deepEqual(found.matchers, [
      { label: 'hash', value: '{{args.hash}}' },
      { label: 'code', value: '5..' },
      { label: 'a', value: 'b' },
    ]);
    assert.deepEqual(found.fills, [2]);
    assert.deepEqual(found.openDivisors, ["sum(rate(requests{a='b'}[1h30m]))"]);
    for (const guarded of [
      '(sum(rate(r[5m])) > 0)',
      'clamp_min(sum(rate(r[5m])), 1)',
      '60',
      'kube_limit',
      '(sum(rate(r[5m])) != 0)',
    ])
      assert.deepEqual(facts(`sum(rate(e[5m])) / ${guarded}`).openDivisors, [], guarded);
    assert.equal(facts('a / (sum(rate(r[5m])) > bool 0)').openDivisors.length, 1);
  });

  it('what is wrong with it, unless an argument may mend it', () => {
    assert.equal(facts('sum(rate(a[5m])').fault, 'it is no PromQL: at its end');
    assert.match(facts('sum(a) sum(b)').fault ?? '', /^it is no PromQL: near /);
    assert.equal(facts(' ').fault, 'it is empty');
    assert.equal(
      queryFacts('{{args.metric}}{a="b"} {{args.rest}}', () => undefined),
      undefined,
    );
    assert.deepEqual(facts('rate(a[{{args.unknown}}])').windowsMs, [], 'a window that nobody knows');
  });
});
