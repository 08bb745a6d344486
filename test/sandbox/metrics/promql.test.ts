import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PromqlError } from '../../../src/sandbox/metrics/promql/errors.ts';
import { evaluate } from '../../../src/sandbox/metrics/promql/evaluate.ts';
import type { Value } from '../../../src/sandbox/metrics/promql/value.ts';
import { parsePromql } from '../../../src/sandbox/metrics/promql/parse.ts';
import { answerQuery } from '../../../src/sandbox/metrics/query-api.ts';
import { formatLabels, Registry } from '../../../src/sandbox/metrics/registry.ts';
import { SeriesStore } from '../../../src/sandbox/metrics/series.ts';
import { EVAL_MS, filledStore, INPUT, INTERVAL_MS, QUERIES } from './promql-table.ts';

const ask = (query: string, store = filledStore(), t = EVAL_MS): Value =>
  evaluate(parsePromql(query), store, t);

function metricName(labels: Readonly<Record<string, string>>): string {
  const { __name__: name, ...rest } = labels;
  const text = formatLabels(rest);
  return name === undefined ? text || '{}' : `${name}${text}`;
}

const values = (query: string): Record<string, number> => {
  const value = ask(query);
  assert.equal(value.type, 'vector');
  return value.type === 'vector'
    ? Object.fromEntries(value.elements.map((element) => [metricName(element.labels), element.value]))
    : {};
};

describe('promql', () => {
  it('takes the newest sample within five minutes', () => {
    assert.deepEqual(values('req{svc="a"}'), {
      'req{code="200",svc="a"}': 120,
      'req{code="500",svc="a"}': 6,
    });
    assert.deepEqual(ask('req', filledStore(), 60_000 + 5 * 60_000), { type: 'vector', elements: [] });
  });

  it('computes a ratio of rates as a gate asks for it', () => {
    const { '{}': ratio } = values('sum(rate(req{svc="a",code="500"}[40s])) / sum(rate(req{svc="a"}[40s]))');
    // In 40 s code 500 rises by 4 from 3 to 6 sampled (extrapolated), code 200 by 70: the ratio needs no extrapolation.
    assert.ok(ratio !== undefined && Math.abs(ratio - 4 / 74) < 0.01, String(ratio));
  });

  it('handles counter resets', () => {
    const { '{code="200",svc="b"}': rise } = values('increase(req{svc="b"}[1m])');
    assert.ok(rise !== undefined && rise > 20 && rise < 26, String(rise));
  });

  it('answers an empty vector for what is not there, and NaN for 0/0', () => {
    assert.deepEqual(values('sum(nothing) / sum(req)'), {});
    assert.deepEqual(values('vector(0) / vector(0)'), { '{}': NaN });
  });

  it('forgets a series that is missing from the last scrape', () => {
    const store = new SeriesStore();
    store.append(0, [{ name: 'x', labels: { pod: 'a' }, value: 1 }], { job: 'pods' });
    store.append(5000, [{ name: 'x', labels: { pod: 'b' }, value: 1 }], { job: 'pods' });
    store.append(5000, [{ name: 'y', labels: {}, value: 1 }], { job: 'proxy' });
    const value = ask('x', store, 6000);
    assert.deepEqual(value.type === 'vector' && value.elements.map(({ labels }) => labels['pod']), ['b']);
  });

  it('refuses what it cannot do, and never makes a number up', () => {
    for (const [query, type] of [
      ['rate(req[5m:1m])', 'execution'],
      ['req @ 5', 'execution'],
      ['predict_linear(req[1m], 5)', 'execution'],
      ['count_values("v", req)', 'execution'],
      ['req * on (svc) group_left limit', 'execution'],
      ['sum(', 'bad_data'],
      ['', 'bad_data'],
      ['{}', 'bad_data'],
      ['req{code=~"("}', 'bad_data'],
      ['req[1m]', 'bad_data'],
      ['1 > 2', 'bad_data'],
      ['rate(req)', 'bad_data'],
      ['req / on (svc) req', 'execution'],
    ] as const) {
      assert.throws(
        () => ask(query),
        (error) => error instanceof PromqlError && error.type === type,
        query,
      );
    }
  });

  it('speaks the shape of the HTTP API', () => {
    const store = filledStore();
    const get = (path: string, query: Record<string, string>): unknown =>
      answerQuery(path, new URLSearchParams(query), store, EVAL_MS).body;
    assert.deepEqual(get('/api/v1/query', { query: 'limit', time: '62' }), {
      status: 'success',
      data: {
        resultType: 'vector',
        result: [{ metric: { __name__: 'limit', room: 'x' }, value: [62, '5'] }],
      },
    });
    assert.deepEqual(get('/api/v1/query', { query: '1/0' }), {
      status: 'success',
      data: { resultType: 'scalar', result: [62, '+Inf'] },
    });
    assert.deepEqual(get('/api/v1/query_range', { query: 'limit', start: '0', end: '10', step: '5s' }), {
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: { __name__: 'limit', room: 'x' },
            values: [
              [0, '5'],
              [5, '5'],
              [10, '5'],
            ],
          },
        ],
      },
    });
    const wrong = answerQuery('/api/v1/query', new URLSearchParams({ query: 'sum(' }), store, 0);
    assert.equal(wrong.status, 400);
    assert.equal((wrong.body as { errorType: string }).errorType, 'bad_data');
    assert.equal(answerQuery('/api/v1/series', new URLSearchParams(), store, 0).status, 404);
  });

  it('exposes counters and histograms as Prometheus reads them', () => {
    const registry = new Registry();
    registry.counter('c_total', 'A counter.')({ path: 'a"b\\c\nd' }, 2);
    registry.histogram('d_seconds', 'A histogram.', [0.1, 1])({}, 0.5);
    assert.equal(
      registry.exposition(),
      [
        '# HELP c_total A counter.',
        '# TYPE c_total counter',
        'c_total{path="a\\"b\\\\c\\nd"} 2',
        '# HELP d_seconds A histogram.',
        '# TYPE d_seconds histogram',
        'd_seconds_bucket{le="0.1"} 0',
        'd_seconds_bucket{le="1"} 1',
        'd_seconds_bucket{le="+Inf"} 1',
        'd_seconds_sum 0.5',
        'd_seconds_count 1',
        '',
      ].join('\n'),
    );
  });
});

