import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MetricProvider } from '../../src/api/metric-provider.ts';
import { CsvError, parseAnnotatedCsv } from '../../src/providers/influxdb/csv.ts';
import { answering, bodyOf, contextOf, measure, messageOf, NOW, secretsIn, valueOf } from './support.ts';
import type { ScriptedHttp } from './support.ts';

const seconds = Math.floor(NOW / 1000);

describe('wavefront', () => {
  const address = 'example.wavefront.com';
  const ask = (http: ScriptedHttp, tokens: Record<string, string> = { [address]: 'wf-token' }) =>
    measure(
      { wavefront: { address, query: 'ts(a.b)' } },
      contextOf({ http, secrets: secretsIn({ 'sluice/wavefront-api-tokens': tokens }) }),
    );
  const answer = (...data: unknown[]) => ({ timeseries: data.map((each) => ({ data: each })) });

  it('asks for this second', async () => {
    const http = answering(answer([[seconds, 1]]));
    await ask(http);
    const { origin, pathname, searchParams } = new URL(http.last.url);
    assert.equal(origin + pathname, 'https://example.wavefront.com/api/v2/chart/api');
    const at = String(seconds * 1000);
    assert.deepEqual(Object.fromEntries(searchParams), {
      q: 'ts(a.b)',
      s: at,
      e: at,
      g: 's',
      p: '1',
      i: 'true',
    });
    assert.equal(http.last.headers?.['authorization'], 'Bearer wf-token');
  });

  it('one series: the point nearest to now', async () => {
    const outcome = valueOf(
      await ask(
        answering({
          ...answer([
            [seconds - 90, 1],
            [seconds - 30, 2.345],
            [seconds + 60, 3],
          ]),
          warnings: 'slow',
        }),
      ),
    );
    assert.deepEqual(
      [outcome.result, outcome.value, outcome.metadata, outcome.evidence],
      [
        { type: 'scalar', value: 2.345 },
        '2.35',
        { warnings: 'slow', timestamps: String(seconds - 30), drift: '-30' },
        { series: 1, sampledAt: (seconds - 30) * 1000, latencyMs: 0 },
      ],
    );
  });

  it('several series', async () => {
    const outcome = valueOf(await ask(answering(answer([[seconds, 0.125]], [[seconds - 1, 2]]))));
    assert.deepEqual(
      [outcome.result, outcome.value, outcome.metadata],
      [
        { type: 'vector', value: [0.125, 2] },
        '[0.12,2.00]',
        { timestamps: `[${seconds},${seconds - 1}]`, drift: '[0,-1]' },
      ],
    );
  });

  it('no series, with the warning', async () => {
    const outcome = await ask(answering({ timeseries: [], warnings: 'no such metric' }));
    assert.deepEqual(outcome, {
      kind: 'error',
      message: 'No TimeSeries found in response from Wavefront',
      empty: true,
      metadata: { warnings: 'no such metric' },
    });
  });

  const faults: [string, unknown, string][] = [
    ['a series without points', answer([]), 'a time series in the response from Wavefront has no points'],
    ['a point that is none', answer([[seconds]]), 'bad response: a point is no pair of numbers'],
    ['an error', { errorType: 'QuerySyntaxError', errorMessage: 'at 3' }, 'QuerySyntaxError: at 3'],
  ];
  for (const [name, given, text] of faults)
    it(name, async () => assert.equal(messageOf(await ask(answering(given))), text));

  it('needs the token of this very address', async () => {
    for (const tokens of [{}, { 'other.wavefront.com': 'x' }])
      assert.equal(messageOf(await ask(answering({}), tokens)), 'API token not found');
  });
});

describe('graphite', () => {
  const ask = (http: ScriptedHttp, more: NonNullable<MetricProvider['graphite']> = {}) =>
    measure(
      { graphite: { address: 'http://graphite/base/', query: 'target=a.b', ...more } },
      contextOf({ http }),
    );
  const answer = (...points: unknown[]) => [{ target: 'a', datapoints: points }];

  it('asks the render API, without white space', async () => {
    const http = answering(answer([1, 2]));
    await ask(http, { query: ' target=sum( a.b,\n  c.d )\n&from = -5min ' });
    assert.equal(
      http.last.url,
      `http://graphite/base/render?${new URLSearchParams({ target: 'sum(a.b,c.d)', from: '-5min', format: 'json' })}`,
    );
    assert.equal(http.last.timeoutMs, 10_000);
  });

  const values: [string, unknown, number[], string][] = [
    [
      'the points of the first target',
      [...answer([0.5, 1], [2, 2]), ...answer([9, 1])],
      [0.5, 2],
      '[0.500000,2.000000]',
    ],
    ['those without a value are left out', answer([null, 1], [1e-7, 2]), [1e-7], '[0.000000]'],
    ['numbers in quotes', answer(['1.5', '2']), [1.5], '[1.500000]'],
    ['NaN and infinity in quotes', answer(['NaN', 1], ['-Inf', 2]), [NaN, -Infinity], '[NaN,-Inf]'],
    ['null only', answer([null, 1]), [], '[]'],
  ];
  for (const [name, given, result, value] of values)
    it(name, async () => {
      const outcome = valueOf(await ask(answering(given)));
      assert.deepEqual([outcome.result, outcome.value], [{ type: 'vector', value: result }, value]);
    });

  it('counts targets and dates the newest sample', async () => {
    const { evidence } = valueOf(await ask(answering([...answer([1, 5], [2, 7]), ...answer([1, 9])])));
    assert.deepEqual(evidence, { series: 2, used: 1, sampledAt: 7000, latencyMs: 0 });
  });

  const faults: [string, unknown, number, string][] = [
    ['no target', [], 200, 'no values found'],
    ['no points', answer(), 200, 'no values found'],
    ['an error', 'Invalid target', 400, 'error response: Invalid target'],
    ['no list', {}, 200, 'bad response: the answer is no list of targets'],
    ['a point that is none', answer([1]), 200, 'error unmarshaling data point: [1]'],
    ['a number that is none', answer(['x', 1]), 200, 'strconv.ParseFloat: parsing "x": invalid syntax'],
    ['a value that is none', answer([true, 1]), 200, 'error unmarshaling value: true'],
  ];
  for (const [name, given, status, text] of faults)
    it(name, async () => assert.equal(messageOf(await ask(answering(given, status))), text));

  it('needs an address', async () => {
    assert.equal(
      messageOf(await ask(answering([]), { address: '' })),
      'Graphite address  is not a valid URL',
    );
  });
});

