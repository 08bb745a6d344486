import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JudgeMetric, MetricProvider } from '../../src/api/metric-provider.ts';
import type { HttpRequest, HttpResponse } from '../../src/providers/http/types.ts';
import { HttpFailure } from '../../src/providers/http/types.ts';
import type { HttpClient } from '../../src/providers/http/types.ts';
import type { MeasurementOutcome, PreviousMeasurement } from '../../src/providers/index.ts';
import { contextOf, messageOf, NOW, providerOf, requestOf, ScriptedHttp } from './support.ts';

const judge: JudgeMetric = {
  prometheus: { address: 'http://prometheus:9090', headers: [{ key: 'X-Scope-OrgID', value: 'shop' }] },
  errorRate: {
    canary: 'sum by (code) (requests_total{hash="new"})',
    stable: 'sum by (code) (requests_total{hash="old"})',
    failed: { label: 'code', pattern: '5..' },
  },
};

type Counts = Readonly<Record<string, number>>;
interface Look {
  readonly canary: Counts;
  readonly stable: Counts;
}

const vector = (label: string, counts: Counts): Partial<HttpResponse> => ({
  body: JSON.stringify({
    status: 'success',
    data: {
      resultType: 'vector',
      result: Object.entries(counts).map(([value, count]) => ({
        metric: { __name__: 'requests_total', [label]: value },
        value: [NOW / 1000, String(count)],
      })),
    },
  }),
});

const queryOf = (request: HttpRequest): string => new URLSearchParams(request.body).get('query') ?? '';
const isCanary = (request: HttpRequest): boolean => queryOf(request).includes('new');

const showing = (look: Look, label = 'code'): ScriptedHttp =>
  new ScriptedHttp((request) => vector(label, isCanary(request) ? look.canary : look.stable));

/** Goes through the looks as the controller does, with the metadata of each for the next; gives the last outcome. */
async function through(config: JudgeMetric, looks: readonly (Look | HttpClient)[], label = 'code') {
  let previous: PreviousMeasurement | undefined;
  const outcomes: MeasurementOutcome[] = [];
  for (const [i, item] of looks.entries()) {
    const http = 'request' in item ? item : showing(item, label);
    const clock = { now: () => NOW + i * 10_000, monotonic: () => 0, setTimer: () => ({ cancel: () => {} }) };
    const provider = providerOf({ judge: config }, contextOf({ http, clock }));
    const request = requestOf({ judge: config }, { previous });
    const outcome = await (previous === undefined ? provider.measure(request) : provider.resume?.(request));
    assert.ok(outcome !== undefined);
    outcomes.push(outcome);
    previous = { metadata: { ...previous?.metadata, ...outcome.metadata } };
  }
  return { outcomes, last: outcomes.at(-1) ?? assert.fail(), metadata: previous?.metadata ?? {} };
}

const START: Look = { canary: { '200': 10 }, stable: { '200': 9_000, '500': 9 } };
const says = (outcome: MeasurementOutcome): string => outcome.metadata?.['judge'] ?? '';

describe('judge: a verdict', () => {
  it('takes the first look as the base, then says worse as soon as the evidence is there', async () => {
    const { outcomes, last, metadata } = await through(judge, [
      START,
      { canary: { '200': 30 }, stable: { '200': 9_180, '500': 9 } },
      { canary: { '200': 42, '500': 8 }, stable: { '200': 9_360, '500': 9 } },
    ]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['pending', 'pending', 'verdict'],
    );
    assert.ok(last.kind === 'verdict' && last.phase === 'Failed');
    assert.match(
      last.value ?? '',
      /^worse: canary 20\.00 % \(8 of 40 requests\), stable 0\.00 % \(0 of 360 requests\); evidence for worse \S+ of 20/,
    );
    assert.equal(last.message, last.value);
    assert.equal(metadata['judge-state'], '', 'nothing of the state stays behind');
  });

  it('says no worse when a difference that matters is ruled out', async () => {
    const { last } = await through(judge, [
      START,
      { canary: { '200': 510 }, stable: { '200': 12_000, '500': 12 } },
    ]);
    assert.ok(last.kind === 'verdict' && last.phase === 'Successful');
    assert.match(last.value ?? '', /^no worse: canary 0\.00 % \(0 of 500 requests\)/);
  });

  it('goes on where traffic is low, and says how far it is', async () => {
    const quiet = { canary: { '200': 12 }, stable: { '200': 9_020, '500': 9 } };
    const { last } = await through(judge, [START, quiet, quiet, quiet]);
    assert.deepEqual(
      [last.kind, last.kind === 'pending' && last.resumeAt],
      ['pending', NOW + 30_000 + 10_000],
    );
    assert.match(says(last), /^keep going: canary 0\.00 % \(0 of 2 requests\)/);
  });

  it('never judges a canary without a single request, however long stable runs well', async () => {
    const looks = Array.from({ length: 50 }, (_, i) => ({
      canary: {},
      stable: { '200': 9_000 + 10_000 * i, '500': 9 },
    }));
    const { last } = await through(judge, looks);
    assert.equal(last.kind, 'pending');
    assert.match(says(last), /canary nothing \(0 of 0 requests\)/);
  });

  it('is Inconclusive after maxDuration, and only then', async () => {
    const config = { ...judge, maxDuration: '25s' };
    const { outcomes, last } = await through(config, [START, START, START, START]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['pending', 'pending', 'pending', 'verdict'],
    );
    assert.ok(last.kind === 'verdict' && last.phase === 'Inconclusive');
    assert.match(last.message ?? '', /^no verdict within judge\.maxDuration; keep going/);
  });

  it('is asked again at its own interval', async () => {
    const { last } = await through({ ...judge, interval: '1m' }, [START]);
    assert.ok(last.kind === 'pending' && last.resumeAt === NOW + 60_000);
  });
});

