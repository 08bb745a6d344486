/**
 * The fault table: every provider against a server that refuses, hangs, fails and lies, over the real HTTP stack. Nothing
 * of that may crash, hang, or pass for a value that nobody measured.
 */

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import type { MetricProvider } from '../../src/api/metric-provider.ts';
import type { HttpClient } from '../../src/providers/http/types.ts';
import type { MeasurementOutcome, ProviderContext } from '../../src/providers/index.ts';
import { createProviders, PROVIDER_KEYS } from '../../src/providers/index.ts';
import { judge as gate } from '../../src/plan/analysis/judge.ts';
import { NOW, contextOf, quickHttp, requestOf, secretsIn } from './support.ts';
import { json, serve } from './server.ts';
import type { Handler } from './server.ts';

interface Backend {
  /** The metric and what it needs of its surroundings, for a server at this address. */
  readonly provider: (url: string) => MetricProvider;
  readonly context?: (url: string, http: HttpClient) => Partial<ProviderContext>;
  /** A complete answer for these values; `null` and NaN as the backend writes them. */
  readonly answer: (values: readonly (number | null)[]) => unknown;
  /** What is measured. A text: the measurement is an error that begins so. */
  readonly empty: unknown;
  readonly two: unknown;
  readonly nan: unknown;
  /** What a careless author writes; `result[0] < 10` where absent. */
  readonly condition?: string;
  /** The answer does not show how many series there are, so strict mode has nothing to go by. */
  readonly seriesUnknown?: boolean;
}

const AT = 1767268800;
const error = (text: string) => ({ error: text });
/** JSON can't hold NaN: servers that write it all the same send what is no JSON. */
const NOT_JSON = error('');

const AWS_ENV = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AK',
  AWS_SECRET_ACCESS_KEY: 'secret',
  HOME: '/none',
};
const SECRETS = (url: string) =>
  secretsIn({
    'sluice/datadog': { 'api-key': 'api-key-1', 'app-key': 'app-key-1', address: url },
    'sluice/newrelic': {
      'personal-api-key': 'key-1',
      'account-id': '1',
      'base-url-nerdgraph': `${url}/graphql`,
    },
    'sluice/wavefront-api-tokens': { 'example.wavefront.com': 'token-1' },
    'sluice/influxdb': { authToken: 'token-1', org: 'o', address: url },
  });

/** Wavefront is always asked by https at its own name. */
const at = (url: string, http: HttpClient): HttpClient => ({
  request: (request) =>
    http.request({ ...request, url: request.url.replace('https://example.wavefront.com', url) }),
});

const csv = (values: readonly (number | null)[]): string =>
  '#datatype,string,long,double\n#group,false,false,false\n#default,_result,,\n,result,table,_value\n' +
  values.map((value, index) => `,,${index},${value ?? ''}\n`).join('');

