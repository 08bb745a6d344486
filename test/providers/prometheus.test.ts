import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PrometheusMetric } from '../../src/api/metric-provider.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createHttpClient } from '../../src/providers/http/client.ts';
import { createPrometheusProvider } from '../../src/providers/prometheus/index.ts';
import { prometheusQuery } from '../../src/providers/prometheus/request.ts';
import { readAnswer } from '../../src/providers/prometheus/response.ts';
import type { MeasurementOutcome } from '../../src/providers/types.ts';
import { json, serve, success } from './server.ts';
import type { Handler } from './server.ts';

async function ask(
  prometheus: PrometheusMetric,
  env: Record<string, string> = {},
): Promise<MeasurementOutcome> {
  const http = createHttpClient({ random: () => 0, maxBytes: 64 * 1024 });
  const provider = createPrometheusProvider({ http, clock: systemClock, env });
  return provider.measure({
    metric: { name: 'm', provider: { prometheus } },
    run: { namespace: 'ns', name: 'r', uid: 'u' },
    taken: 0,
    signal: new AbortController().signal,
  });
}

async function answered(handler: Handler, more: PrometheusMetric = {}): Promise<MeasurementOutcome> {
  await using server = await serve(handler);
  return await ask({ address: server.url, query: 'up', ...more });
}

function messageOf(outcome: MeasurementOutcome): string {
  assert.equal(outcome.kind, 'error', JSON.stringify(outcome));
  return outcome.kind === 'error' ? outcome.message : '';
}

function valueOf(outcome: MeasurementOutcome) {
  assert.equal(outcome.kind, 'value', JSON.stringify(outcome));
  return outcome.kind === 'value' ? outcome : assert.fail();
}

describe('prometheus: values', () => {
  const at = 1767268800;
  const rows: [string, unknown, unknown, string, unknown][] = [
    ['scalar', [at, '0.25'], 0.25, '0.25', undefined],
    ['scalar', [at, '1e+21'], 1e21, '1000000000000000000000', undefined],
    ['scalar', [at, 'NaN'], NaN, 'NaN', undefined],
    ['vector', [], [], '[]', 0],
    ['vector', [{ metric: {}, value: [at, '1.5'] }], [1.5], '[1.5]', 1],
    [
      'vector',
      [
        { metric: { a: '1' }, value: [at, '0.0000001'] },
        { metric: { a: '2' }, value: [at, '+Inf'] },
      ],
      [1e-7, Infinity],
      '[0.0000001,+Inf]',
      2,
    ],
    ['vector', [{ metric: {}, value: [at, 'NaN'] }], [NaN], '[NaN]', 1],
    [
      'matrix',
      [
        {
          metric: { a: '1' },
          values: [
            [at, '1'],
            [at + 60, '2'],
          ],
        },
        { metric: { a: '2' }, values: [[at, '-Inf']] },
      ],
      [1, 2, -Infinity],
      '[1,2,-Inf]',
      2,
    ],
  ];
  for (const [type, result, value, text, series] of rows) {
    it(`${type} ${JSON.stringify(result)}`, async () => {
      const outcome = valueOf(await answered((_, response) => json(response, success(type, result))));
      assert.deepEqual(outcome.result.value, value);
      assert.equal(outcome.result.type, type === 'scalar' ? 'scalar' : 'vector');
      assert.equal(outcome.value, text);
      assert.equal(outcome.evidence?.series, series);
      assert.ok((outcome.evidence?.latencyMs ?? -1) >= 0);
    });
  }

  it('keeps the time of the newest sample', () => {
    const body = JSON.stringify(
      success('vector', [
        { metric: {}, value: [at, '1'] },
        { metric: {}, value: [at + 5, '1'] },
      ]),
    );
    const outcome = valueOf(readAnswer({ status: 200, headers: {}, body }));
    assert.equal(outcome.evidence?.sampledAt, (at + 5) * 1000);
  });

  it('hands on warnings', async () => {
    const outcome = await answered((_, response) =>
      json(response, success('scalar', [at, '1'], { warnings: ['slow', 'partial'] })),
    );
    assert.deepEqual(outcome.metadata, { warnings: '"slow", "partial"' });
  });
});