describe('judge: latency', () => {
  const latency: JudgeMetric = {
    prometheus: judge.prometheus,
    latency: { canary: 'sum by (le) (d_bucket{hash="new"})', stable: 'sum by (le) (d_bucket{hash="old"})' },
  };
  const buckets = (fast: number, slow: number): Counts => ({ '0.1': fast, '+Inf': fast + slow });

  it('compares histograms by rank', async () => {
    const worse = await through(
      latency,
      [
        { canary: buckets(0, 0), stable: buckets(0, 0) },
        { canary: buckets(10, 40), stable: buckets(400, 50) },
      ],
      'le',
    );
    assert.ok(worse.last.kind === 'verdict' && worse.last.phase === 'Failed');
    assert.match(
      worse.last.value ?? '',
      /^worse: canary slower in 84\.44 % of pairs \(50 and 450 requests\)/,
    );
    const equal = await through(
      latency,
      [
        { canary: buckets(0, 0), stable: buckets(0, 0) },
        { canary: buckets(450, 50), stable: buckets(4_050, 450) },
      ],
      'le',
    );
    assert.ok(equal.last.kind === 'verdict' && equal.last.phase === 'Successful');
  });

  it('gathers requests until both sides have a few', async () => {
    const few = { canary: buckets(0, 4), stable: buckets(400, 0) };
    const { last } = await through(latency, [{ canary: buckets(0, 0), stable: buckets(0, 0) }, few], 'le');
    assert.match(says(last), /\(0 and 0 requests\)/);
    const more = { canary: buckets(0, 40), stable: buckets(800, 0) };
    const { last: later } = await through(
      latency,
      [{ canary: buckets(0, 0), stable: buckets(0, 0) }, few, more],
      'le',
    );
    assert.match(later.kind === 'verdict' ? (later.value ?? '') : '', /\(40 and 800 requests\)/);
  });

  it('refuses histograms that can not be compared', async () => {
    const different = { canary: { '0.1': 9, '+Inf': 9 }, stable: { '0.2': 9, '+Inf': 9 } };
    const zero = { canary: { '0.1': 0, '+Inf': 0 }, stable: { '0.2': 0, '+Inf': 0 } };
    const { last } = await through(latency, [zero, different], 'le');
    assert.match(messageOf(last), /different buckets/);
    const { last: none } = await through(latency, [
      START,
      { canary: { '200': 50 }, stable: { '200': 9_100, '500': 9 } },
    ]);
    assert.match(messageOf(none), /canary: a series has no label le/);
  });
});

describe('judge: what counters do', () => {
  it('leaves out what lies around a counter that went down or a series that went away', async () => {
    for (const gap of [
      { canary: { '200': 3 }, stable: { '200': 9_500, '500': 9 } },
      { canary: { '200': 400 }, stable: { '200': 9_500 } },
    ]) {
      const { last } = await through(judge, [START, gap]);
      assert.match(says(last), /canary nothing/, JSON.stringify(gap));
      const then = { canary: { '200': gap.canary['200'] + 10 }, stable: { ...gap.stable, '200': 9_530 } };
      const { last: after } = await through(judge, [START, gap, then]);
      assert.match(says(after), /^keep going: canary 0\.00 % \(0 of 10 requests\)/, JSON.stringify(gap));
    }
  });

  it('counts a series that is new from 0: the first failure is a failure', async () => {
    const { last } = await through(judge, [START, { canary: { '200': 10, '503': 2 }, stable: START.stable }]);
    assert.match(says(last), /\(2 of 2 requests\)/);
  });

  it('goes on from where it was after a restart, and begins anew where the state is not its own', async () => {
    const { metadata } = await through(judge, [START]);
    for (const [state, expected] of [
      [metadata['judge-state'], 'verdict'],
      ['', 'pending'],
      ['{"since":1}', 'pending'],
      ['{', 'pending'],
    ] as const) {
      const http = showing({ canary: { '200': 800 }, stable: { '200': 20_000, '500': 20 } });
      const outcome = await providerOf({ judge }, contextOf({ http })).resume?.(
        requestOf({ judge }, { previous: { metadata: { 'judge-state': state ?? '' } } }),
      );
      assert.equal(outcome?.kind, expected, state);
    }
  });
});