const BACKENDS: Readonly<Record<string, Backend>> = {
  prometheus: {
    provider: (address) => ({ prometheus: { address, query: 'q' } }),
    answer: (values) => ({
      status: 'success',
      data: {
        resultType: 'vector',
        result: values.map((value) => ({ metric: {}, value: [AT, String(value)] })),
      },
    }),
    empty: [],
    two: [1, 2],
    nan: [NaN],
  },
  web: {
    provider: (url) => ({ web: { url, jsonPath: '{$.values}' } }),
    answer: (values) => ({ values }),
    empty: [],
    two: [1, 2],
    // Whatever is no JSON is a text, which no comparison of numbers passes.
    nan: '{"values":[NaN]}',
    seriesUnknown: true,
  },
  'datadog v1': {
    provider: () => ({ datadog: { query: 'q' } }),
    answer: (values) => ({ series: values.map((value) => ({ pointlist: [[AT * 1000, value]] })) }),
    empty: null,
    two: 1,
    nan: NOT_JSON,
    condition: 'result < 10',
  },
  'datadog v2': {
    provider: () => ({ datadog: { query: 'q', apiVersion: 'v2' } }),
    answer: (values) => ({
      data: {
        attributes: {
          columns: [
            { type: 'group', name: 'g', values: values.map((_, index) => [`g${index}`]) },
            { type: 'number', name: 'n', values },
          ],
        },
      },
    }),
    empty: null,
    two: [1, 2],
    nan: NOT_JSON,
  },
  newRelic: {
    provider: () => ({ newRelic: { query: 'q' } }),
    answer: (values) => ({
      data: { actor: { account: { nrql: { results: values.map((value) => ({ value })) } } } },
    }),
    empty: error('no results returned from NRQL query'),
    two: [{ value: 1 }, { value: 2 }],
    nan: NOT_JSON,
    condition: 'result[0].value < 10',
  },
  wavefront: {
    provider: () => ({ wavefront: { address: 'example.wavefront.com', query: 'q' } }),
    context: (url, http) => ({ http: at(url, http) }),
    answer: (values) => ({ timeseries: values.map((value) => ({ data: [[AT, value]] })) }),
    empty: error('No TimeSeries found in response from Wavefront'),
    two: [1, 2],
    nan: NOT_JSON,
  },
  cloudWatch: {
    provider: () => ({ cloudWatch: { metricDataQueries: [{ id: 'a', expression: 'x' }] } }),
    context: (url) => ({ env: { ...AWS_ENV, AWS_ENDPOINT_URL: url } }),
    answer: (values) => ({
      MetricDataResults: values.map((value, index) => ({
        Id: `q${index}`,
        StatusCode: 'Complete',
        Timestamps: [AT],
        Values: [value],
      })),
    }),
    empty: [],
    two: ['q0', 'q1'].map((Id, index) => ({
      Id,
      Label: null,
      Messages: [],
      StatusCode: 'Complete',
      Timestamps: ['2026-01-01T12:00:00Z'],
      Values: [index + 1],
    })),
    nan: NOT_JSON,
    condition: 'result[0].Values[0] < 10',
  },
  graphite: {
    provider: (address) => ({ graphite: { address, query: 'target=a' } }),
    answer: (values) => values.map((value) => ({ target: 'a', datapoints: [[value, AT]] })),
    empty: error('no values found'),
    two: [1],
    nan: NOT_JSON,
  },
  influxdb: {
    provider: () => ({ influxdb: { query: 'q' } }),
    answer: csv,
    empty: error('no results returned from flux query'),
    two: [1, 2],
    nan: [NaN],
  },
  kayenta: {
    provider: (address) => ({ kayenta: { address, canaryConfigName: 'c' } }),
    // Kayenta measures nothing itself when it is asked: an answer is the list of its configs.
    answer: (values) => values.map((value) => ({ name: `config-${value}`, id: 'x' })),
    empty: error('Kayenta has no canary config named "c"'),
    two: error('Kayenta has no canary config named "c"'),
    nan: error('Kayenta has no canary config named "c"'),
  },
  skywalking: {
    provider: (address) => ({ skywalking: { address, query: 'q', interval: '5m' } }),
    answer: (values) => ({ data: values.length === 0 ? null : { values } }),
    empty: error('no results returned from SkyWalking query'),
    two: { values: [1, 2] },
    nan: NOT_JSON,
    condition: 'result.values[0] < 10',
    seriesUnknown: true,
  },
  plugin: {
    provider: () => ({ plugin: { 'a/b': {} } }),
    context: (url) => ({ plugins: new Map([['a/b', { url }]]) }),
    answer: (values) => ({ kind: 'value', result: values }),
    empty: [],
    two: [1, 2],
    nan: NOT_JSON,
    seriesUnknown: true,
  },
};

async function measureAt(backend: Backend, url: string, giveUpAfterMs?: number): Promise<MeasurementOutcome> {
  const http = quickHttp(giveUpAfterMs);
  const context = contextOf({ http, secrets: SECRETS(url), ...backend.context?.(url, http) });
  const provider = backend.provider(url);
  const found = createProviders(context).of({ provider });
  assert.ok(!('error' in found));
  return found.measure(requestOf(provider));
}

async function measured(
  backend: Backend,
  handler: Handler,
  giveUpAfterMs?: number,
): Promise<MeasurementOutcome> {
  await using server = await serve(handler);
  return await measureAt(backend, server.url, giveUpAfterMs);
}

/** As the backend would send it, with every `null` turned into a bare NaN. */
function send(response: ServerResponse, body: unknown, nan = false): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.setHeader('content-type', 'application/json');
  response.end(nan ? text.replaceAll('null', 'NaN') : text);
}

function judge(outcome: MeasurementOutcome, expected: unknown): void {
  if (typeof expected === 'object' && expected !== null && 'error' in expected) {
    assert.equal(outcome.kind, 'error', JSON.stringify(outcome));
    const message = outcome.kind === 'error' ? outcome.message : '';
    assert.ok(message.startsWith(String(expected.error)), message);
  } else {
    assert.equal(outcome.kind, 'value', JSON.stringify(outcome));
    assert.deepEqual(outcome.kind === 'value' ? outcome.result.value : undefined, expected);
  }
}

