import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { MetricProvider } from '../../src/api/metric-provider.ts';
import { PluginEndpointError, pluginEndpoints } from '../../src/providers/plugin/endpoints.ts';
import type { MeasurementOutcome } from '../../src/providers/index.ts';
import {
  answering,
  bodyOf,
  contextOf,
  measure,
  messageOf,
  NOW,
  providerOf,
  quickHttp,
  requestOf,
  valueOf,
} from './support.ts';
import type { ScriptedHttp } from './support.ts';
import { startLagPlugin } from './example-plugin.ts';

const NAME = 'example.com/lag';
const config = { topic: 'orders' };
const plugin: MetricProvider = { plugin: { [NAME]: config } };
const plugins = pluginEndpoints([`${NAME}=http://lag:8080/base/`], {
  SLUICE_METRIC_PLUGIN_TOKEN: 'plugin-token',
});

const ask = (http: ScriptedHttp): Promise<MeasurementOutcome> =>
  measure(plugin, contextOf({ http, plugins }));

describe('plugin: where it listens', () => {
  it('is read from the flag', () => {
    assert.deepEqual(
      [...pluginEndpoints(['a/b=http://x:1/', 'c.d/e=https://y/z?'.replace('?', '')], {})],
      [
        ['a/b', { url: 'http://x:1' }],
        ['c.d/e', { url: 'https://y/z' }],
      ],
    );
  });
  for (const entry of [
    '',
    'a/b',
    'a=http://x',
    'a/b=x',
    'a/b=file:///x',
    'a/b/c=http://x',
    'a/b=http://x?y',
    'a/b=http://',
    '=http://x',
  ])
    it(`refuses ${JSON.stringify(entry)}`, () =>
      assert.throws(() => pluginEndpoints([entry], {}), PluginEndpointError));
  it('refuses one twice', () => {
    assert.throws(() => pluginEndpoints(['a/b=http://x', 'a/b=http://y'], {}), /given twice/);
  });

  it('says that plugins of the Go kind do not load', async () => {
    const outcome = await measure(
      { plugin: { 'argoproj-labs/sample': {} } },
      contextOf({ http: answering({}) }),
    );
    assert.match(
      messageOf(outcome),
      /^metric plugin 'argoproj-labs\/sample' is not configured: plugins made with hashicorp go-plugin do not load here; .*--metric-plugins argoproj-labs\/sample=URL$/,
    );
  });

  it('takes exactly one', async () => {
    const context = contextOf({ http: answering({}), plugins });
    assert.equal(messageOf(await measure({ plugin: {} }, context)), 'provider.plugin names no plugin');
    assert.match(
      messageOf(await measure({ plugin: { [NAME]: {}, 'a/b': {} } }, context)),
      /^multiple providers specified/,
    );
  });
});