describe('promql against promtool', () => {
  const present = spawnSync('promtool', ['--version']).error === undefined;
  it(
    'agrees on every query of the table',
    { skip: present ? false : 'promtool (Debian: prometheus) is not on the PATH' },
    () => {
      const dir = mkdtempSync(join(tmpdir(), 'sluice-promql-'));
      try {
        const tests = QUERIES.map((query) => {
          const value = ask(query);
          const samples =
            value.type === 'vector'
              ? value.elements.map((element) => ({
                  labels: metricName(element.labels),
                  value: element.value,
                }))
              : [{ labels: '{}', value: value.type === 'scalar' ? value.value : NaN }];
          return { expr: query, eval_time: `${EVAL_MS / 1000}s`, exp_samples: samples };
        });
        const file = join(dir, 'test.yaml');
        const series = INPUT.map(({ name, labels, values: list }) => ({
          series: name + formatLabels(labels),
          values: list.join(' '),
        }));
        // JSON is YAML. promtool compares to six digits.
        writeFileSync(
          file,
          JSON.stringify({
            evaluation_interval: '1s',
            tests: [{ interval: `${INTERVAL_MS / 1000}s`, input_series: series, promql_expr_test: tests }],
          }),
        );
        const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], {
          encoding: 'utf8',
        });
        assert.equal(status, 0, `${stdout}\n${stderr}`);
        assert.ok(QUERIES.length >= 60);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
  );
});
