import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DatadogMetric } from '../../src/api/metric-provider.ts';
import { answering, bodyOf, contextOf, measure, messageOf, NOW, secretsIn, valueOf } from './support.ts';
import type { ScriptedHttp, SecretsByName } from './support.ts';

const KEYS = { 'api-key': 'api-0123', 'app-key': 'app-4567' };
const SECRETS: SecretsByName = { 'sluice/datadog': { ...KEYS, address: 'https://dd.example/' } };

const ask = (
  datadog: DatadogMetric,
  http: ScriptedHttp,
  more: { secrets?: SecretsByName; env?: Record<string, string> } = {},
) =>
  measure({ datadog }, contextOf({ http, env: more.env ?? {}, secrets: secretsIn(more.secrets ?? SECRETS) }));

const seconds = Math.floor(NOW / 1000);
const series = (pointlist: unknown) => ({ series: [{ pointlist }] });
const columns = (...given: unknown[]) => ({ data: { attributes: { columns: given } } });
const numbers = (...values: unknown[]) => ({ type: 'number', name: 'a', values });

describe('datadog: requests', () => {
  it('v1 asks by GET with seconds', async () => {
    const http = answering(series([[1, 2]]));
    await ask({ query: 'avg:load{a:b} by {c}', interval: '1m30s' }, http);
    const { method, url, headers, timeoutMs } = http.last;
    const { origin, pathname, searchParams } = new URL(url);
    assert.deepEqual(
      [method, origin + pathname, Object.fromEntries(searchParams)],
      [
        'GET',
        'https://dd.example/api/v1/query',
        { query: 'avg:load{a:b} by {c}', from: String(seconds - 90), to: String(seconds) },
      ],
    );
    assert.equal(headers?.['dd-api-key'], 'api-0123');
    assert.equal(headers?.['dd-application-key'], 'app-4567');
    assert.equal(timeoutMs, 10_000);
  });

  it('v2 asks by POST with milliseconds', async () => {
    const http = answering(columns(numbers(1)));
    await ask({ apiVersion: 'v2', query: 'sum:x{*}', requestTimeout: '3s' }, http);
    assert.equal(http.last.url, 'https://dd.example/api/v2/query/scalar');
    assert.equal(http.last.timeoutMs, 3_000);
    assert.deepEqual(bodyOf(http.last), {
      data: {
        type: 'scalar_request',
        attributes: {
          from: (seconds - 300) * 1000,
          to: seconds * 1000,
          queries: [{ aggregator: 'last', data_source: 'metrics', name: 'query', query: 'sum:x{*}' }],
          formulas: [],
        },
      },
    });
  });

  it('v2 with several queries and a formula', async () => {
    const http = answering(columns(numbers(1)));
    const queries = { b: 'sum:b{*}', a: 'sum:a{*}' };
    await ask({ apiVersion: 'v2', queries, formula: 'a / b', aggregator: 'avg' }, http);
    const { attributes } = (bodyOf(http.last) as { data: { attributes: Record<string, unknown> } }).data;
    assert.deepEqual(attributes['formulas'], [{ formula: 'a / b' }]);
    assert.deepEqual(attributes['queries'], [
      { aggregator: 'avg', data_source: 'metrics', name: 'a', query: 'sum:a{*}' },
      { aggregator: 'avg', data_source: 'metrics', name: 'b', query: 'sum:b{*}' },
    ]);
  });

  const review = 'Please review the Analysis Template.';
  const bad: [DatadogMetric, string][] = [
    [{}, `Must have either a query or queries. ${review}`],
    [{ query: 'q', queries: { a: 'q' } }, `Cannot have both a query and queries. ${review}`],
    [
      { queries: { a: 'q' } },
      'Query is empty. API Version v1 only supports using the query parameter in your Analysis Template.',
    ],
    [
      { apiVersion: 'v2', query: 'q', formula: 'f' },
      `Formula are only valid when queries are set. ${review}`,
    ],
    [
      { apiVersion: 'v2', queries: { a: 'q', b: 'q' } },
      'When multiple queries are provided you must include a formula.',
    ],
    [{ query: 'q', aggregator: 'avg' }, `Aggregator is not supported in v1. ${review}`],
    [{ query: 'q', interval: '5x' }, 'time: unknown unit "x" in duration "5x"'],
    [{ query: 'q', requestTimeout: '0s' }, 'requestTimeout must be more than zero'],
    [{ query: 'q', requestTimeout: '-1s' }, 'requestTimeout must be more than zero'],
  ];
  for (const [metric, text] of bad)
    it(`refuses ${JSON.stringify(metric)}`, async () => {
      const http = answering({});
      assert.equal(messageOf(await ask(metric, http)), text);
      assert.equal(http.asked.length, 0);
    });
});