describe('plugin: the contract', () => {
  it('the request', async () => {
    const http = answering({ kind: 'value', result: 1 });
    await ask(http);
    assert.equal(`${http.last.method} ${http.last.url}`, 'POST http://lag:8080/base/v1/measure');
    assert.equal(http.last.headers?.['authorization'], 'Bearer plugin-token');
    assert.deepEqual(bodyOf(http.last), {
      apiVersion: 'sluice.dev/metric-plugin/v1',
      plugin: NAME,
      config,
      metric: { name: 'm' },
      run: { namespace: 'ns', name: 'r', uid: 'u', startedAt: '2026-01-01T11:50:00Z' },
      taken: 0,
    });
  });

  const answers: [string, unknown, MeasurementOutcome][] = [
    [
      'a value',
      {
        kind: 'value',
        result: { lag: 3 },
        value: 'three',
        metadata: { a: 'b' },
        evidence: { series: 2, sampledAt: '2026-01-01T12:00:00Z' },
      },
      {
        kind: 'value',
        value: 'three',
        result: { type: 'json', value: { lag: 3 } },
        evidence: { series: 2, sampledAt: NOW - 500, latencyMs: 0 },
        metadata: { a: 'b' },
      },
    ],
    [
      'a value without a text',
      { kind: 'value', result: { b: [1, null], a: 'x' } },
      {
        kind: 'value',
        value: '{"a":"x","b":[1,null]}',
        result: { type: 'json', value: { b: [1, null], a: 'x' } },
        evidence: { latencyMs: 0 },
      },
    ],
    [
      'a verdict',
      { kind: 'verdict', phase: 'Failed', message: 'm', value: 'v' },
      { kind: 'verdict', phase: 'Failed', message: 'm', value: 'v' },
    ],
    [
      'pending',
      { kind: 'pending', resumeAfterSeconds: 30, metadata: { id: '7' } },
      { kind: 'pending', resumeAt: NOW + 30_000, metadata: { id: '7' } },
    ],
    [
      'pending, but not at once',
      { kind: 'pending', resumeAfterSeconds: -1 },
      { kind: 'pending', resumeAt: NOW + 1_000 },
    ],
    [
      'pending, but not for ever',
      { kind: 'pending', resumeAfterSeconds: 1e9 },
      { kind: 'pending', resumeAt: NOW + 3_600_000 },
    ],
    [
      'an error',
      { kind: 'error', message: 'no plugin-token', metadata: { a: 'b' } },
      { kind: 'error', message: 'no *****', metadata: { a: 'b' } },
    ],
  ];
  for (const [name, answer, outcome] of answers)
    it(name, async () => assert.deepEqual(await ask(answering(answer)), outcome));

  const faults: [unknown, string][] = [
    [{}, 'bad response: kind must be value, verdict, pending or error'],
    [[], 'bad response: the answer is no object'],
    [{ kind: 'value' }, 'bad response: a value needs a result'],
    [
      { kind: 'verdict', phase: 'Running' },
      'bad response: the phase of a verdict must be one of Successful, Failed, Error, Inconclusive',
    ],
    [{ kind: 'pending' }, 'bad response: a pending measurement needs resumeAfterSeconds'],
    [{ kind: 'value', result: 1, metadata: { a: 1 } }, 'bad response: metadata must be an object of texts'],
    [{ kind: 'error' }, 'the plugin gave an error without a message'],
  ];
  for (const [answer, text] of faults)
    it(`${JSON.stringify(answer)}: ${text}`, async () =>
      assert.equal(messageOf(await ask(answering(answer))), text));
});

describe('plugin: the example', () => {
  it('measures, goes on and stops', async () => {
    await using server = await startLagPlugin();
    const context = contextOf({ http: quickHttp(), plugins: pluginEndpoints([`${NAME}=${server.url}`], {}) });
    const provider = providerOf(plugin, context);
    assert.equal(valueOf(await provider.measure(requestOf(plugin))).value, '{"lag":12}');

    const slow: MetricProvider = { plugin: { [NAME]: { topic: 'payments', settleSeconds: 5 } } };
    const pending = await provider.measure(requestOf(slow));
    assert.ok(pending.kind === 'pending', JSON.stringify(pending));
    const again = requestOf(slow, { previous: { metadata: pending.metadata } });
    assert.deepEqual(valueOf((await provider.resume?.(again)) ?? assert.fail()).result, {
      type: 'json',
      value: { lag: 3 },
    });
    assert.deepEqual(await provider.terminate?.(again), {
      kind: 'verdict',
      phase: 'Inconclusive',
      message: 'Metric Terminated',
    });

    const wrong: MetricProvider = { plugin: { [NAME]: { topic: 'nothing' } } };
    assert.equal(messageOf(await provider.measure(requestOf(wrong))), 'there is no topic "nothing"');
  });

  it('is the one of the documentation', () => {
    const code = readFileSync(new URL('example-plugin.ts', import.meta.url), 'utf8');
    const docs = readFileSync(new URL('../../docs/providers.md', import.meta.url), 'utf8');
    const shown = /```ts\n([\s\S]*?)```/.exec(docs)?.[1];
    assert.ok(shown !== undefined && code.includes(shown.trim()), 'docs/providers.md shows another example');
  });
});
