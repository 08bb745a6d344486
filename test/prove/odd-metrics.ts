/** Metrics of which worlds of `generate-analysis.ts` are made: all providers, conditions, limits and policies. */

import type { JsonObject } from '../../src/lang/json.ts';
import type { Dice } from './dice.ts';
import { SHAPES } from './shapes.ts';

const PROMETHEUS = 'http://prometheus.example.com';

type Fields = Readonly<Record<string, unknown>>;

/** Of a list of numbers: most say that 0.5 and more is good, each in its own words. */
const CONDITIONS: readonly Fields[] = [
  { successCondition: 'result[0] >= 0.5' },
  { successCondition: 'len(result) == 0 || result[0] >= 0.5' },
  { failureCondition: 'len(result) > 0 && result[0] < 0.5' },
  { failureCondition: '0 < len(result) && result[0] < 0.5' },
  { successCondition: 'isNaN(result[0]) || result[0] >= 0.5' },
  { successCondition: 'isInf(result[0]) || result[0] >= 0.5' },
  { successCondition: 'all(filter(result, !isNaN(#)), # >= 0.5)' },
  { failureCondition: 'any(filter(result, !isNaN(#)), # < 0.5)' },
  { successCondition: 'len(result) < 3 && all(result, # >= 0.5)' },
  { successCondition: 'first(result) >= 0.5 && last(result) >= 0.5' },
  { successCondition: 'result[-1] >= 0.5' },
  { successCondition: 'default(result, 1) != nil' },
  { successCondition: 'result == nil || result[0] >= 0.5' },
  { failureCondition: 'nil != result && result[0] < 0.5' },
  { successCondition: 'result == [] || result[0] >= 0.5' },
  { successCondition: 'isNil(result) || result[0] >= 0.5' },
  { successCondition: '(result ?? [1])[0] >= 0.5' },
  { successCondition: 'any(result, # >= 0.5)', failureCondition: 'any(result, # < 0.5)' },
  { successCondition: 'len(result) != 1.5 && result[0] >= 0.5' },
  { failureCondition: 'count(result) > 0' },
  { successCondition: 'result[0] > 1', failureCondition: 'result[0] < 0.5' },
  {},
  { failureCondition: 'len(result) > 0' },
  { successCondition: 'result[1] >= 0.5' },
  { successCondition: 'len(result) <= 0 || result[0] >= 0.5' },
  { successCondition: '1 <= len(result) && result[0] >= 0.5' },
  { failureCondition: 'len(result) != 0 && result[0] < 0.5' },
  { failureCondition: 'len(result) >= 1 && result[0] < 0.5' },
  { successCondition: 'result >= 0.5' },
  { failureCondition: 'result < 0.5' },
  { successCondition: 'result != 0.5' },
  { failureCondition: 'result[0] < {{args.limit}}' },
  { failureCondition: 'len(result) == 0 || result[0] < 0.5' },
  { failureCondition: 'isNaN(result[0]) || result[0] < 0.5' },
  { failureCondition: 'all(result, # < 0.5)' },
  { successCondition: 'result[-1] >= 0.5 || result[-{{args.count}}] > 1' },
  { successCondition: 'nil == result || result[0] >= 0.5' },
  { successCondition: '[] == result || result[0] >= 0.5' },
  { successCondition: 'len(result) == 0.0 || result[0] >= 0.5' },
  { failureCondition: 'len(result) < 1 || result[0] < 0.5' },
  { successCondition: 'len(result) == 1 && result[0] >= 0.5' },
  { failureCondition: 'len(result?.values) > 0 && result[0] < 0.5' },
  { failureCondition: 'result.list == [] || result[0] < 0.5' },
];

/** Of a document that a web endpoint answers with. */
const WEB: readonly Fields[] = [
  { successCondition: 'result.ok && result.rate >= 0.5' },
  { successCondition: 'len(result.list) > 0 && result.list[0] >= 0.5' },
  { failureCondition: 'len(result?.list) == 0' },
  { failureCondition: 'result.rate < 0.5' },
  { successCondition: 'result >= 0.5', path: '{$.rate}' },
  { failureCondition: 'result < 0.5', path: '{$.rate}' },
  { successCondition: 'result[0] >= 0.5', path: '{$.list}' },
  { failureCondition: 'result[0] < 0.5', path: '{$.list}' },
  { successCondition: 'result >= 0.5', path: '{$.list[*]}' },
  { successCondition: 'result >= 0.5', path: '{$.nowhere}' },
  { successCondition: 'asFloat(result) >= 0.5' },
  { successCondition: 'result contains "well"' },
  { successCondition: 'true' },
];

const job = (command: string): Fields => ({
  provider: {
    job: {
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'measure', image: 'example.com/measure:1', command: ['sh', '-c', command] }],
          },
        },
      },
    },
  },
});

const rate = (side: string): string => `requests{hash="{{args.hash}}",metric="judge-${side}"}`;

const JOBS: readonly Fields[] = [
  job('exit 0'),
  job('exit 0'),
  job('exit 1'),
  { provider: { job: { spec: { template: { spec: { containers: 'none' } } } } } },
  { provider: { job: {} } },
];

