import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MetricProvider } from '../../src/api/metric-provider.ts';
import {
  answering,
  bodyOf,
  contextOf,
  measure,
  messageOf,
  providerOf,
  secretsIn,
  valueOf,
} from './support.ts';
import type { ScriptedHttp } from './support.ts';

const PROFILE = { 'personal-api-key': 'NRAK-1234', 'account-id': '42' };
const nerdgraph = (results: unknown) => ({ data: { actor: { account: { nrql: { results } } } } });

const askNewRelic = (
  newRelic: NonNullable<MetricProvider['newRelic']>,
  http: ScriptedHttp,
  profile: Record<string, string> = PROFILE,
) =>
  measure(
    { newRelic },
    contextOf({ http, secrets: secretsIn({ 'sluice/newrelic': profile, 'sluice/other': profile }) }),
  );

describe('newRelic: requests', () => {
  it('asks NerdGraph for the account of the profile', async () => {
    const http = answering(nerdgraph([{ a: 1 }]));
    await askNewRelic({ query: 'SELECT 1', profile: 'other' }, http);
    assert.equal(http.last.url, 'https://api.newrelic.com/graphql');
    assert.equal(http.last.method, 'POST');
    assert.equal(http.last.headers?.['api-key'], 'NRAK-1234');
    const { query, variables } = bodyOf(http.last) as { query: string; variables: unknown };
    assert.match(query, /nrql\(query: \$query, timeout: \$timeout\)/);
    assert.deepEqual(variables, { accountId: 42, query: 'SELECT 1', timeout: 5 });
    assert.equal(http.last.timeoutMs, 10_000);
  });

  it('gives the query the time that the metric says', async () => {
    const http = answering(nerdgraph([{ a: 1 }]));
    await askNewRelic({ query: 'q', timeout: 60 }, http);
    assert.equal((bodyOf(http.last) as { variables: { timeout: number } }).variables.timeout, 60);
    assert.equal(http.last.timeoutMs, 65_000);
  });

  for (const [more, url] of [
    [{ region: 'EU' }, 'https://api.eu.newrelic.com/graphql'],
    [{ region: 'eu', 'base-url-nerdgraph': 'http://proxy/graphql' }, 'http://proxy/graphql'],
    [{ 'base-url-rest': 'http://proxy/rest' }, 'https://api.newrelic.com/graphql'],
  ] as const)
    it(`goes to ${url} for ${JSON.stringify(more)}`, async () => {
      const http = answering(nerdgraph([{ a: 1 }]));
      await askNewRelic({ query: 'q' }, http, { ...PROFILE, ...more });
      assert.equal(http.last.url, url);
    });

  const bad: [NonNullable<MetricProvider['newRelic']>, Record<string, string>, string][] = [
    [{ timeout: -1 }, PROFILE, 'timeout value needs to be a positive value'],
    [{}, {}, 'account ID or personal API key not found'],
    [{}, { ...PROFILE, 'account-id': 'x' }, 'could not parse account ID: it must be a number'],
    [{}, { ...PROFILE, region: 'mars' }, 'region "mars" of the profile is unknown: use us or eu'],
    [{ profile: 'none' }, PROFILE, 'secrets "none" not found'],
  ];
  for (const [metric, profile, text] of bad)
    it(text, async () => assert.equal(messageOf(await askNewRelic(metric, answering({}), profile)), text));

  it('keeps the query with the result of the metric', () => {
    const provider: MetricProvider = { newRelic: { query: 'SELECT 1' } };
    const { metadata } = providerOf(provider, contextOf({ http: answering({}) }));
    assert.deepEqual(metadata?.({ name: 'm', provider }), { ResolvedNewRelicQuery: 'SELECT 1' });
  });
});

describe('newRelic: answers', () => {
  it('one row is a map', async () => {
    const outcome = valueOf(await askNewRelic({}, answering(nerdgraph([{ z: 1, 'average.duration': 0.5 }]))));
    assert.deepEqual(outcome.result, { type: 'json', value: { z: 1, 'average.duration': 0.5 } });
    assert.equal(outcome.value, '{"average.duration":0.5,"z":1}');
  });

  it('several rows are a list of maps', async () => {
    const outcome = valueOf(await askNewRelic({}, answering(nerdgraph([{ a: 1 }, { a: 2 }]))));
    assert.deepEqual(outcome.result, { type: 'json', value: [{ a: 1 }, { a: 2 }] });
    assert.equal(outcome.value, '[{"a":1},{"a":2}]');
    assert.equal(outcome.evidence?.series, 2);
  });

  const faults: [string, unknown, number, string | RegExp][] = [
    ['no row', nerdgraph([]), 200, 'no results returned from NRQL query'],
    ['an empty row', nerdgraph([{}]), 200, 'no results returned from NRQL query'],
    ['no results', nerdgraph(null), 200, 'no results returned from NRQL query'],
    ['errors', { errors: [{ message: 'a' }, { message: 'b' }], data: null }, 200, 'a, b'],
    ['rows that are none', nerdgraph([1]), 200, 'bad response: the results are no list of rows'],
    ['a key in the text', 'NRAK-1234 is wrong', 401, 'received non 2xx response code: 401: ***** is wrong'],
  ];
  for (const [name, answer, status, text] of faults)
    it(name, async () => assert.equal(messageOf(await askNewRelic({}, answering(answer, status))), text));
});

const askSkyWalking = (skywalking: NonNullable<MetricProvider['skywalking']>, http: ScriptedHttp) =>
  measure({ skywalking }, contextOf({ http }));

describe('skywalking', () => {
  const metric = { address: 'http://oap:12800/', query: 'query($duration: Duration!) { x }', interval: '5m' };

  it('asks with the duration in minutes', async () => {
    const http = answering({ data: { x: 1 } });
    const outcome = valueOf(await askSkyWalking(metric, http));
    assert.equal(http.last.url, 'http://oap:12800/graphql');
    assert.equal(http.last.timeoutMs, 30_000);
    assert.deepEqual(bodyOf(http.last), {
      query: metric.query,
      variables: { duration: { start: '2026-01-01 1155', end: '2026-01-01 1200', step: 'MINUTE' } },
    });
    assert.deepEqual([outcome.result, outcome.value], [{ type: 'json', value: { x: 1 } }, '{"x":1}']);
    assert.equal(outcome.metadata, undefined);
  });

  const { interval: _, ...withoutInterval } = metric;
  const faults: [string, NonNullable<MetricProvider['skywalking']>, unknown, number, string][] = [
    ['no interval', withoutInterval, {}, 200, 'skywalking interval: time: invalid duration ""'],
    ['no data', metric, { data: null }, 200, 'no results returned from SkyWalking query'],
    ['errors', metric, { errors: [{ message: 'bad' }] }, 200, 'graphql: bad'],
    ['204', metric, '', 204, 'graphql: server returned a non-200 status code: 204: '],
  ];
  for (const [name, given, answer, status, text] of faults)
    it(name, async () =>
      assert.equal(messageOf(await askSkyWalking(given, answering(answer, status))), text),
    );
});
