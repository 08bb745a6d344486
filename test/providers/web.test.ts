import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WebMetric } from '../../src/api/metric-provider.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createHttpClient } from '../../src/providers/http/client.ts';
import { createWebProvider } from '../../src/providers/web/index.ts';
import { webRequest } from '../../src/providers/web/request.ts';
import { readAnswer } from '../../src/providers/web/response.ts';
import type { MeasurementOutcome } from '../../src/providers/types.ts';
import { withVectors } from '../shared.ts';
import { json, serve } from './server.ts';
import type { Handler } from './server.ts';

const newProvider = () =>
  createWebProvider({
    http: createHttpClient({ random: () => 0, maxBytes: 64 * 1024 }),
    clock: systemClock,
    env: {},
  });

const requestOf = (web: WebMetric) => ({
  metric: { name: 'm', provider: { web } },
  run: { namespace: 'ns', name: 'r', uid: 'u' },
  taken: 0,
  signal: new AbortController().signal,
});

const ask = (web: WebMetric): Promise<MeasurementOutcome> => newProvider().measure(requestOf(web));

async function answered(handler: Handler, more: WebMetric = {}): Promise<MeasurementOutcome> {
  await using server = await serve(handler);
  return await ask({ url: `${server.url}/rate`, ...more });
}

function messageOf(outcome: MeasurementOutcome): string {
  return outcome.kind === 'error' ? outcome.message : assert.fail(JSON.stringify(outcome));
}

function valueOf(outcome: MeasurementOutcome) {
  return outcome.kind === 'value' ? outcome : assert.fail(JSON.stringify(outcome));
}

const body = (text: string, status = 200) => ({ status, headers: {}, body: text });

