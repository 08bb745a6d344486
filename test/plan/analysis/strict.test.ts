/** The outcomes of their own: what stock, strict and each policy make of them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer, Evidence, MeasuredResult } from '../../../src/plan/analysis/answer.ts';
import { seriesLookedAt } from '../../../src/plan/analysis/asks.ts';
import { judge } from '../../../src/plan/analysis/judge.ts';
import type { Judgement } from '../../../src/plan/analysis/judge.ts';
import { maxAgeOf } from '../../../src/plan/analysis/oddities.ts';
import type { EvidenceMode, EvidencePolicy } from '../../../src/plan/analysis/outcomes.ts';
import { evidenceMode, inheritedMode } from '../../../src/plan/analysis/outcomes.ts';
import type { Metric } from '../../../src/plan/analysis/types.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const vector = (...value: number[]): MeasuredResult => ({ type: 'vector', value });
const scalar = (value: number): MeasuredResult => ({ type: 'scalar', value });
const valued = (result: MeasuredResult, evidence: Evidence = {}): Answer => ({
  kind: 'value',
  value: String(result.value),
  result,
  evidence: { sampledAt: NOW, ...evidence },
});
const down: Answer = { kind: 'error', message: 'connection refused' };
const nothing: Answer = { kind: 'error', message: 'no values found', empty: true };

function judged(
  metric: Partial<Metric>,
  answer: Answer,
  mode: EvidenceMode = 'strict',
  dryRun = false,
): Judgement {
  assert.notEqual(answer.kind, 'pending');
  return judge({ name: 'm', interval: '30s', ...metric }, answer as Exclude<Answer, { kind: 'pending' }>, {
    now: NOW,
    mode,
    dryRun,
  });
}

const shown = ({ phase, held, outcome, weak }: Judgement): string =>
  [held === true ? 'hold' : phase, outcome ?? '', ...(weak ?? []).map((each) => `weak ${each}`)]
    .filter((text) => text !== '')
    .join(' ');

const TABLE: readonly [string, Partial<Metric>, Answer, stock: string, strict: string][] = [
  [
    'a clear value',
    { successCondition: 'result[0] < 1' },
    valued(vector(0.5), { series: 1 }),
    'Successful',
    'Successful',
  ],
  [
    'a clear bad value',
    { successCondition: 'result[0] < 1' },
    valued(vector(5), { series: 1 }),
    'Failed',
    'Failed',
  ],
  ['no answer', { successCondition: 'result[0] < 1' }, down, 'Error providerError', 'hold providerError'],
  ['no answer, no condition', {}, down, 'Error providerError', 'hold providerError'],
  ['an answer with nothing', { successCondition: 'result[0] < 1' }, nothing, 'Error noData', 'hold noData'],
  [
    'no data, all()',
    { successCondition: 'all(result, # < 1)' },
    valued(vector()),
    'Inconclusive noData',
    'hold noData',
  ],
  [
    'no data, result[0]',
    { successCondition: 'result[0] < 1' },
    valued(vector()),
    'Error noData',
    'hold noData',
  ],
  [
    'no data, a failure condition',
    { failureCondition: 'any(result, # > 1)' },
    valued(vector()),
    'Inconclusive noData',
    'hold noData',
  ],
  [
    'no data, asked for',
    { successCondition: 'len(result) == 0' },
    valued(vector()),
    'Successful',
    'Successful',
  ],
  [
    'no data, asked for beside a limit',
    { successCondition: 'len(result) == 0 || result[0] < 0.05' },
    valued(vector()),
    'Successful',
    'Successful',
  ],
  [
    'no data, asked for by the branch that it takes',
    { successCondition: '1 > len(result) ? true : result[0] < 0.05' },
    valued(vector()),
    'Successful',
    'Successful',
  ],
  [
    'no data, asked for by a failure condition that takes anything for a failure',
    { failureCondition: 'len(result) > 0' },
    valued(vector()),
    'Successful',
    'Successful',
  ],
  [
    'no data, a guard',
    { successCondition: 'len(result) > 0 && result[0] < 0.05' },
    valued(vector()),
    'Failed noData',
    'hold noData',
  ],
  [
    'no data, guards in both conditions',
    {
      successCondition: 'len(result) > 0 && result[0] < 0.05',
      failureCondition: 'len(result) > 0 && result[0] >= 0.05',
    },
    valued(vector()),
    'Inconclusive noData',
    'hold noData',
  ],
  [
    'no data, a guard in a failure condition that stands alone',
    { failureCondition: 'len(result) > 0 && result[0] > 0.05' },
    valued(vector()),
    'Successful noData weak noData',
    'hold noData',
  ],
  [
    'no data, two series wanted',
    { successCondition: 'len(result) == 2 && any(result, # < 1)' },
    valued(vector()),
    'Failed',
    'hold noData',
  ],
  [
    'no data, a limit on the number of series',
    { successCondition: 'len(result) < 3 && all(result, # < 1)' },
    valued(vector()),
    'Successful noData weak noData',
    'hold noData',
  ],
  [
    'data, a guard',
    { successCondition: 'len(result) > 0 && result[0] < 0.05' },
    valued(vector(0.9), { series: 1 }),
    'Failed',
    'Failed',
  ],
  ['no data, no condition', {}, valued(vector()), 'Successful noData weak noData', 'hold noData'],
  [
    'no data, a condition that looks at nothing',
    { successCondition: 'true' },
    valued(vector()),
    'Successful',
    'hold noData',
  ],
  [
    'no data, a condition that is wrong',
    { successCondition: 'result +' },
    valued(vector()),
    'Error',
    'Error',
  ],
  [
    'lists without values',
    { successCondition: 'all(result[0].Values, # < 1)' },
    valued({ type: 'json', value: [{ Values: [] }] }, { series: 0 }),
    'Inconclusive noData',
    'hold noData',
  ],
  [
    'null',
    { successCondition: 'default(result, 0) < 1' },
    valued({ type: 'pointer', value: null }),
    'Successful',
    'Successful',
  ],
  ['NaN', { failureCondition: 'result > 1' }, valued(scalar(NaN)), 'Inconclusive nan', 'hold nan'],
  ['NaN that fails', { successCondition: 'result < 1' }, valued(scalar(NaN)), 'Failed nan', 'hold nan'],
  [
    'NaN, asked for',
    { successCondition: 'isNaN(result) || result < 1' },
    valued(scalar(NaN)),
    'Successful',
    'Successful',
  ],
  [
    'NaN, a guard',
    { successCondition: 'not isNaN(result[0]) && result[0] < 1' },
    valued(vector(NaN)),
    'Failed nan',
    'hold nan',
  ],
  [
    'NaN, a guard in a failure condition that stands alone',
    { failureCondition: '!isNaN(result[0]) && result[0] > 1' },
    valued(vector(NaN)),
    'Successful nan weak nan',
    'hold nan',
  ],
  [
    'nothing but NaN, filtered',
    { successCondition: 'all(filter(result, !isNaN(#)), # < 1)' },
    valued(vector(NaN)),
    'Successful nan weak nan',
    'hold nan',
  ],
  [
    'NaN and infinity, of which one is asked for',
    { successCondition: 'isNaN(result[0]) || result[0] < 1' },
    valued(vector(NaN, Infinity), { series: 1 }),
    'Inconclusive nan',
    'hold nan',
  ],
  ['NaN, no condition', {}, valued(scalar(NaN)), 'Successful nan weak nan', 'hold nan'],
  [
    'NaN beside a bad value',
    { failureCondition: 'any(result, # > 1)' },
    valued(vector(NaN, 5)),
    'Failed',
    'Failed',
  ],
  [
    'NaN beside a good value that is looked at',
    { successCondition: 'result[0] < 1' },
    valued(vector(0.1, NaN), { series: 1 }),
    'Successful',
    'Successful',
  ],
  [
    'infinity that passes',
    { successCondition: 'result > 1' },
    valued(scalar(Infinity)),
    'Successful nan weak nan',
    'hold nan',
  ],
  [
    'infinity that fails',
    { successCondition: 'result < 1' },
    valued(scalar(Infinity)),
    'Failed nan',
    'hold nan',
  ],
  [
    'infinity, asked for',
    { successCondition: 'isInf(result) || result < 1' },
    valued(scalar(Infinity)),
    'Successful',
    'Successful',
  ],
  [
    'two series, one looked at',
    { successCondition: 'result[0] < 1' },
    valued(vector(0.1, 9), { series: 2 }),
    'Successful multipleSeries weak multipleSeries',
    'hold multipleSeries',
  ],
  [
    'two series, both looked at',
    { successCondition: 'result[0] < 1 && result[1] < 1' },
    valued(vector(0.1, 0.2), { series: 2 }),
    'Successful',
    'Successful',
  ],
  [
    'two series, all looked at',
    { successCondition: 'all(result, # < 1)' },
    valued(vector(0.1, 0.2), { series: 2 }),
    'Successful',
    'Successful',
  ],
  [
    'two series of which the result holds one',
    { successCondition: 'all(result, # < 1)' },
    valued(vector(0.1), { series: 2, used: 1 }),
    'Successful multipleSeries weak multipleSeries',
    'hold multipleSeries',
  ],
  [
    'two series, one looked at and bad',
    { successCondition: 'result[0] < 1' },
    valued(vector(5, 9), { series: 2 }),
    'Failed multipleSeries',
    'hold multipleSeries',
  ],
  [
    'an old sample',
    { successCondition: 'result < 1' },
    valued(scalar(0.1), { sampledAt: NOW - 600_000 }),
    'Successful staleSample weak staleSample',
    'hold staleSample',
  ],
  [
    'an old sample, bad',
    { successCondition: 'result < 1' },
    valued(scalar(5), { sampledAt: NOW - 600_000 }),
    'Failed staleSample',
    'hold staleSample',
  ],
  [
    'a sample of one interval ago',
    { successCondition: 'result < 1' },
    valued(scalar(0.1), { sampledAt: NOW - 45_000 }),
    'Successful',
    'Successful',
  ],
];

describe('stock and strict', () => {
  for (const [name, metric, answer, stock, strict] of TABLE)
    it(name, () => {
      assert.equal(shown(judged(metric, answer, 'stock')), stock, 'stock');
      assert.equal(shown(judged(metric, answer, 'strict')), strict, 'strict');
    });

  it('strict promotes on nothing that stock calls weak or refuses', () => {
    for (const [name, metric, answer, stock] of TABLE)
      if (/weak|^Inconclusive/.test(stock))
        assert.notEqual(judged(metric, answer, 'strict').phase, 'Successful', name);
  });

  it('a policy of the metric stands over a guard in either mode', () => {
    const successCondition = 'len(result) > 0 && result[0] < 0.05';
    for (const [policy, phase] of [
      ['hold', 'hold'],
      ['fail', 'Failed'],
      ['pass', 'Successful'],
    ] as const)
      for (const mode of ['stock', 'strict'] as const) {
        const metric: Partial<Metric> = { successCondition, evidence: { noData: policy } };
        assert.equal(shown(judged(metric, valued(vector()), mode)), `${phase} noData`);
      }
  });

  it('a metric that runs dry is judged as stock has it and holds nothing', () => {
    assert.equal(shown(judged({}, down, 'strict', true)), 'Error providerError');
    assert.equal(
      shown(judged({ evidence: { providerError: 'hold' } }, down, 'stock', true)),
      'Inconclusive providerError',
    );
  });

  it('too few requests hold in either mode', () => {
    const thin: Answer = { kind: 'thin', message: 'too few', evidence: { samples: 3 } };
    assert.equal(shown(judged({}, thin, 'stock')), 'hold fewSamples');
    assert.equal(shown(judged({}, thin, 'strict')), 'hold fewSamples');
  });

  it('the verdict of a provider stands', () => {
    const verdict: Answer = { kind: 'verdict', phase: 'Failed', message: 'worse' };
    assert.deepEqual(judged({}, verdict), { phase: 'Failed', message: 'worse', decidedBy: 'provider' });
  });
});

describe('policies', () => {
  const odd: Record<string, [Partial<Metric>, Answer]> = {
    providerError: [{ successCondition: 'result < 1' }, down],
    noData: [{ successCondition: 'all(result, # < 1)' }, valued(vector())],
    nan: [{ successCondition: 'result < 1' }, valued(scalar(NaN))],
    staleSample: [{ successCondition: 'result < 1' }, valued(scalar(0.1), { sampledAt: NOW - 600_000 })],
    multipleSeries: [{ successCondition: 'result[0] < 1' }, valued(vector(0.1, 9), { series: 2 })],
  };
  const wanted: Record<EvidencePolicy, string> = {
    hold: 'hold',
    inconclusive: 'Inconclusive',
    fail: 'Failed',
    pass: 'Successful',
  };
  for (const [outcome, [metric, answer]] of Object.entries(odd))
    it(`${outcome} means what the metric says, in either mode`, () => {
      for (const [policy, phase] of Object.entries(wanted))
        for (const mode of ['stock', 'strict'] as const) {
          const verdict = judged({ ...metric, evidence: { [outcome]: policy } }, answer, mode);
          assert.equal(shown(verdict), `${phase} ${outcome}`, `${policy} in ${mode}`);
          assert.notEqual(verdict.decidedBy, undefined);
        }
    });

  it('pass still judges what there is', () => {
    const any: Partial<Metric> = { successCondition: 'all(result, # < 1)', evidence: { nan: 'pass' } };
    assert.equal(judged(any, valued(vector(NaN, 0.2))).phase, 'Successful');
    assert.equal(judged(any, valued(vector(NaN, 5))).phase, 'Failed');
    const stale: Partial<Metric> = { successCondition: 'result < 1', evidence: { staleSample: 'pass' } };
    assert.equal(judged(stale, valued(scalar(5), { sampledAt: 0 })).phase, 'Failed');
  });
});

describe('what is looked at', () => {
  it('counts the places of the list that a condition names', () => {
    assert.equal(seriesLookedAt('result[0] < 1'), 1);
    assert.equal(seriesLookedAt('result[0] < 1 || result[0] > 3'), 1);
    assert.equal(seriesLookedAt('result[0] < result[1]'), 2);
    assert.equal(seriesLookedAt('first(result) < 1'), 1);
    assert.equal(seriesLookedAt('last(result) < 1 && result[-1] > 0'), 1);
    assert.equal(seriesLookedAt('all(result, # < 1)'), Infinity);
    assert.equal(seriesLookedAt('len(result) == 1 && result[0] < 1'), Infinity);
    assert.equal(seriesLookedAt('true'), 0);
  });

  it('takes twice the interval for the age of a sample, a minute at least', () => {
    assert.equal(maxAgeOf({ interval: '10s', provider: {} }), 60_000);
    assert.equal(maxAgeOf({ interval: '5m', provider: {} }), 600_000);
    assert.equal(maxAgeOf({ provider: {} }), 300_000);
    assert.equal(maxAgeOf({ interval: '5m', evidence: { maxAge: '30s' }, provider: {} }), 30_000);
    const range = { prometheus: { rangeQuery: { step: '1m' } } };
    assert.equal(maxAgeOf({ interval: '1m', provider: range }), 180_000);
  });
});

describe('evidenceMode', () => {
  const of = (text?: string) => ({
    metadata: text === undefined ? {} : { annotations: { 'sluice.dev/evidence': text } },
  });
  it('is what the run says, and else the flag', () => {
    assert.equal(evidenceMode(of('strict'), 'stock'), 'strict');
    assert.equal(evidenceMode(of('stock'), 'strict'), 'stock');
    assert.equal(evidenceMode(of(), 'strict'), 'strict');
    assert.equal(evidenceMode(of('Sturdy'), 'stock'), 'stock');
  });
  it('is strict where the Rollout or any template is', () => {
    assert.equal(inheritedMode([of(), of('strict')]), 'strict');
    assert.equal(inheritedMode([of('stock'), of('strict')]), 'strict');
    assert.equal(inheritedMode([of('stock'), of()]), 'stock');
    assert.equal(inheritedMode([of(), of()]), undefined);
  });
});