describe('judge: a backend in trouble', () => {
  const refusing: HttpClient = {
    request: () => Promise.reject(new HttpFailure('unreachable', 'prometheus:9090: connection refused')),
  };

  it('holds, loses nothing, and goes on when answers come back', async () => {
    for (const broken of [
      refusing,
      new ScriptedHttp(() => ({ status: 502, body: 'bad gateway' })),
      new ScriptedHttp(() => ({ status: 429, body: 'slow down' })),
      new ScriptedHttp(() => ({ body: '<html>' })),
      new ScriptedHttp(() => ({
        status: 503,
        body: '{"status":"error","errorType":"timeout","error":"query timed out"}',
      })),
    ]) {
      const { outcomes, last } = await through(judge, [
        broken,
        START,
        broken,
        { canary: { '200': 42, '500': 8 }, stable: { '200': 9_360, '500': 9 } },
      ]);
      assert.match(says(outcomes[2] ?? assert.fail()), /^keep going: no answer \(/);
      assert.ok(last.kind === 'verdict' && last.phase === 'Failed');
    }
  });

  it('tells a query that can never be answered at once', async () => {
    for (const [http, text] of [
      [
        new ScriptedHttp(() => ({
          status: 400,
          body: '{"status":"error","errorType":"bad_data","error":"parse error"}',
        })),
        /canary: bad_data: parse error/,
      ],
      [
        new ScriptedHttp(() => ({
          body: '{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}',
        })),
        /gives a scalar/,
      ],
      [showing({ canary: { '200': NaN }, stable: {} }), /value NaN/],
      [
        showing({
          canary: Object.fromEntries(Array.from({ length: 61 }, (_, i) => [String(i), 1])),
          stable: {},
        }),
        /61 series, more than 60: aggregate/,
      ],
    ] as const) {
      const { last } = await through(judge, [http]);
      assert.match(messageOf(last), text);
    }
  });

  it('asks as the settings of Prometheus say', async () => {
    const http = showing(START);
    await providerOf({ judge }, contextOf({ http })).measure(requestOf({ judge }));
    assert.deepEqual(http.asked.map(queryOf), [judge.errorRate?.canary, judge.errorRate?.stable]);
    assert.equal(http.last.headers?.['x-scope-orgid'], 'shop');
  });
});

describe('judge: wrong settings', () => {
  const cases: [string, JudgeMetric, RegExp][] = [
    ['neither kind', {}, /exactly one of errorRate and latency/],
    ['both kinds', { ...judge, latency: {} }, /exactly one/],
    [
      'no query',
      { ...judge, errorRate: { ...judge.errorRate, canary: ' ' } },
      /judge\.errorRate\.canary is empty/,
    ],
    ['no failures', { errorRate: { canary: 'a', stable: 'b' } }, /needs a label and a pattern/],
    [
      'a pattern',
      { errorRate: { canary: 'a', stable: 'b', failed: { label: 'c', pattern: '(' } } },
      /failed\.pattern: error parsing regexp/,
    ],
    ['alpha', { ...judge, alpha: '5%' }, /judge\.alpha is "5%": write a number above 0, up to 0\.5/],
    ['alpha 0', { ...judge, alpha: '0' }, /judge\.alpha/],
    ['power', { ...judge, power: '1' }, /judge\.power/],
    ['effect', { ...judge, smallestEffect: 'tiny' }, /judge\.smallestEffect/],
    ['interval', { ...judge, interval: '10' }, /judge\.interval: time: missing unit/],
    ['duration', { ...judge, maxDuration: '0s' }, /judge\.maxDuration is "0s": it must be more than zero/],
    ['address', { ...judge, prometheus: {} }, /prometheus address is not configured/],
  ];
  for (const [name, config, text] of cases)
    it(`says what is wrong with ${name}`, async () => {
      const { last } = await through(config, [START]);
      assert.match(messageOf(last), text);
    });

  it('ends with what it said last when it is terminated', async () => {
    const provider: MetricProvider = { judge };
    const outcome = await providerOf(provider, contextOf({ http: showing(START) })).terminate?.(
      requestOf(provider, { previous: { metadata: { judge: 'keep going: ...', 'judge-state': '{}' } } }),
    );
    assert.deepEqual(outcome, {
      kind: 'verdict',
      phase: 'Inconclusive',
      message: 'Metric Terminated',
      value: 'keep going: ...',
      metadata: { 'judge-state': '' },
    });
  });
});
