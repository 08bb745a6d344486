/**
 * The HTTP client of all providers: axios under one stack of cockatiel policies for each endpoint (scheme, host and
 * port): bulkhead, bounded retry with jitter, circuit breaker, time-out. One dead backend so holds up nothing but itself.
 */

import {
  BrokenCircuitError,
  bulkhead,
  BulkheadRejectedError,
  circuitBreaker,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhen,
  retry,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { followRedirects } from './redirects.ts';
import { createAxiosTransport, placeOf } from './transport.ts';
import type { Transport } from './transport.ts';
import { HttpFailure } from './types.ts';
import type { HttpClient, HttpRequest } from './types.ts';

export interface HttpClientOptions {
  /** Uniform in [0, 1), for the jitter. */
  readonly random: () => number;
  readonly transport?: Transport | undefined;
  /** Requests that one endpoint answers at the same time, and how many more may wait. */
  readonly slots?: number | undefined;
  readonly queue?: number | undefined;
  /** Failures in a row that open the circuit, and for how long it stays open. */
  readonly breakAfter?: number | undefined;
  readonly openForMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly maxRedirects?: number | undefined;
}

const DEFAULTS = {
  slots: 32,
  queue: 10_000,
  breakAfter: 5,
  openForMs: 5_000,
  maxBytes: 8 * 1024 * 1024,
  maxRedirects: 5,
};
/** Further attempts after the first; only where no byte of an answer came. */
const RETRIES = 1;
const RETRY_MIN_MS = 100;
const RETRY_SPREAD_MS = 300;
/** Endpoints whose policies are kept; the one not used for longest goes first. */
const MAX_ENDPOINTS = 1_000;
/** A shorter time-out is the metric's own wish and says nothing about the endpoint. */
const TELLING_TIMEOUT_MS = 5_000;
/** On top of the attempts' own time-outs: waiting for a slot, and between attempts. */
const PATIENCE_MS = 15_000;

type Policies = ReturnType<typeof createPolicies>;

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const settings = {
    slots: options.slots ?? DEFAULTS.slots,
    queue: options.queue ?? DEFAULTS.queue,
    breakAfter: options.breakAfter ?? DEFAULTS.breakAfter,
    openForMs: options.openForMs ?? DEFAULTS.openForMs,
    maxBytes: options.maxBytes ?? DEFAULTS.maxBytes,
    maxRedirects: options.maxRedirects ?? DEFAULTS.maxRedirects,
  };
  const transport = options.transport ?? createAxiosTransport();
  const endpoints = new Map<string, Policies>();

  const policiesOf = (origin: string): Policies => {
    const known = endpoints.get(origin);
    const policies = known ?? createPolicies(settings, options.random);
    endpoints.delete(origin);
    endpoints.set(origin, policies);
    if (endpoints.size > MAX_ENDPOINTS) {
      const oldest = endpoints.keys().next();
      if (oldest.done !== true) endpoints.delete(oldest.value);
    }
    return policies;
  };

  return {
    async request(request) {
      const { url, headers } = readUrl(request);
      const policies = policiesOf(url.origin);
      const limit = limitedSignal(request, PATIENCE_MS + (RETRIES + 1) * request.timeoutMs);
      const attempt = timeout(Math.max(request.timeoutMs, 0), TimeoutStrategy.Aggressive);
      const where = `${request.method} ${placeOf(url)}`;
      const run = wrap(policies.bulkhead, policies.retry, policies.breaker).execute(
        ({ signal: outer }) =>
          attempt
            .execute(
              ({ signal }) =>
                followRedirects(
                  transport,
                  {
                    method: request.method,
                    url,
                    headers,
                    body: request.body,
                    insecure: request.insecure === true,
                    unguarded: request.unguarded === true,
                    maxBytes: settings.maxBytes,
                    signal,
                  },
                  settings.maxRedirects,
                ),
              outer,
            )
            .catch((error: unknown) => {
              throw toFailure(error, where, request, limit.signal);
            }),
        limit.signal,
      );
      try {
        return await Promise.race([run, limit.ended]);
      } catch (error) {
        throw toFailure(error, where, request, limit.signal, policies.lastFailure());
      } finally {
        limit.release();
        run.catch(() => {});
      }
    },
  };
}