/** Providers that no server of these worlds answers as they expect; all of them run dry. */
const OTHERS: readonly Fields[] = [
  {
    provider: {
      judge: {
        prometheus: { address: PROMETHEUS },
        errorRate: {
          canary: rate('canary'),
          stable: rate('stable'),
          failed: { label: 'code', pattern: '5..' },
        },
        interval: '5s',
        maxDuration: '20s',
      },
    },
  },
  { provider: { judge: { prometheus: { address: PROMETHEUS } } } },
  { provider: { datadog: { query: 'avg:errors{*}', interval: '5m' } } },
  { provider: { datadog: { apiVersion: 'v2', queries: { a: 'avg:errors{*}' }, formula: 'a' } } },
  { provider: { newRelic: { query: 'SELECT count(*) FROM Transaction' } } },
  { provider: { wavefront: { address: 'wavefront.example.com', query: 'ts(errors)' } } },
  { provider: { graphite: { address: 'http://graphite.example.com', query: 'errors' } } },
  { provider: { influxdb: { query: 'from(bucket: "x")' } } },
  { provider: { skywalking: { address: 'http://skywalking.example.com', query: '{ errors }' } } },
  {
    provider: {
      cloudWatch: {
        metricDataQueries: [{ id: 'a', expression: 'SEARCH("x")' }, { id: 'b' }],
      },
    },
  },
  { provider: { kayenta: { address: 'https://kayenta.example.com', application: 'web' } } },
  { provider: { kayenta: { application: 'web' } } },
  { provider: { plugin: { 'example.com/metric': { query: 'x' } } } },
  { provider: { web: { url: '' } } },
  { provider: { prometheus: { query: 'up' } } },
];

const POLICIES = ['hold', 'inconclusive', 'fail', 'pass'] as const;
const OUTCOMES = ['noData', 'nan', 'multipleSeries', 'staleSample', 'providerError'] as const;

/** `turn` walks through the conditions, so that some dozens of metrics have all of them. */
export function oddMetric(
  dice: Dice,
  name: string,
  turn: number,
  waits: boolean,
): { metric: JsonObject; dry: boolean } {
  const kind = dice.weighted<'numbers' | 'document' | 'job' | 'other'>([
    [6, 'numbers'],
    [2, 'document'],
    [1, 'job'],
    [1.5, 'other'],
  ]);
  const what =
    kind === 'numbers'
      ? numbers(dice, name, turn)
      : kind === 'document'
        ? document(dice, name)
        : dice.pick(kind === 'job' ? JOBS : OTHERS);
  const metric = { name, ...limits(dice), ...what, ...evidence(dice, kind === 'numbers', waits) };
  return { metric: metric as unknown as JsonObject, dry: kind === 'other' || dice.chance(0.55) };
}

function numbers(dice: Dice, name: string, turn: number): Fields {
  const shape = dice.weighted([
    [1, 'plain'],
    [8, dice.pick(SHAPES)],
  ]);
  return {
    ...CONDITIONS[turn % CONDITIONS.length],
    provider: {
      prometheus: {
        address: PROMETHEUS,
        query: query(name, shape, dice.chance(0.2) ? ',token="{{args.token}}"' : ''),
        timeout: 20,
        ...dice.maybe(0.15, 'rangeQuery', () => ({
          start: 'now() - duration("5m")',
          end: 'now()',
          step: '1m',
        })),
      },
    },
  };
}

function document(dice: Dice, name: string): Fields {
  const { path, ...conditions } = dice.pick(WEB);
  const asked = encodeURIComponent(query(name, dice.pick(SHAPES)));
  const user = dice.chance(0.3) ? 'somebody:{{args.token}}@' : '';
  return {
    ...conditions,
    provider: {
      web: {
        url: `http://${user}web.example.com/metrics?q=${asked.replaceAll('%7B%7B', '{{').replaceAll('%7D%7D', '}}')}`,
        ...(path === undefined ? {} : { jsonPath: path }),
      },
    },
  };
}

const query = (name: string, shape: string, more = ''): string =>
  `rate{metric="${name}",hash="{{args.hash}}",shape="${shape}"${more}}`;

/** With an end, so that every run has one. */
function limits(dice: Dice): Fields {
  const count = dice.int(1, 4);
  const inARow = dice.chance(0.3) ? dice.int(0, Math.min(2, count)) : 0;
  return {
    ...(count > 1 || dice.chance(0.3) ? { interval: dice.pick(['1s', '3s', '10s']), count } : {}),
    ...(count === 3 && dice.chance(0.3) ? { count: '{{args.count}}' } : {}),
    ...dice.maybe(0.5, 'failureLimit', () => (count > inARow ? dice.pick([0, 1, 1]) : 0)),
    ...dice.maybe(0.3, 'inconclusiveLimit', () => dice.pick([0, 1])),
    ...dice.maybe(0.4, 'consecutiveErrorLimit', () => dice.int(0, 3)),
    ...(inARow > 0 ? { consecutiveSuccessLimit: inARow } : {}),
    ...dice.maybe(0.1, 'initialDelay', () => dice.pick(['1s', '5s'])),
  };
}

function evidence(dice: Dice, countable: boolean, waits: boolean): Fields {
  if (!dice.chance(0.6)) return {};
  const counting = countable && dice.chance(0.25);
  return {
    evidence: {
      ...Object.fromEntries(
        OUTCOMES.flatMap((outcome) => (dice.chance(0.3) ? [[outcome, dice.pick(POLICIES)]] : [])),
      ),
      ...dice.maybe(0.2, 'maxAge', () => '2m'),
      ...dice.maybe(waits ? 0.3 : 0, 'waitForTraffic', () => true),
      ...(counting
        ? {
            minSamples: dice.pick([0, 1, 1, 20]),
            samplesQuery: query('samples', dice.pick(['few', 'few', 'nothing', 'two', 'nan', 'flaky'])),
          }
        : {}),
    },
  };
}
