/**
 * AnalysisRuns that no Rollout has made: by hand, by a pipeline, or left by another controller in the middle of its work.
 * All of them come to an end by themselves.
 */

import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { formatTime } from '../../src/lang/time.ts';
import { SHOP } from './manifests.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface OddRun {
  readonly what: string;
  readonly spec: Fields;
  readonly status?: Fields;
  readonly metadata?: Fields;
}

const metric = (fields: Fields = {}, shape = 'plain'): Fields => ({
  name: 'success',
  successCondition: 'result[0] >= 0.5',
  ...fields,
  provider: fields['provider'] ?? {
    prometheus: {
      address: 'http://prometheus.example.com',
      query: `rate{metric="success",hash="by-hand",shape="${shape}"}`,
    },
  },
});

const run = (what: string, fields: Fields, more: Fields = {}, shape?: string): OddRun => ({
  what,
  spec: { metrics: [metric(fields, shape)], ...more },
});

/** One metric that can't be measured so. */
const refused = (what: string, fields: Fields): OddRun =>
  run(`a metric with ${what}`, fields, { ttlStrategy: { secondsAfterCompletion: 20 } });

/** In the middle of its measurements, as another controller has left it. */
const under = (what: string, result: Fields, fields: Fields = {}, status: Fields = {}): OddRun => ({
  what,
  spec: { metrics: [metric({ interval: '5s', count: 2, ...fields })] },
  status: { phase: 'Running', startedAt: AT, metricResults: [{ name: 'success', ...result }], ...status },
});

/** Before any history begins. */
const AT = formatTime(Date.UTC(2025, 11, 31, 23, 59));

const second = (name: string): Fields => ({ ...metric(), name });