function failure(outcome: MeasurementOutcome, pattern: RegExp): void {
  assert.equal(outcome.kind, 'error', JSON.stringify(outcome));
  const message = outcome.kind === 'error' ? outcome.message : '';
  assert.match(message, pattern);
  assert.ok(message.length <= 1024, String(message.length));
}

/** What a gate makes of the answer under a careless condition: `stock, strict`, and `hold` where it does not count. */
function gates(backend: Backend, outcome: MeasurementOutcome): string {
  assert.notEqual(outcome.kind, 'pending');
  const metric = {
    name: 'm',
    provider: backend.provider('http://backend'),
    successCondition: backend.condition ?? 'result[0] < 10',
  };
  return (['stock', 'strict'] as const)
    .map((mode) => {
      const verdict = gate(metric, outcome as Exclude<MeasurementOutcome, { kind: 'pending' }>, {
        now: NOW,
        mode,
        dryRun: false,
      });
      return verdict.held === true ? 'hold' : verdict.phase;
    })
    .join(', ');
}

function outcomeOf(backend: Backend, outcome: MeasurementOutcome): string | undefined {
  const metric = {
    name: 'm',
    provider: backend.provider('http://backend'),
    successCondition: 'result[0] < 10',
  };
  assert.notEqual(outcome.kind, 'pending');
  return gate(metric, outcome as Exclude<MeasurementOutcome, { kind: 'pending' }>, {
    now: NOW,
    mode: 'strict',
    dryRun: false,
  }).outcome;
}

/** A fault is an Error in stock mode, as in the reference, and holds in strict mode: it never promotes, never aborts. */
const DOWN = 'Error, hold';

const HTML = `<html><body>${'<p>please log in</p>'.repeat(100)}</body></html>`;

it('the table has every provider but Job, which asks no backend, and the judge, which holds instead (judge.test.ts)', () => {
  const tested = new Set(Object.keys(BACKENDS).map((name) => name.split(' ')[0]));
  assert.deepEqual(
    PROVIDER_KEYS.filter((key) => !tested.has(key)),
    ['job', 'judge'],
  );
});