const PROFILE = { authToken: 'influx-token', org: 'my org', address: 'http://influx:8086/' };
const HEAD =
  '#datatype,string,long,dateTime:RFC3339,double\r\n#group,false,false,false,false\r\n#default,_result,,,\r\n';
const table = (...rows: string[]) =>
  `${HEAD},result,table,_time,_value\r\n${rows.map((row) => `${row}\r\n`).join('')}\r\n`;

describe('influxdb', () => {
  const ask = (http: ScriptedHttp, profile: Record<string, string> = PROFILE) =>
    measure(
      { influxdb: { query: 'from(bucket: "b")' } },
      contextOf({ http, secrets: secretsIn({ 'sluice/influxdb': profile }) }),
    );

  it('asks in Flux', async () => {
    const http = answering(table(',,0,2026-01-01T00:00:00Z,1'));
    await ask(http);
    assert.equal(http.last.url, 'http://influx:8086/api/v2/query?org=my+org');
    assert.equal(http.last.headers?.['authorization'], 'Token influx-token');
    assert.equal(http.last.timeoutMs, 30_000);
    assert.deepEqual(bodyOf(http.last), {
      query: 'from(bucket: "b")',
      type: 'flux',
      dialect: { annotations: ['datatype', 'group', 'default'], delimiter: ',', header: true },
    });
  });

  it('the values of all records of all tables', async () => {
    const text =
      table(',,0,2026-01-01T00:00:00Z,0.95', ',,1,2026-01-01T00:01:00Z,NaN', ',,1,2026-01-01T00:00:30Z,') +
      '#datatype,string,long,string\n#group,false,false,false\n#default,_result,,\n,result,table,_value\n,,2,"a ""b"", c"\n' +
      '\n#datatype,string,long,long\n#group,f,f,f\n#default,_result,,\n,result,table,_value\n,,3,-7\n' +
      '\n#datatype,string,long,boolean\n#group,f,f,f\n#default,_result,,\n,result,table,_value\n,,4,true\n';
    const outcome = valueOf(await ask(answering(text)));
    assert.deepEqual(outcome.result, { type: 'json', value: [0.95, NaN, null, 'a "b", c', -7, true] });
    assert.equal(outcome.value, '[0.95 NaN <nil> a "b", c -7 true]');
    assert.deepEqual(outcome.evidence, {
      series: 5,
      sampledAt: Date.UTC(2026, 0, 1, 0, 1),
      latencyMs: 0,
    });
  });

  const faults: [string, string, number, string][] = [
    ['nothing', '\r\n', 200, 'no results returned from flux query'],
    ['a header only', table(), 200, 'no results returned from flux query'],
    ['an error in its words', '{"code":"invalid","message":"at 1:1"}', 400, '400: invalid: at 1:1'],
    ['an error of others', 'oops', 502, '502: oops'],
    ['a token in the text', 'no influx-token', 401, '401: no *****'],
    [
      'an error table',
      '#datatype,string,string\n#group,true,true\n#default,,\n,error,reference\n,query died,897\n',
      200,
      'query died',
    ],
    [
      'a number that is none',
      table(',,0,2026-01-01T00:00:00Z,x'),
      200,
      'bad response: strconv.ParseFloat: parsing "x": invalid syntax',
    ],
    [
      'a row that is cut off',
      `${table().trimEnd()}\r\n,,0`,
      200,
      'bad response: a row has 3 columns, its table has 5',
    ],
  ];
  for (const [name, text, status, message] of faults)
    it(name, async () => assert.equal(messageOf(await ask(answering(text, status))), message));

  it('needs all of the profile', async () => {
    for (const key of Object.keys(PROFILE))
      assert.equal(
        messageOf(await ask(answering(''), { ...PROFILE, [key]: '' })),
        'authToken, org, or address not found',
      );
  });
});

describe('annotated CSV', () => {
  it('fills defaults in, and tells an empty text from nothing', () => {
    const text = '#datatype,string,double\n#default,x,\n,a,b\n,,\n';
    const [row] = parseAnnotatedCsv(text);
    assert.deepEqual(row?.get('a'), { type: 'string', text: 'x' });
    assert.deepEqual(row?.get('b'), { type: 'double', text: undefined });
  });

  for (const text of ['a,"b', 'a,"b"c\n', ',a\n,1,2\n'])
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseAnnotatedCsv(text), CsvError));

  it('never hangs or crashes on any text', () => {
    const parts = ['"', ',', '\n', '\r', '#', 'a', ''];
    let state = 1;
    const next = () => (state = (state * 48271) % 2147483647);
    for (let run = 0; run < 2000; run++) {
      const text = Array.from({ length: next() % 12 }, () => parts[next() % parts.length]).join('');
      try {
        parseAnnotatedCsv(text);
      } catch (error) {
        assert.ok(error instanceof CsvError, `${JSON.stringify(text)}: ${String(error)}`);
      }
    }
  });
});