describe('datadog: credentials', () => {
  const query = { query: 'q' };
  const env = { DD_API_KEY: 'env-api-key', DD_APP_KEY: 'env-app-key', DD_ADDRESS: '' };
  const NONE = 'failed to find the credentials for datadog metrics provider';
  const named = (name: string, namespaced = false) => ({ ...query, secretRef: { name, namespaced } });
  const rows: [string, DatadogMetric, SecretsByName, Record<string, string>, string][] = [
    ['the environment goes before the default Secret', query, SECRETS, env, 'env-api-key'],
    ['an incomplete environment is none', query, SECRETS, { DD_API_KEY: 'x', DD_APP_KEY: 'y' }, 'api-0123'],
    ['a named Secret', named('dd'), { 'sluice/dd': KEYS }, env, 'api-0123'],
    ["a Secret of the run's namespace", named('dd', true), { 'ns/dd': KEYS }, env, 'api-0123'],
    ['no Secret', query, {}, {}, `${NONE}: secrets "datadog" not found`],
    ["not the run's namespace", named('dd'), { 'ns/dd': KEYS }, env, `${NONE}: secrets "dd" not found`],
    [
      "not the controller's",
      named('dd', true),
      { 'sluice/dd': KEYS },
      env,
      `${NONE}: secrets "dd" not found`,
    ],
    ['half a Secret', query, { 'sluice/datadog': { 'api-key': 'x' } }, {}, NONE],
    [
      'namespaced without a name',
      { ...query, secretRef: { namespaced: true } },
      SECRETS,
      env,
      'secret name is required for namespaced credentials',
    ],
  ];
  for (const [name, metric, secrets, variables, expected] of rows)
    it(name, async () => {
      const http = answering(series([[1, 2]]));
      const outcome = await ask(metric, http, { secrets, env: variables });
      if (outcome.kind === 'error') assert.equal(outcome.message, expected);
      else assert.equal(http.last.headers?.['dd-api-key'], expected);
    });

  it("goes to Datadog's own address where none is given", async () => {
    const http = answering(series([[1, 2]]));
    await ask(query, http, { env });
    assert.match(http.last.url, /^https:\/\/api\.datadoghq\.com\/api\/v1\/query\?/);
  });

  it('repeats no key that the answer repeats', async () => {
    const outcome = await ask(query, answering('key api-0123 and app-4567 are wrong', 403));
    assert.equal(
      messageOf(outcome),
      'received authentication error response code: 403 key ***** and ***** are wrong',
    );
  });

  it('says so where no Secrets can be read', async () => {
    const outcome = await measure({ datadog: query }, contextOf({ http: answering({}) }));
    assert.match(messageOf(outcome), /^this process may not read the Secrets/);
  });
});