for (const [name, backend] of Object.entries(BACKENDS))
  describe(`faults: ${name}`, { concurrency: true }, () => {
    const isWeb = name === 'web';
    /** The answer is a failure with such a message, and the gate takes it for one. */
    const isDown = (outcome: MeasurementOutcome, pattern: RegExp): void => {
      failure(outcome, pattern);
      assert.equal(gates(backend, outcome), DOWN);
    };

    it('refused', async () => {
      const server = await serve(() => {});
      await server[Symbol.asyncDispose]();
      isDown(await measureAt(backend, server.url), /: connection refused$/);
    });

    it('hangs', async () =>
      isDown(await measured(backend, () => {}, 30), /: no complete answer within 0\.03 s$/));

    it('hangs in the middle of the answer', async () => {
      const half: Handler = (_, response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).write('{"da');
      isDown(await measured(backend, half, 60), /: no complete answer within 0\.06 s$/);
    });

    it('500', async () =>
      isDown(
        await measured(backend, (_, response) => response.writeHead(500).end('boom')),
        isWeb ? /500$/ : /boom/,
      ));

    it('429', async () => {
      const busy: Handler = (_, response) => response.writeHead(429, { 'retry-after': '1' }).end('slow down');
      isDown(await measured(backend, busy), isWeb ? /429$/ : /slow down/);
    });

    it('HTML with status 200', async () => {
      const outcome = await measured(backend, (_, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end(HTML),
      );
      if (isWeb) {
        judge(outcome, HTML);
        assert.equal(gates(backend, outcome), DOWN);
      } else isDown(outcome, /(not JSON|not CSV) \(text\/html\): <html><body><p>please log in/);
    });

    it('an answer that is cut off', async () => {
      const cut: Handler = (_, response) => {
        const text = Buffer.from(JSON.stringify(backend.answer([1])));
        response.writeHead(200, { 'content-length': text.length });
        response.write(text.subarray(0, text.length - 3), () => response.destroy());
      };
      isDown(await measured(backend, cut), /: connection (reset|closed) before the answer was complete$/);
    });

    it('JSON that ends too early', async () => {
      const whole = JSON.stringify(backend.answer([1]));
      const text = whole.slice(0, -3);
      const outcome = await measured(backend, (_, response) => send(response, text));
      if (isWeb) {
        judge(outcome, text);
        assert.equal(gates(backend, outcome), DOWN);
      } else isDown(outcome, /not JSON|bad response/);
    });

    it('a huge answer', async () => {
      const huge: Handler = (_, response) => response.end('x'.repeat(100_000));
      isDown(await measured(backend, huge), /: the answer is larger than 65536 bytes$/);
    });

    it('JSON that is nested too deep', async () => {
      const deep = '['.repeat(10_000) + ']'.repeat(10_000);
      isDown(await measured(backend, (_, response) => send(response, deep)), /nested more than|not CSV/);
    });

    for (const text of ['null', '7', '"x"', '[]', '{}', '[null]', '{"data":7,"status":"success"}'])
      it(`another JSON: ${text}`, async () => {
        const outcome = await measured(backend, (_, response) => send(response, text));
        // Only a provider that takes any JSON may make a value of it; an empty one is honest where the list is empty.
        if (outcome.kind === 'value' && !isWeb && !name.startsWith('skywalking')) judge(outcome, null);
        assert.notEqual(outcome.kind, 'verdict');
        assert.doesNotMatch(gates(backend, outcome), /Successful/);
      });

    it('NaN', async () => {
      const given =
        name === 'prometheus' || name === 'influxdb' ? backend.answer([NaN]) : backend.answer([null]);
      const outcome = await measured(backend, (_, response) => send(response, given, true));
      judge(outcome, backend.nan);
      // NaN < 10 is false: the reference calls it a failure of the release.
      assert.equal(gates(backend, outcome), outcome.kind === 'value' && !isWeb ? 'Failed, hold' : DOWN);
    });

    it('nothing', async () => {
      const outcome = await measured(backend, (_, response) => send(response, backend.answer([])));
      judge(outcome, backend.empty);
      assert.equal(gates(backend, outcome), DOWN);
      if (name !== 'kayenta') assert.equal(outcomeOf(backend, outcome), 'noData');
    });

    it('two series', async () => {
      const outcome = await measured(backend, (_, response) => send(response, backend.answer([1, 2])));
      judge(outcome, backend.two);
      const strict = outcome.kind === 'error' || backend.seriesUnknown !== true ? 'hold' : 'Successful';
      assert.equal(
        gates(backend, outcome),
        `${outcome.kind === 'error' ? 'Error' : 'Successful'}, ${strict}`,
      );
    });

    it('stops when it is told to', async () => {
      await using server = await serve(() => {});
      const http = quickHttp();
      const stop = new AbortController();
      const context = contextOf({
        http,
        secrets: SECRETS(server.url),
        ...backend.context?.(server.url, http),
      });
      const provider = backend.provider(server.url);
      const found = createProviders(context).of({ provider });
      assert.ok(!('error' in found));
      const asked = found.measure(requestOf(provider, { signal: stop.signal }));
      setTimeout(() => stop.abort(), 20);
      isDown(await asked, /: aborted$/);
    });
  });

it('no provider reaches the metadata service on behalf of a template', async () => {
  const http = quickHttp();
  const url = 'http://169.254.169.254';
  const fixed = new Set(['cloudWatch', 'plugin', 'wavefront']);
  for (const [name, backend] of Object.entries(BACKENDS)) {
    if (fixed.has(name)) continue;
    const provider = backend.provider(url);
    const found = createProviders(contextOf({ http, secrets: SECRETS(url) })).of({ provider });
    assert.ok(!('error' in found));
    failure(
      await found.measure(requestOf(provider)),
      /169\.254\.169\.254 must not be reached by measurements/,
    );
  }
});

it('Kayenta is held to the same faults when it is asked for the score', async () => {
  const rows: [Handler, RegExp][] = [
    [(_, response) => response.writeHead(500).end('boom'), /^Invalid Response: 500: boom$/],
    [(_, response) => response.end(HTML), /^Invalid Response: the answer is not JSON/],
    [(_, response) => json(response, []), /^Missing Complete Status$/],
    [(_, response) => json(response, { complete: true, result: null }), /^Missing Score$/],
  ];
  for (const [handler, pattern] of rows) {
    await using server = await serve(handler);
    const provider: MetricProvider = { kayenta: { address: server.url } };
    const found = createProviders(contextOf({ http: quickHttp() })).of({ provider });
    assert.ok(!('error' in found) && found.resume !== undefined);
    const previous = { metadata: { canaryExecutionId: 'x' } };
    failure(await found.resume(requestOf(provider, { previous })), pattern);
  }
});
