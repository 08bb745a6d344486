/** A secret that a backend sends back in every way is nowhere to be read: status, writes, Events, log, metrics. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisRunSamples } from '../../../src/control/analysis/index.ts';
import type { MeasurementOutcome } from '../../../src/providers/index.ts';
import { Harness, metric } from './harness.ts';

const SENTINEL = 'S3NT/NEL "q" +1%';
/** However it is spelt; what no spelling can do without. */
const TRACES = [
  SENTINEL,
  'S3NT',
  encodeURIComponent(SENTINEL),
  Buffer.from(SENTINEL).toString('base64').replaceAll('=', ''),
];

const echo = (name: string): MeasurementOutcome => {
  const url = new URL(`http://backend/${encodeURIComponent(SENTINEL)}`);
  const said = [
    SENTINEL,
    JSON.stringify(SENTINEL),
    encodeURIComponent(SENTINEL),
    encodeURI(SENTINEL),
    url.href,
    Buffer.from(SENTINEL).toString('base64'),
  ].join(' | ');
  switch (name) {
    case 'error':
      return { kind: 'error', message: `401 for ${said}`, metadata: { warnings: said } };
    case 'verdict':
      return { kind: 'verdict', phase: 'Failed', message: said, value: said };
    case 'pending':
      return { kind: 'pending', resumeAt: Date.UTC(2026, 0, 1, 13), metadata: { id: said } };
    case 'throws':
      throw new Error(`crash over ${said}`);
    default:
      return {
        kind: 'value',
        value: said,
        result: { type: 'json', value: said },
        metadata: { groups: said },
      };
  }
};

const ARGS = [{ name: 'token', valueFrom: { secretKeyRef: { name: 'credentials', key: 'token' } } }];
const provider = {
  prometheus: {
    address: 'http://p/{{args.token}}',
    query: 'up{token="{{args.token}}"}',
    headers: [{ key: 'authorization', value: 'Bearer {{args.token}}' }],
  },
};

describe('a secret argument', () => {
  for (const annotations of [{}, { 'sluice.dev/evidence': 'strict' }])
    it(`is nowhere to be read ${JSON.stringify(annotations)}`, async () => {
      const h = new Harness();
      h.secrets.set('credentials', { token: SENTINEL });
      const asked: string[] = [];
      h.measure = async ({ metric: { name, provider: given } }) => {
        asked.push(given?.prometheus?.query ?? '');
        return echo(name);
      };
      const names = ['error', 'verdict', 'pending', 'throws', 'unjudged', 'passes', 'both'];
      const keys = names.map((name) =>
        h.create(
          name,
          {
            args: ARGS,
            metrics: [
              metric(name, {
                provider,
                interval: '10s',
                // Its quotes end the text too early: the condition is wrong, and its error repeats it.
                successCondition: name === 'passes' ? 'result != ""' : 'result != "{{args.token}}"',
                ...(name === 'both' ? { failureCondition: 'result contains "{{args.token}}"' } : {}),
              }),
            ],
          },
          {
            metadata: {
              name,
              namespace: 'ns',
              uid: name,
              resourceVersion: '1',
              creationTimestamp: '2026-01-01T12:00:00Z',
              annotations,
            },
          },
        ),
      );
      await h.clock.advance(120_000);
      assert.ok(
        asked.some((query) => query.includes('S3NT')),
        'the provider does get it',
      );
      for (const key of keys) assert.notEqual(h.status(key).metricResults, undefined, key);
      const objects = keys.map((key) => h.object(key) ?? assert.fail(key));
      const places: Record<string, unknown> = {
        objects,
        writes: h.writes,
        events: h.events,
        log: h.logged,
        metrics: objects.flatMap((object) => analysisRunSamples(object)),
      };
      for (const [place, content] of Object.entries(places)) {
        const text = JSON.stringify(content);
        assert.ok(text.length > 2, place);
        for (const trace of TRACES) assert.ok(!text.includes(trace), `${trace} in ${place}`);
      }
      assert.match(JSON.stringify(h.status('ns/error')), /\*{5}/);
      assert.match(h.status('ns/passes').metricResults?.[0]?.measurements?.[0]?.value ?? '', /\*{5}/);
    });
});
