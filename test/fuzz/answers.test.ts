/** Answers of metric backends, damaged at random: every provider says what came back, and never throws. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MetricProvider } from '../../src/api/metric-provider.ts';
import { contextOf, NOW, providerOf, requestOf, ScriptedHttp, secretsIn } from '../providers/support.ts';
import { fuzz, mutateText } from './mutate.ts';

const AT = NOW / 1000;
const SECRET = 'sentinel-secret-1';

interface Case {
  readonly provider: MetricProvider;
  readonly answers: readonly unknown[];
}

const CASES: Readonly<Record<string, Case>> = {
  prometheus: {
    provider: { prometheus: { address: 'http://p', query: 'q' } },
    answers: [
      {
        status: 'success',
        data: { resultType: 'vector', result: [{ metric: { a: 'b' }, value: [AT, '0.5'] }] },
      },
      { status: 'success', data: { resultType: 'scalar', result: [AT, 'NaN'] }, warnings: ['slow'] },
      {
        status: 'success',
        data: {
          resultType: 'matrix',
          result: [
            {
              metric: {},
              values: [
                [AT, '1'],
                [AT, '+Inf'],
              ],
            },
          ],
        },
      },
      { status: 'error', errorType: 'bad_data', error: 'parse error' },
    ],
  },
  judge: {
    provider: {
      judge: {
        prometheus: { address: 'http://p' },
        errorRate: { canary: 'c', stable: 's', failed: { label: 'code', pattern: '5..' } },
      },
    },
    answers: [
      {
        status: 'success',
        data: {
          resultType: 'vector',
          result: [
            { metric: { code: '200' }, value: [AT, '100'] },
            { metric: { code: '500' }, value: [AT, '1'] },
          ],
        },
      },
    ],
  },
  web: { provider: { web: { url: 'http://w', jsonPath: '{$.a[0].b}' } }, answers: [{ a: [{ b: 0.5 }] }] },
  'datadog v1': {
    provider: { datadog: { query: 'q' } },
    answers: [{ series: [{ pointlist: [[AT * 1000, 0.5]] }] }],
  },
  'datadog v2': {
    provider: { datadog: { query: 'q', apiVersion: 'v2' } },
    answers: [
      {
        data: {
          attributes: {
            columns: [
              { type: 'group', name: 'g', values: [['g1']] },
              { type: 'number', name: 'n', values: [0.5] },
            ],
          },
        },
      },
    ],
  },
  newRelic: {
    provider: { newRelic: { query: 'q' } },
    answers: [
      { data: { actor: { account: { nrql: { results: [{ value: 0.5 }] } } } } },
      { errors: [{ message: 'x' }] },
    ],
  },
  wavefront: {
    provider: { wavefront: { address: 'example.wavefront.com', query: 'q' } },
    answers: [{ timeseries: [{ label: 'l', data: [[AT, 0.5]] }], warnings: 'w' }],
  },
  graphite: {
    provider: { graphite: { address: 'http://g', query: 'target=x' } },
    answers: [[{ target: 'x', datapoints: [[0.5, AT]] }]],
  },
  influxdb: {
    provider: { influxdb: { query: 'from(bucket: "b")' } },
    answers: [
      '#datatype,string,long,double\n#group,false,false,false\n#default,_result,,\n,result,table,_value\n,,0,0.5\n',
    ],
  },
  skywalking: {
    provider: { skywalking: { address: 'http://s', query: 'query($duration){x}', interval: '5m' } },
    answers: [{ data: { x: [1] } }],
  },
  kayenta: {
    provider: { kayenta: { address: 'http://k', canaryConfigName: 'c', application: 'a' } },
    answers: [[{ id: '1', name: 'c' }], { canaryExecutionId: 'e' }],
  },
};

const PHASES = ['Successful', 'Failed', 'Error', 'Inconclusive'];

describe('fuzz: answers of metric backends', () => {
  for (const [name, { provider, answers }] of Object.entries(CASES))
    it(name, async () => {
      const bodies = answers.map((answer) => (typeof answer === 'string' ? answer : JSON.stringify(answer)));
      const work: (() => Promise<void>)[] = [];
      fuzz(200, (d) => {
        const given = {
          status: d.pick([200, 200, 200, 200, 204, 301, 400, 401, 404, 422, 429, 500, 503]),
          headers: {
            'content-type': d.pick(['application/json', 'text/html', '', 'application/json; charset=utf-16']),
          },
          body: d.below(8) === 0 ? `${SECRET} ${d.pick(bodies)}` : mutateText(d.pick(bodies), d),
        };
        work.push(async () => {
          const context = contextOf({ http: new ScriptedHttp(() => given), secrets: SECRETS });
          const outcome = await providerOf(provider, context).measure(requestOf(provider));
          const what = JSON.stringify({ given, outcome }).slice(0, 2_000);
          if (outcome.kind === 'verdict') assert.ok(PHASES.includes(outcome.phase), what);
          if (outcome.kind === 'pending') assert.ok(outcome.resumeAt > NOW, what);
          if (outcome.kind === 'value') assert.ok(outcome.value.length <= 8_192, what);
          if (outcome.kind === 'error') {
            assert.ok(outcome.message.length > 0 && outcome.message.length <= 1_024, what);
            assert.ok(!(usesSecrets(name) && outcome.message.includes(SECRET)), what);
          }
        });
      });
      for (const run of work) await run();
    });
});

const SECRETS = secretsIn({
  'sluice/datadog': { 'api-key': SECRET, 'app-key': SECRET, address: 'http://d' },
  'sluice/newrelic': {
    'personal-api-key': SECRET,
    'account-id': '1',
    'base-url-nerdgraph': 'http://n/graphql',
  },
  'sluice/wavefront-api-tokens': { 'example.wavefront.com': SECRET },
  'sluice/influxdb': { authToken: SECRET, org: 'o', address: 'http://i' },
});

/** Only a provider that read a secret can know that an answer repeats it. */
const usesSecrets = (name: string): boolean =>
  ['datadog v1', 'datadog v2', 'newRelic', 'wavefront', 'influxdb'].includes(name);