describe('prometheus: faults of the server', () => {
  it('an error of the query is told in its words', async () => {
    const body = { status: 'error', errorType: 'bad_data', error: 'parse error: unexpected )' };
    assert.equal(
      messageOf(await answered((_, response) => json(response, body, 400))),
      'bad_data: parse error: unexpected )',
    );
  });
  it('500', async () => {
    const outcome = await answered((_, response) => response.writeHead(500).end('boom'));
    assert.equal(messageOf(outcome), 'server_error: server error: 500: boom');
  });
  it('404 of a proxy', async () => {
    const outcome = await answered((_, response) => response.writeHead(404).end());
    assert.equal(messageOf(outcome), 'client_error: client error: 404');
  });
  it('HTML', async () => {
    const outcome = await answered((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>\n<body>Sign in</body></html>'),
    );
    assert.match(
      messageOf(outcome),
      /^bad_response: the answer is not JSON \(text\/html\): .*<html> <body>Sign in/,
    );
  });
  it('JSON that is cut off, with the connection closed as if all was well', async () => {
    const outcome = await answered((_, response) => response.end('{"status":"success","data":{"resultT'));
    assert.match(messageOf(outcome), /^bad_response: the answer is not JSON/);
  });
  it('an answer that is cut off in the middle', async () => {
    const outcome = await answered((_, response, raw) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"status":');
      setTimeout(() => raw.socket.destroy(), 20);
    });
    assert.match(messageOf(outcome), /^POST http:\/\/127\.0\.0\.1:\d+\/api\/v1\/query: /);
  });
  it('nothing at all', async () => {
    const begun = Date.now();
    const outcome = await answered(() => {}, { timeout: 1 });
    assert.match(messageOf(outcome), /no complete answer within 1 s$/);
    assert.ok(Date.now() - begun < 3000);
  });
  it('a byte now and then', async () => {
    let drip: NodeJS.Timeout | undefined;
    const outcome = await answered(
      (_, response) => {
        drip = setInterval(() => response.write(' '), 100);
      },
      { timeout: 1 },
    );
    clearInterval(drip);
    assert.match(messageOf(outcome), /no complete answer within 1 s$/);
  });
  it('nobody there', async () => {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    assert.match(
      messageOf(await ask({ address: server.url, query: 'up' })),
      /^POST http:\/\/127\.0\.0\.1:\d+\/api\/v1\/query: connection refused$/,
    );
  });
  it('more than the limit', async () => {
    const outcome = await answered((_, response) => response.end('x'.repeat(70_000)));
    assert.match(messageOf(outcome), /the answer is larger than 65536 bytes$/);
  });
  it('JSON deeper than any stack', async () => {
    const outcome = await answered((_, response) => response.end('['.repeat(30_000) + ']'.repeat(30_000)));
    assert.match(messageOf(outcome), /nested more than 100 levels deep/);
  });
  for (const [what, body] of Object.entries({
    'no object': [1],
    'another program': { ok: true },
    'a sample that is none': success('vector', [{ metric: {}, value: ['x', 'y'] }]),
    'a value that is no number': success('vector', [{ metric: {}, value: [1, 'one'] }]),
    'a series that is none': success('vector', [null]),
    'no list of series': success('vector', {}),
  })) {
    it(what, async () => {
      assert.match(messageOf(await answered((_, response) => json(response, body))), /^bad_response: /);
    });
  }
  it('a type that conditions do not know', async () => {
    const outcome = await answered((_, response) => json(response, success('string', [1, 'x'])));
    assert.equal(messageOf(outcome), 'Prometheus metric type not supported');
  });
});

const ok: Handler = (_, response) => json(response, success('scalar', [1, '1']));