describe('web: values', () => {
  const data = { data: { rate: 0.97, name: 'a "b"', items: [1, 2, 3], none: null, ok: true } };
  const rows: [string | undefined, unknown, string][] = [
    ['{$.data.rate}', 0.97, '0.97'],
    ['{$.data.name}', 'a "b"', '"a \\"b\\""'],
    ['{$.data.items}', [1, 2, 3], '[1,2,3]'],
    ['{$.data.items[*]}', 1, '1'],
    ['{.data.ok}', true, 'true'],
    ['{$.data}', data.data, '{"items":[1,2,3],"name":"a \\"b\\"","none":null,"ok":true,"rate":0.97}'],
  ];
  for (const [jsonPath, result, value] of rows) {
    it(`${jsonPath} gives ${value}`, async () => {
      const outcome = valueOf(await answered((_, response) => json(response, data), { jsonPath }));
      assert.deepEqual([outcome.result, outcome.value], [{ type: 'json', value: result }, value]);
      assert.ok((outcome.evidence?.latencyMs ?? -1) >= 0);
    });
  }

  it('is the whole body where no path is set', async () => {
    for (const jsonPath of [undefined, '']) {
      const outcome = valueOf(await answered((_, response) => json(response, [1, 2]), { jsonPath }));
      assert.deepEqual([outcome.result.value, outcome.value], [[1, 2], '[1,2]']);
    }
  });

  it('is the text where the body is no JSON', async () => {
    const outcome = valueOf(
      await answered((_, response) => response.end('<b>fine</b>'), { jsonPath: '{$.a}' }),
    );
    assert.deepEqual(
      [outcome.result, outcome.value],
      [{ type: 'json', value: '<b>fine</b>' }, '<b>fine</b>'],
    );
  });

  it('takes any 2xx', async () => {
    assert.equal(valueOf(await answered((_, response) => json(response, 1, 299))).value, '1');
  });

  it('records the beginning of a long value, and judges all of it', () => {
    const outcome = valueOf(readAnswer(body(JSON.stringify('x'.repeat(10_000))), undefined));
    assert.match(outcome.value, /^"x{4095}\.\.\.5906 more characters$/);
    assert.equal(outcome.result.value, 'x'.repeat(10_000));
  });
});

withVectors<{
  body: string;
  jsonPath?: string;
  parseError?: string;
  error?: string;
  panic?: string;
  value?: string;
}>('jsonpath', (rows) => {
  it(`web: agrees with the reference on ${rows.length} bodies`, () => {
    const differences: string[] = [];
    for (const row of rows) {
      const measured = (): MeasurementOutcome => {
        try {
          const { jsonPath } = row;
          webRequest({ url: 'http://x', ...(jsonPath === undefined ? {} : { jsonPath }) });
          return readAnswer(body(row.body), jsonPath);
        } catch (error) {
          return { kind: 'error', message: (error as Error).message };
        }
      };
      const outcome = measured();
      const wanted = row.parseError ?? row.error;
      const same =
        wanted !== undefined || row.panic !== undefined
          ? outcome.kind === 'error' && (wanted === undefined || outcome.message === wanted)
          : outcome.kind === 'value' && outcome.value === row.value;
      if (!same) differences.push(`${row.jsonPath} on ${row.body}: ${JSON.stringify(outcome)}`);
    }
    assert.deepEqual(differences, []);
  });
});

describe('web: faults of the server', () => {
  for (const status of [199 + 101, 304, 401, 404, 503])
    it(`status ${status}`, async () => {
      const outcome = await answered((_, response) => response.writeHead(status).end());
      assert.equal(messageOf(outcome), `received non 2xx response code: ${status}`);
    });

  it('a path that is not there', async () => {
    const outcome = await answered((_, response) => json(response, { value: 3 }), { jsonPath: '{$.other}' });
    assert.equal(messageOf(outcome), 'Could not find JSONPath in body: other is not found');
  });

  it('a path that finds none', async () => {
    const outcome = await answered((_, response) => json(response, { items: [] }), {
      jsonPath: '{$.items[*].a}',
    });
    assert.equal(messageOf(outcome), 'result of web metric produced no value');
  });

  it('more than the limit', async () => {
    const outcome = await answered((_, response) => response.end('x'.repeat(70_000)));
    assert.match(messageOf(outcome), /the answer is larger than 65536 bytes$/);
  });

  it('JSON deeper than any stack; what only looks like it is a text', () => {
    const deep = '['.repeat(30_000);
    assert.match(
      messageOf(readAnswer(body(deep + ']'.repeat(30_000)), undefined)),
      /more than 100 levels deep$/,
    );
    assert.equal(valueOf(readAnswer(body(deep), undefined)).result.value, deep);
  });

  it('nothing at all', async () => {
    const begun = Date.now();
    const outcome = await answered(() => {}, { timeoutSeconds: 1 });
    assert.match(messageOf(outcome), /^GET http:\/\/127\.0\.0\.1:\d+\/rate: no complete answer within 1 s$/);
    assert.ok(Date.now() - begun < 3000);
  });

  it('nobody there', async () => {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    assert.match(messageOf(await ask({ url: `${server.url}/x?token=t` })), /\/x: connection refused$/);
  });

  it('a redirect to another party, which gets no credentials', async () => {
    await using other = await serve((_, response) => json(response, 7));
    const headers = [
      { key: 'Authorization', value: 'Bearer t' },
      { key: 'X-Api-Key', value: 'k' },
    ];
    const outcome = await answered(
      (_, response) => response.writeHead(302, { location: `${other.url}/there` }).end(),
      { headers },
    );
    assert.equal(valueOf(outcome).value, '7');
    assert.equal(other.seen[0]?.path, '/there');
    assert.equal(other.seen[0]?.headers.authorization, undefined);
    assert.equal(other.seen[0]?.headers['x-api-key'], undefined);
  });

  it('redirects without an end', async () => {
    const outcome = await answered((_, response) => response.writeHead(302, { location: '/rate' }).end());
    assert.match(messageOf(outcome), /more than 5 redirects$/);
  });
});

describe('web: requests', () => {
  it('sends method, headers and body', async () => {
    await using server = await serve((_, response) => json(response, 1));
    const headers = [
      { key: 'X-Team', value: 'red' },
      { key: 'x-team', value: 'blue' },
    ];
    await ask({ url: `${server.url}/a?b=c`, headers });
    await ask({
      url: server.url,
      method: 'PUT',
      body: 'a=b',
      headers: [{ key: 'Content-Type', value: 'x/y' }],
    });
    await ask({
      url: server.url,
      method: 'POST',
      jsonBody: { z: 1, a: ['x'] },
      headers: [{ key: 'Content-Type', value: 'x/y' }],
    });
    await ask({ url: server.url, method: 'DELETE' });
    const seen = server.seen.map(({ method, path, body: text, headers: { 'content-type': type } }) => [
      `${method} ${path}`,
      text,
      type,
    ]);
    assert.deepEqual(seen, [
      ['GET /a?b=c', '', undefined],
      ['PUT /', 'a=b', 'x/y'],
      ['POST /', '{"z":1,"a":["x"]}', 'application/json'],
      ['DELETE /', '', undefined],
    ]);
    assert.equal(server.seen[0]?.headers['x-team'], 'blue');
  });

  const wrongMethod = 'Body/JSONBody can only be used with POST or PUT WebMetric Method types';
  const bad: [WebMetric, string | RegExp][] = [
    [
      { method: 'POST', body: 'a', jsonBody: {} },
      'use either Body or JSONBody; both cannot exists for WebMetric payload',
    ],
    [{ body: 'a' }, wrongMethod],
    [{ method: 'GET', jsonBody: { a: 1 } }, wrongMethod],
    [{ method: 'DELETE', body: 'a' }, wrongMethod],
    [{ method: 'GET /\r\n' }, /is no HTTP method/],
    [{ jsonPath: '{.a' }, /unclosed action/],
    [{ url: 'rate' }, 'GET: the address is no URL'],
    [{ url: 'file:///etc/passwd' }, 'GET: the address must begin with http:// or https://'],
    [{ headers: [{ key: 'a b', value: 'c' }] }, /header 'a b' is not valid$/],
    [
      { authentication: { oauth2: { tokenUrl: 'http://t' } } },
      'missing mandatory parameter in metric for OAuth2 setup',
    ],
  ];
  for (const [metric, text] of bad)
    it(`refuses ${JSON.stringify(metric)}`, async () => {
      const message = messageOf(await ask({ url: 'http://127.0.0.1:9', ...metric }));
      if (typeof text === 'string') assert.equal(message, text);
      else assert.match(message, text);
    });

  it('waits 10 s unless told otherwise, and never for ever', () => {
    const timeouts = [undefined, 0, -1, 3, 1e12].map(
      (timeoutSeconds) =>
        webRequest({ url: 'http://x', ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) })
          .timeoutMs,
    );
    assert.deepEqual(timeouts, [10_000, 10_000, 10_000, 3_000, 900_000]);
    assert.equal(webRequest({ url: 'http://x' }).insecure, false);
    assert.equal(webRequest({ url: 'http://x', insecure: true }).insecure, true);
  });

  it('fetches one OAuth 2 token for many measurements, and a new one when it is refused', async () => {
    let tokens = 0;
    await using server = await serve((request, response) => {
      if (request.path === '/token')
        return json(response, { access_token: `tok${++tokens}`, expires_in: 3600 });
      return json(response, 1, request.headers.authorization === 'Bearer tok1' ? 401 : 200);
    });
    const oauth2 = { tokenUrl: `${server.url}/token`, clientId: 'c', clientSecret: 's' };
    const provider = newProvider();
    const request = requestOf({ url: server.url, authentication: { oauth2 } });
    assert.equal(messageOf(await provider.measure(request)), 'received non 2xx response code: 401');
    valueOf(await provider.measure(request));
    valueOf(await provider.measure(request));
    assert.equal(tokens, 2);
  });
});
