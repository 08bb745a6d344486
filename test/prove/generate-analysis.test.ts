/** The worlds with gates of all kinds: what they are made of, and that the backend answers in the shape that is asked for. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validateMetrics } from '../../src/plan/analysis/validate.ts';
import { resolveMetrics } from '../../src/plan/analysis/resolve.ts';
import type { Argument, Metric } from '../../src/plan/analysis/types.ts';
import { Backend } from './backend.ts';
import { randomHistory } from './generate.ts';
import { ODD_RUNS } from './odd-runs.ts';
import type { Measurement } from './rules/types.ts';
import { SHAPES } from './shapes.ts';

const SEEDS = Array.from({ length: 400 }, (_, seed) => seed);
const HISTORIES = SEEDS.filter((seed) => seed % 4 === 3).map(randomHistory);

describe('worlds with gates of all kinds', () => {
  const templates = HISTORIES.flatMap(({ setup }) =>
    setup.objects.filter(({ kind }) => kind.endsWith('AnalysisTemplate')),
  ).map(({ spec }) => spec as unknown as Partial<{ metrics: Metric[]; args: Argument[] }>);

  it('have metrics that can be measured', () => {
    for (const { metrics = [], args = [] } of templates) {
      const given = args.map((arg) => (arg.name === 'hash' ? { ...arg, value: 'abc' } : arg));
      const resolved = resolveMetrics(metrics, given);
      assert.ok('metrics' in resolved, JSON.stringify(resolved));
      // The one beside them is that of all worlds, some of which ask for more than they can have.
      const odd = resolved.metrics.filter(({ name }) => name !== 'success');
      if (odd.length > 0) assert.equal(validateMetrics(odd), undefined, JSON.stringify(odd));
    }
  });

  it('have every provider, and all runs that no Rollout has made', () => {
    const providers = new Set(
      templates.flatMap(({ metrics = [] }) => metrics.flatMap(({ provider = {} }) => Object.keys(provider))),
    );
    assert.equal(providers.size, 13, [...providers].join(' '));
    const made = new Set(
      HISTORIES.flatMap(({ events }) => events.flatMap((event) => (event.do === 'make' ? event.what : []))),
    );
    for (const { what } of ODD_RUNS) assert.ok(made.has(what), what);
  });
});

describe('the backend', () => {
  const ask = (shape: string, isPlain = false): string => {
    const told: string[] = [];
    const backend = new Backend(
      (): Measurement['truth'] => 'good',
      ({ answer }) => told.push(answer),
      () => 7_200_000,
    );
    backend.isPlain = isPlain;
    const url = `http://prometheus.example.com/api/v1/query?query=x{hash="a",shape="${shape}"}`;
    const answer = backend.answer({ method: 'GET', url, timeoutMs: 1 } as never, 'run');
    assert.ok(typeof answer === 'object');
    return answer.body;
  };

  it('answers each shape in its own way, and plainly once nothing goes wrong any more', () => {
    const plain = ask('plain');
    assert.match(plain, /"value":\[7200,"1"\]/);
    const bodies = SHAPES.map((shape) => ask(shape));
    // `few` counts, from 0.
    assert.equal(new Set(bodies).size, SHAPES.length);
    for (const shape of SHAPES) assert.equal(ask(shape, true), plain);
  });
});