describe('datadog: v1 answers', () => {
  const at = 1767268800000;
  const rows: [string, unknown, unknown, string][] = [
    [
      'the last point',
      series([
        [at - 1, 1],
        [at, 0.0000012],
      ]),
      { type: 'scalar', value: 0.0000012 },
      '0.0000012',
    ],
    [
      'of the first series',
      { series: [{ pointlist: [[at, 1]] }, { pointlist: [[at, 2]] }] },
      { type: 'scalar', value: 1 },
      '1',
    ],
    ['no series', { series: [] }, { type: 'pointer', value: null }, '[]'],
    ['no list of series', {}, { type: 'pointer', value: null }, 'null'],
    ['no points', series([]), { type: 'pointer', value: null }, '[{"pointlist":[]}]'],
    ['a point without a value', series([[at, null]]), { type: 'pointer', value: null }, 'null'],
  ];
  for (const [name, answer, result, value] of rows)
    it(name, async () => {
      const outcome = valueOf(await ask({ query: 'q' }, answering(answer)));
      assert.deepEqual([outcome.result, outcome.value], [result, value]);
    });

  it('counts series and dates the sample', async () => {
    const { evidence } = valueOf(await ask({ query: 'q' }, answering(series([[at, 1]]))));
    assert.deepEqual(evidence, { series: 1, used: 1, sampledAt: at, latencyMs: 0 });
  });

  const faults: [unknown, number, string][] = [
    [series([[1]]), 200, 'Datapoint does not have 2 values'],
    ['no', 401, 'received authentication error response code: 401 no'],
    ['made', 201, 'received non 2xx response code: 201 made'],
    [{ errors: ['bad', 'query'] }, 200, 'There were errors in your query: bad, query'],
    [{ data: { errors: 'worse' } }, 200, 'There were errors in your query: worse'],
  ];
  for (const [answer, status, text] of faults)
    it(text, async () => assert.equal(messageOf(await ask({ query: 'q' }, answering(answer, status))), text));
});

describe('datadog: v2 answers', () => {
  const v2: DatadogMetric = { apiVersion: 'v2', query: 'q' };
  const groups = (...values: unknown[]) => ({ type: 'group', name: 'host', values });

  it('one number', async () => {
    const outcome = valueOf(await ask(v2, answering(columns(numbers(0.5)))));
    assert.deepEqual([outcome.result, outcome.value], [{ type: 'scalar', value: 0.5 }, '0.5']);
    assert.equal(outcome.metadata, undefined);
  });

  for (const [name, answer] of [
    ['no columns', columns()],
    ['no values', columns(numbers())],
    ['null', columns(numbers(null))],
    ['no data', {}],
    ['groups of null only', columns(groups(['a']), numbers(null))],
  ] as const)
    it(`${name}: nothing`, async () => {
      const outcome = valueOf(await ask(v2, answering(answer)));
      assert.deepEqual([outcome.result, outcome.value], [{ type: 'pointer', value: null }, '[]']);
    });

  it('groups, without those that have no number', async () => {
    const answer = columns(groups(['a'], ['b'], ['c']), numbers(1, null, 2.5));
    const outcome = valueOf(await ask(v2, answering(answer)));
    assert.deepEqual(
      [outcome.result, outcome.value, outcome.metadata],
      [
        { type: 'vector', value: [1, 2.5] },
        '[1,2.5]',
        { groups: '[{"name":"a","value":1},{"name":"c","value":2.5}]' },
      ],
    );
  });

  it('of many groups the lowest and the highest are named, all are judged', async () => {
    const values = Array.from({ length: 150 }, (_, index) => (index * 7) % 150);
    const answer = columns(groups(...values.map((value) => [`g${value}`])), numbers(...values));
    const outcome = valueOf(await ask(v2, answering(answer)));
    assert.equal((outcome.result.value as number[]).length, 150);
    assert.equal(outcome.metadata?.['groups_truncated'], 'true');
    const named = (JSON.parse(outcome.metadata?.['groups'] ?? '') as { name: string; value: number }[]).map(
      ({ value }) => value,
    );
    assert.deepEqual(named, [
      ...Array.from({ length: 50 }, (_, index) => index),
      ...Array.from({ length: 50 }, (_, index) => 100 + index),
    ]);
  });
});
