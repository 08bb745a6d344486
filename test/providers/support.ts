/** What the tests of single providers share: a context whose time stands still, Secrets in memory, and outcomes taken apart. */

import assert from 'node:assert/strict';
import type { MetricProvider } from '../../src/api/metric-provider.ts';
import type { Clock } from '../../src/kube/clock.ts';
import { createHttpClient } from '../../src/providers/http/client.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../src/providers/http/types.ts';
import { createProviders } from '../../src/providers/index.ts';
import type {
  MeasureRequest,
  MeasurementOutcome,
  Provider,
  ProviderContext,
} from '../../src/providers/index.ts';
import { SecretRefused } from '../../src/providers/secrets.ts';
import type { SecretReader } from '../../src/providers/secrets.ts';

/** 2026-01-01T12:00:00.500Z */
export const NOW = Date.UTC(2026, 0, 1, 12, 0, 0, 500);

export const frozenClock: Clock = {
  now: () => NOW,
  monotonic: () => 0,
  setTimer: () => ({ cancel: () => {} }),
};

/** By `namespace/name`. */
export type SecretsByName = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function secretsIn(secrets: SecretsByName): SecretReader {
  return {
    ownNamespace: 'sluice',
    read: ({ namespace, name }) => {
      const data = secrets[`${namespace}/${name}`];
      return data === undefined
        ? Promise.reject(new SecretRefused(`secrets "${name}" not found`))
        : Promise.resolve(data);
    },
  };
}

/** Answers without a network, and notes what was asked. */
export class ScriptedHttp implements HttpClient {
  readonly asked: HttpRequest[] = [];
  private readonly answer: (request: HttpRequest, count: number) => Partial<HttpResponse>;

  constructor(answer: (request: HttpRequest, count: number) => Partial<HttpResponse>) {
    this.answer = answer;
  }

  request(request: HttpRequest): Promise<HttpResponse> {
    this.asked.push(request);
    const given = this.answer(request, this.asked.length);
    return Promise.resolve({ status: 200, headers: {}, body: '', ...given });
  }

  get last(): HttpRequest {
    return this.asked.at(-1) ?? assert.fail('nothing was asked');
  }
}

export const answering = (body: unknown, status = 200): ScriptedHttp =>
  new ScriptedHttp(() => ({ status, body: typeof body === 'string' ? body : JSON.stringify(body) }));

/** The real stack, small enough that a large answer is soon too large, and so quick to give up that tests are, too. */
export function quickHttp(giveUpAfterMs = 2_000): HttpClient {
  const real = createHttpClient({ random: () => 0, maxBytes: 64 * 1024 });
  return {
    request: (request) => real.request({ ...request, timeoutMs: Math.min(request.timeoutMs, giveUpAfterMs) }),
  };
}

export function contextOf(more: Partial<ProviderContext> & Pick<ProviderContext, 'http'>): ProviderContext {
  return { clock: frozenClock, env: {}, readFile: () => Promise.resolve(undefined), ...more };
}

export function providerOf(provider: MetricProvider, context: ProviderContext): Provider {
  const found = createProviders(context).of({ provider });
  return 'error' in found ? assert.fail(found.error) : found;
}

export function requestOf(provider: MetricProvider, more: Partial<MeasureRequest> = {}): MeasureRequest {
  return {
    metric: { name: 'm', provider },
    run: { namespace: 'ns', name: 'r', uid: 'u', startedAt: NOW - 600_000 },
    taken: 0,
    signal: new AbortController().signal,
    ...more,
  };
}

export const measure = (provider: MetricProvider, context: ProviderContext): Promise<MeasurementOutcome> =>
  providerOf(provider, context).measure(requestOf(provider));

export function messageOf(outcome: MeasurementOutcome): string {
  return outcome.kind === 'error' ? outcome.message : assert.fail(JSON.stringify(outcome));
}

export function valueOf(outcome: MeasurementOutcome): MeasurementOutcome & { kind: 'value' } {
  return outcome.kind === 'value' ? outcome : assert.fail(JSON.stringify(outcome));
}

export const bodyOf = (request: HttpRequest): unknown => JSON.parse(request.body ?? '');