describe('prometheus: requests', () => {
  it('posts the query with the time of now', async () => {
    await using server = await serve(ok);
    const before = Date.now() / 1000;
    valueOf(await ask({ address: `${server.url}/prom/`, query: 'sum(rate(x[1m]))' }));
    const [seen] = server.seen;
    assert.equal(`${seen?.method} ${seen?.path}`, 'POST /prom/api/v1/query');
    const form = new URLSearchParams(seen?.body);
    assert.equal(form.get('query'), 'sum(rate(x[1m]))');
    assert.ok(Number(form.get('time')) >= before && Number(form.get('time')) <= Date.now() / 1000);
  });

  it('falls back to GET where POST is not allowed', async () => {
    await using server = await serve((request, response, raw) =>
      request.method === 'POST' ? response.writeHead(405).end() : ok(request, response, raw),
    );
    valueOf(await ask({ address: server.url, query: 'a b' }));
    assert.match(server.seen[1]?.path ?? '', /^\/api\/v1\/query\?query=a%20b&time=/);
  });

  it('takes the address from the environment', async () => {
    await using server = await serve(ok);
    valueOf(await ask({ query: 'up' }, { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: server.url }));
    assert.equal(messageOf(await ask({ query: 'up' })), 'prometheus address is not configured');
  });

  it('sends headers and basic authentication', async () => {
    await using server = await serve(ok);
    const authentication = { basicAuth: { username: 'u', password: 'p' } };
    await ask({
      address: server.url,
      query: 'up',
      headers: [{ key: 'X-Scope-OrgID', value: 't' }],
      authentication,
    });
    assert.equal(server.seen[0]?.headers['x-scope-orgid'], 't');
    assert.equal(server.seen[0]?.headers.authorization, `Basic ${btoa('u:p')}`);
  });

  it('asks for a range', () => {
    const now = Date.UTC(2026, 0, 1, 12);
    const query = prometheusQuery(
      {
        address: 'http://p',
        query: 'up',
        rangeQuery: { start: 'now() - duration("1h")', end: 'now()', step: '1m' },
      },
      undefined,
      now,
    );
    assert.equal(query.url, 'http://p/api/v1/query_range');
    assert.equal(query.form.get('start'), String(now / 1000 - 3600));
    assert.equal(query.form.get('end'), String(now / 1000));
    assert.equal(query.form.get('step'), '60');
    assert.equal(query.form.get('time'), null);
  });

  const bad: [PrometheusMetric, string | RegExp][] = [
    [{ address: 'prometheus:9090' }, 'prometheus address is not is url format'],
    [{ address: '/x' }, 'prometheus address is not is url format'],
    [{ address: 'http://p', timeout: -1 }, 'prometheus timeout should not be negative'],
    [
      { address: 'http://p', authentication: { basicAuth: { username: 'u' } } },
      'missing mandatory parameter in metric for basic auth setup: password',
    ],
    [
      { address: 'http://p', authentication: { basicAuth: { password: 'u' } } },
      'missing mandatory parameter in metric for basic auth setup: username',
    ],
    [
      { address: 'http://p', authentication: { oauth2: { tokenUrl: 'http://t' } } },
      'missing mandatory parameter in metric for OAuth2 setup',
    ],
    [
      { address: 'http://p', rangeQuery: { start: '1', end: 'now()', step: '1m' } },
      'failed to parse rangeQuery.start as time: expected time.Time, but got int',
    ],
    [
      { address: 'http://p', rangeQuery: { start: 'now()', end: '(', step: '1m' } },
      /^failed to parse rangeQuery.end as time: /,
    ],
    [
      { address: 'http://p', rangeQuery: { start: 'now()', end: 'now()', step: '1' } },
      'failed to parse rangeQuery.step as duration: time: missing unit in duration "1"',
    ],
    [{ address: 'http://p', rangeQuery: { start: 'now()', end: 'now()', step: '0s' } }, /more than zero/],
    [
      { address: 'http://p', rangeQuery: { start: 'now() - duration("100h")', end: 'now()', step: '1s' } },
      /take a larger step/,
    ],
  ];
  for (const [metric, text] of bad) {
    it(`refuses ${JSON.stringify(metric)}`, async () => {
      const message = messageOf(await ask({ query: 'up', ...metric }));
      if (typeof text === 'string') assert.equal(message, text);
      else assert.match(message, text);
    });
  }

  it('sigv4 without Amazon and empty authentication are nothing', () => {
    const authentication = { sigv4: { region: 'x' }, basicAuth: {}, oauth2: {} };
    const query = prometheusQuery({ address: 'http://p', query: 'up', authentication }, undefined, 0);
    assert.equal(query.headers['authorization'], undefined);
  });

  it('a time-out of zero is over at once', async () => {
    assert.match(messageOf(await answered(ok, { timeout: 0 })), /no complete answer within 0 s/);
  });

  it('does not print the password of an address', async () => {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    const message = messageOf(
      await ask({ address: `http://user:hunter2@127.0.0.1:${server.port}`, query: 'up' }),
    );
    assert.ok(!message.includes('hunter2'), message);
  });

  it('fetches one OAuth 2 token for many measurements', async () => {
    await using server = await serve((request, response, raw) => {
      if (request.path !== '/token') return ok(request, response, raw);
      return json(response, { access_token: 'tok', token_type: 'bearer', expires_in: 3600 });
    });
    const http = createHttpClient({ random: () => 0 });
    const provider = createPrometheusProvider({ http, clock: systemClock, env: {} });
    const oauth2 = {
      tokenUrl: `${server.url}/token`,
      clientId: 'c',
      clientSecret: 's3cret',
      scopes: ['a', 'b'],
    };
    const metric = {
      name: 'm',
      provider: { prometheus: { address: server.url, query: 'up', authentication: { oauth2 } } },
    };
    const request = {
      metric,
      run: { namespace: 'n', name: 'r', uid: 'u' },
      taken: 0,
      signal: new AbortController().signal,
    };
    await Promise.all([provider.measure(request), provider.measure(request), provider.measure(request)]);
    const asked = server.seen.filter(({ path }) => path === '/token');
    assert.equal(asked.length, 1);
    assert.equal(new URLSearchParams(asked[0]?.body).get('scope'), 'a b');
    const measured = server.seen.filter(({ path }) => path !== '/token');
    assert.deepEqual(new Set(measured.map(({ headers }) => headers.authorization)), new Set(['Bearer tok']));
  });

  it('says why there is no token, without the secret', async () => {
    await using server = await serve((_, response) => json(response, { error: 'invalid_client' }, 401));
    const oauth2 = { tokenUrl: `${server.url}/token`, clientId: 'c', clientSecret: 's3cret' };
    const message = messageOf(await ask({ address: server.url, query: 'up', authentication: { oauth2 } }));
    assert.equal(message, 'oauth2: cannot fetch token: 401 invalid_client');
  });

  it('tells which query it sends', () => {
    const provider = createPrometheusProvider({
      http: createHttpClient({ random: () => 0 }),
      clock: systemClock,
      env: {},
    });
    assert.deepEqual(provider.metadata?.({ name: 'm', provider: { prometheus: { query: 'up' } } }), {
      ResolvedPrometheusQuery: 'up',
    });
  });
});