export const ODD_RUNS: readonly OddRun[] = [
  run('one measurement', {}),
  run('nothing that decides', { successCondition: 'result[0] > 1', failureCondition: 'result[0] < 0' }),
  run('ttl after completion', {}, { ttlStrategy: { secondsAfterCompletion: 5 } }),
  run('ttl after success', {}, { ttlStrategy: { secondsAfterSuccess: 5 } }),
  run('ttl after failure, and it succeeds', {}, { ttlStrategy: { secondsAfterFailure: 5 } }),
  run(
    'ttl after failure',
    { successCondition: 'result[0] > 1' },
    { ttlStrategy: { secondsAfterFailure: 5 } },
  ),
  run('ttl of nothing', {}, { ttlStrategy: {} }),
  run('terminated before it began', {}, { terminate: true }),
  run('no metrics', {}, { metrics: [] }),
  run('no metrics, and a ttl', {}, { metrics: [], ttlStrategy: { secondsAfterCompletion: 5 } }),
  run('no list of metrics', {}, { metrics: 'none' }),
  run('no list of metrics at all', {}, { metrics: null }),
  run('two metrics of one name', {}, { metrics: [metric(), metric()] }),
  refused('a negative consecutiveSuccessLimit', { consecutiveSuccessLimit: -1 }),
  refused('failureLimit -2', { failureLimit: -2 }),
  refused('no limit at all', { failureLimit: -1 }),
  refused('a negative inconclusiveLimit', { inconclusiveLimit: -1 }),
  refused('a negative consecutiveErrorLimit', { consecutiveErrorLimit: -1 }),
  refused('a count below its limits', { count: 1, failureLimit: 1, consecutiveSuccessLimit: 1 }),
  refused('a count below its successes', { count: 1, failureLimit: -1, consecutiveSuccessLimit: 2 }),
  refused('a count below inconclusiveLimit', { count: 1, inconclusiveLimit: 2 }),
  refused('a count and no interval', { count: 2 }),
  refused('an interval that is none', { interval: '5 minutes' }),
  refused('an initialDelay that is none', { initialDelay: 'soon' }),
  refused('no provider', { provider: {} }),
  refused('two providers', { provider: { job: { spec: {} }, web: { url: 'http://web.example.com' } } }),
  refused('a plugin of two', { provider: { plugin: { 'a/b': {}, 'c/d': {} } } }),
  refused('a maxAge that is none', { evidence: { maxAge: 'old' } }),
  refused('negative minSamples', { evidence: { minSamples: -1 } }),
  refused('minSamples without a query', { evidence: { minSamples: 5 } }),
  refused('samplesQuery without a query to replace', {
    evidence: { samplesQuery: 'up' },
    provider: { web: { url: 'http://web.example.com' } },
  }),
  refused('limits in words', { failureLimit: 'none', count: 'one' }),
  run('an argument without a value', {}, { args: [{ name: 'hash' }] }),
  run('an argument that nobody declares', { successCondition: 'result[0] >= {{args.least}}' }),
  run(
    'an argument',
    { successCondition: 'result[0] >= {{args.least}}' },
    { args: [{ name: 'least', value: '0.5' }] },
  ),
  run(
    'arguments from nowhere',
    {},
    { args: [{ name: 'least', valueFrom: { fieldRef: { fieldPath: 'a.b' } } }] },
  ),
  run('a Secret that is not there', {}, { args: [secret('nowhere', 'token')] }),
  run('a key that is not there', {}, { args: [secret('web-secret', 'nothing')] }),
  run(
    'a Secret',
    { failureCondition: 'result[0] < {{args.token}}' },
    { args: [secret('web-secret', 'limit')] },
  ),
  run('a dryRun rule that fits', {}, { dryRun: [{ metricName: 'suc.*' }] }),
  run('a dryRun rule that fits none', {}, { dryRun: [{ metricName: 'other' }] }),
  run('a dryRun rule that is no expression', {}, { dryRun: [{ metricName: '(' }] }),
  run(
    'a retention rule that fits',
    { interval: '1s', count: 4 },
    { measurementRetention: [{ metricName: '.*', limit: 2 }] },
  ),
  run(
    'a retention of nothing',
    { interval: '1s', count: 3 },
    { measurementRetention: [{ metricName: '.*', limit: 0 }] },
  ),
  run('a retention rule that fits none', {}, { measurementRetention: [{ metricName: 'x', limit: 2 }] }),
  run('more measurements than are kept', { interval: '1s', count: 12, failureLimit: 12 }),
  run('errors to the end', { consecutiveErrorLimit: 1 }, {}, 'quoting'),
  run('a dry run that fails', { successCondition: 'result[0] > 1' }, { dryRun: [{ metricName: '.*' }] }),
  run('a dry run that errs', { consecutiveErrorLimit: 0 }, { dryRun: [{ metricName: '.*' }] }, 'quoting'),
  run('successes in a row', { interval: '1s', count: 5, failureLimit: 2, consecutiveSuccessLimit: 2 }),
  run('successes in a row that never come', {
    interval: '1s',
    count: 3,
    failureLimit: 2,
    consecutiveSuccessLimit: 1,
    successCondition: 'result[0] > 1',
  }),
  run('successes in a row, however many fail', {
    interval: '1s',
    count: 3,
    failureLimit: -1,
    consecutiveSuccessLimit: 2,
    successCondition: 'result[0] > 1',
  }),
  run(
    'two metrics, one inconclusive, one that errs',
    {},
    {
      metrics: [
        metric({ successCondition: 'result[0] > 1', failureCondition: 'result[0] < 0' }),
        { ...metric({ consecutiveErrorLimit: 0 }, 'quoting'), name: 'other' },
        second('third'),
      ],
    },
  ),
  under('measured once', { phase: 'Running', count: 1, successful: 1, measurements: [done('Successful')] }),
  under('nothing measured', { phase: 'Running' }),
  under('no instants', {
    phase: 'Running',
    measurements: [{ phase: 'Successful', finishedAt: 'yesterday' }],
  }),
  under('a measurement that nobody can resume', {
    phase: 'Running',
    measurements: [{ phase: 'Running', startedAt: AT }],
  }),
  under('a measurement to resume later', {
    phase: 'Running',
    measurements: [{ phase: 'Running', startedAt: AT, resumeAt: AT, metadata: { 'job-name': 'a' } }],
  }),
  under('held without a number', {
    phase: 'Running',
    measurements: [{ ...done('Inconclusive'), metadata: { 'sluice.dev/held': 'often' } }],
  }),
  under('held once, nobody knows why', {
    phase: 'Running',
    measurements: [{ ...done('Inconclusive'), metadata: { 'sluice.dev/held': '1' } }],
  }),
  under('held for a reason of the future', {
    phase: 'Running',
    measurements: [
      { ...done('Inconclusive'), metadata: { 'sluice.dev/held': '1', 'sluice.dev/outcome': 'moon' } },
    ],
  }),
  under(
    'a result of a metric that is gone',
    { phase: 'Running' },
    {},
    { metricResults: [{ name: 'gone', phase: 'Running' }] },
  ),
  under(
    'errors in a row',
    { phase: 'Running', error: 2, consecutiveError: 2, measurements: [done('Error')] },
    {
      consecutiveErrorLimit: 1,
    },
  ),
  under('its metric has failed', { phase: 'Failed', failed: 1, count: 1, measurements: [done('Failed')] }),
  under('its metric has failed, and says why', { phase: 'Failed', message: 'too slow', failed: 1, count: 1 }),
  under('finished, with a ttl', { phase: 'Successful' }, {}, { phase: 'Successful', completedAt: AT }),
  under('a status of the wrong kind', { phase: 'Running', count: 'one' }),
  under('a phase of the wrong kind', {}, {}, { phase: 1 }),
  under('a phase that nobody knows', {}, {}, { phase: 'Elated' }),
  { what: 'a metric that has no provider', spec: { metrics: [{ name: 'success' }] } },
  {
    what: 'refused by another controller, which has not said when',
    spec: { metrics: [metric()], ttlStrategy: { secondsAfterCompletion: 5 } },
    status: { phase: 'Error', startedAt: AT },
  },
  under('held, nobody knows since when', {
    phase: 'Running',
    measurements: [{ phase: 'Inconclusive', metadata: { 'sluice.dev/held': '3' } }],
  }),
  run(
    'a Secret in an endless value',
    {},
    { args: [secret('web-secret', 'token')] },
    `long ${'x'.repeat(600)}`,
  ),
  run('no series, and an error of the provider', { successCondition: 'result[3] > 1' }, {}, 'nothing'),
  {
    what: 'a document without what is asked for',
    spec: {
      metrics: [metric({ provider: { web: { url: 'http://web.example.com/x', jsonPath: '{$.nowhere}' } } })],
    },
  },
  {
    what: 'a text in the place of a document',
    metadata: { annotations: { 'sluice.dev/evidence': 'stock' } },
    spec: {
      metrics: [
        metric({
          successCondition: 'result.rate >= 0.5',
          provider: { web: { url: 'http://web.example.com/?q=hash="x",metric="text",shape="text"' } },
        }),
      ],
    },
  },
  {
    what: 'several places in a document, and one is looked at',
    spec: {
      metrics: [
        metric({
          successCondition: 'result >= 0.5',
          provider: {
            web: {
              url: 'http://web.example.com/?q=hash="x",metric="places",shape="two"',
              jsonPath: '{$.list[*]}',
            },
          },
        }),
      ],
    },
  },
  {
    what: 'a number of a document that is not there, and any number would do',
    spec: {
      metrics: [
        metric({
          successCondition: 'true',
          provider: {
            web: {
              url: 'http://web.example.com/?q=hash="x",metric="null",shape="nothing"',
              jsonPath: '{$.rate}',
            },
          },
        }),
      ],
    },
  },
  {
    what: 'NaN of a document under a policy',
    spec: { metrics: [metric({ evidence: { nan: 'pass', noData: 'pass' } }, 'nan')] },
  },
  {
    what: 'NaN beside a number under a policy',
    spec: {
      metrics: [metric({ evidence: { nan: 'pass' }, successCondition: 'all(result, # >= 0.5)' }, 'mixed')],
    },
  },
  {
    what: 'a scalar that is no number under a policy',
    spec: {
      metrics: [
        metric({ evidence: { noData: 'pass' }, successCondition: 'len(result?.list) > 0' }, 'nothing'),
      ],
    },
  },
  {
    what: 'an expression of CloudWatch',
    spec: {
      metrics: [
        metric({
          consecutiveErrorLimit: 0,
          provider: {
            cloudWatch: { metricDataQueries: [{ id: 'a', expression: 'SEARCH("x")' }, { id: 'b' }] },
          },
        }),
      ],
      dryRun: [{ metricName: '.*' }],
    },
  },
  {
    what: 'finished, and can not be read',
    spec: { metrics: 'none', ttlStrategy: { secondsAfterCompletion: 5 } },
    status: { phase: 'Failed' },
  },
  {
    what: 'strict, and no data for a while',
    metadata: { annotations: { 'sluice.dev/evidence': 'strict' } },
    spec: { metrics: [metric({ interval: '5s', count: 2 }, 'nothing')] },
  },
  {
    what: 'strict, and a backend that comes and goes',
    metadata: { annotations: { 'sluice.dev/evidence': 'strict' } },
    spec: { metrics: [metric({ interval: '2s', count: 3 }, 'flaky')] },
  },
  {
    what: 'a mode that nobody knows',
    metadata: { annotations: { 'sluice.dev/evidence': 'lenient' } },
    spec: { metrics: [metric({}, 'nan')] },
  },
  run('waits for traffic of nobody', { evidence: { waitForTraffic: true } }),
  run('terminated in the middle', { initialDelay: '10s' }, { terminate: false }),
];

function secret(name: string, key: string): Fields {
  return { name: 'token', valueFrom: { secretKeyRef: { name, key } } };
}

function done(phase: string): Fields {
  return { phase, startedAt: AT, finishedAt: AT, value: '[1]' };
}

export function oddRun(turn: number, name: string): { what: string; object: KubeObject } {
  const { what, spec, status, metadata = {} } = ODD_RUNS[turn % ODD_RUNS.length] as OddRun;
  return {
    what,
    object: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { name, namespace: SHOP, ...metadata },
      spec: spec as unknown as JsonObject,
      ...(status === undefined ? {} : { status: status as unknown as JsonObject }),
    },
  };
}