function createPolicies(
  settings: { slots: number; queue: number; breakAfter: number; openForMs: number },
  random: () => number,
) {
  let last: string | undefined;
  const breaker = circuitBreaker(handleWhen(saysEndpointIsDown), {
    breaker: new ConsecutiveBreaker(settings.breakAfter),
    halfOpenAfter: settings.openForMs,
  });
  breaker.onFailure(({ reason }) => {
    if ('error' in reason && reason.error instanceof HttpFailure) last = reason.error.message;
  });
  return {
    bulkhead: bulkhead(settings.slots, settings.queue),
    retry: retry(handleWhen(isWorthRetrying), {
      maxAttempts: RETRIES,
      backoff: new DelegateBackoff(() => RETRY_MIN_MS + random() * RETRY_SPREAD_MS),
    }).dangerouslyUnref(),
    breaker,
    lastFailure: () => last,
  };
}

function saysEndpointIsDown(error: unknown): boolean {
  return error instanceof HttpFailure && (error.reason === 'unreachable' || error.code === TELLING_TIMEOUT);
}

/** Marks a time-out that was long enough to blame the endpoint. */
const TELLING_TIMEOUT = 'TELLING_TIMEOUT';

const RETRIED = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN']);

function isWorthRetrying(error: unknown): boolean {
  return error instanceof HttpFailure && error.code !== undefined && RETRIED.has(error.code);
}

function toFailure(
  error: unknown,
  where: string,
  request: HttpRequest,
  signal: AbortSignal,
  lastFailure?: string,
): HttpFailure {
  if (request.signal?.aborted === true) return new HttpFailure('aborted', `${where}: aborted`);
  if (signal.aborted && signal.reason instanceof HttpFailure) return signal.reason;
  if (error instanceof HttpFailure && error.reason !== 'aborted') return error;
  if (error instanceof BulkheadRejectedError)
    return new HttpFailure('busy', `${where}: too many requests are waiting for this endpoint`);
  if (error instanceof BrokenCircuitError)
    return new HttpFailure(
      'circuit-open',
      `${where}: not asked, because the last requests failed${lastFailure === undefined ? '' : ` (${lastFailure})`}`,
    );
  if (error instanceof TaskCancelledError || error instanceof HttpFailure)
    return new HttpFailure(
      'timeout',
      `${where}: no complete answer within ${request.timeoutMs / 1000} s`,
      request.timeoutMs >= TELLING_TIMEOUT_MS ? TELLING_TIMEOUT : undefined,
    );
  return new HttpFailure(
    'unreachable',
    `${where}: ${error instanceof Error ? error.message : String(error)}`,
  );
}

/** Users and passwords in a URL become a header, so that nothing prints them and no redirect takes them along. */
function readUrl(request: HttpRequest): { url: URL; headers: Record<string, string> } {
  let url: URL;
  try {
    url = new URL(request.url);
  } catch {
    throw new HttpFailure('bad-request', `${request.method}: the address is no URL`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new HttpFailure(
      'bad-request',
      `${request.method}: the address must begin with http:// or https://`,
    );
  const headers: Record<string, string> = { ...request.headers };
  for (const [name, value] of Object.entries(headers))
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[\r\n\0]/.test(value))
      throw new HttpFailure(
        'bad-request',
        `${request.method} ${placeOf(url)}: header '${name.slice(0, 80)}' is not valid`,
      );
  if (url.username !== '' || url.password !== '') {
    const user = `${decoded(url.username)}:${decoded(url.password)}`;
    headers['authorization'] ??= `Basic ${Buffer.from(user).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  url.hash = '';
  return { url, headers };
}

/** Ends with the caller's signal, or when everything together took too long. */
function limitedSignal(
  request: HttpRequest,
  limitMs: number,
): { signal: AbortSignal; ended: Promise<never>; release: () => void } {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(new HttpFailure('aborted', 'aborted'));
  const timer = setTimeout(
    () =>
      controller.abort(
        new HttpFailure('busy', `${request.method}: waited ${limitMs / 1000} s for a turn and an answer`),
      ),
    limitMs,
  );
  timer.unref();
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), {
      once: true,
    });
  });
  ended.catch(() => {});
  if (request.signal?.aborted === true) onAbort();
  else request.signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    ended,
    release: () => {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
    },
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
