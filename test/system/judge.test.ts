/** The judge as a gate of a canary, the whole system on virtual time: good, bad, quiet, and with its backend away. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANALYSIS_RUN, ROLLOUT } from '../../src/kube/kinds.ts';
import { HttpFailure } from '../../src/providers/http/types.ts';
import type { HttpClient } from '../../src/providers/http/types.ts';
import { MINUTE, NAMESPACE, SECOND, START, System, rolloutYaml } from './world.ts';

const MANIFESTS = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: judge}
spec:
  args: [{name: canary}, {name: stable}]
  metrics:
    - name: errors
      provider:
        judge:
          prometheus: {address: "http://prometheus:9090"}
          errorRate:
            canary: sum by (code) (requests_total{hash="{{args.canary}}",role="canary"})
            stable: sum by (code) (requests_total{hash="{{args.stable}}"})
            failed: {label: code, pattern: "5.."}
---
`;
const STEPS =
  '[{setWeight: 20}, {analysis: {templates: [{templateName: judge}], args: [' +
  '{name: canary, valueFrom: {podTemplateHashValue: Latest}}, {name: stable, valueFrom: {podTemplateHashValue: Stable}}]}}]';

interface Behaviour {
  /** Requests in 10 s, and the share of them that fail. */
  readonly canary: readonly [number, number];
  readonly isAway?: (sinceMs: number) => boolean;
}

/** A Prometheus whose counters follow the clock: stable gets 180 requests in 10 s, one in a hundred fails. */
const counting =
  ({ canary, isAway }: Behaviour) =>
  (clock: System['clock']): HttpClient => ({
    request: ({ body }) => {
      const since = clock.now() - START;
      if (isAway?.(since) === true)
        return Promise.reject(new HttpFailure('unreachable', 'prometheus:9090: connection refused'));
      const query = new URLSearchParams(body).get('query') ?? '';
      const [requests, share] = query.includes('role="canary"') ? canary : [180, 0.01];
      const total = Math.floor((requests * since) / (10 * SECOND));
      const failed = Math.round(total * share);
      const result = [
        ['200', total - failed],
        ['500', failed],
      ].map(([code, value]) => ({ metric: { code }, value: [clock.now() / 1000, String(value)] }));
      const answer = { status: 'success', data: { resultType: 'vector', result } };
      return Promise.resolve({ status: 200, headers: {}, body: JSON.stringify(answer) });
    },
  });

async function released(behaviour: Behaviour): Promise<System> {
  const system = new System({ http: counting(behaviour) });
  await system.create(MANIFESTS + rolloutYaml('web', { replicas: 5, steps: STEPS }));
  await system.clock.advance(MINUTE);
  const image = [{ op: 'replace' as const, path: '/spec/template/spec/containers/0/image', value: 'app:v2' }];
  await system.api.patch(ROLLOUT, { namespace: NAMESPACE, name: 'web' }, { type: 'json', body: image });
  return system;
}

async function measurement(system: System) {
  const { items } = await system.api.list(ANALYSIS_RUN, { namespace: NAMESPACE });
  const status = items[0]?.['status'] as {
    metricResults?: {
      measurements?: { phase: string; value?: string; metadata?: Record<string, string> }[];
    }[];
  };
  return status.metricResults?.[0]?.measurements ?? [];
}

describe('judge as a gate', () => {
  it('promotes a canary that is no worse, in one measurement', async () => {
    await using system = await released({ canary: [20, 0.01] });
    await system.clock.advance(15 * MINUTE);
    assert.equal((await system.rollout('web')).phase, 'Healthy');
    const [only, ...others] = await measurement(system);
    assert.deepEqual(others, []);
    assert.match(only?.value ?? '', /^no worse: canary [01]\.\d+ % /);
  });

  it('aborts one that fails more, with the numbers in the message', async () => {
    await using system = await released({ canary: [20, 0.2] });
    await system.clock.advance(2 * MINUTE);
    const { phase, message, abort } = await system.rollout('web');
    assert.deepEqual([phase, abort], ['Degraded', true]);
    assert.match(message ?? '', /worse: canary (1|2)\d\.\d+ % \(\d+ of \d+ requests\), stable 1\.\d+ %/);
  });

  it('goes on, and holds the weight, while there is no traffic or no answer', async () => {
    for (const behaviour of [
      { canary: [0, 0] },
      { canary: [20, 0.01], isAway: (since: number) => since > 80 * SECOND },
    ] as const) {
      await using system = await released(behaviour);
      await system.clock.advance(12 * MINUTE);
      const { phase, currentStepIndex, abort } = await system.rollout('web');
      assert.deepEqual([phase, currentStepIndex, abort], ['Progressing', 1, undefined]);
      const [only] = await measurement(system);
      assert.match(only?.metadata?.['judge'] ?? '', /^keep going: /);
      assert.deepEqual(system.problems, []);
    }
  });
});
