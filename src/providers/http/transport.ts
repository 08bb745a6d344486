/** One hop of HTTP by axios: no redirects, no retries, a bounded body. */

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { create, isAxiosError, isCancel } from 'axios';
import { DENIED_CODE, destinationRules, guardedLookup, proxyHosts, resolveBySystem } from './destinations.ts';
import type { DestinationRules, Resolve } from './destinations.ts';
import { HttpFailure } from './types.ts';
import type { HttpResponse } from './types.ts';

export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly insecure: boolean;
  /** Not held to the rules for destinations. */
  readonly unguarded: boolean;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export type Transport = (hop: Hop) => Promise<HttpResponse>;

export interface TransportOptions {
  /** Where requests may go. The built-in denials when absent. */
  readonly rules?: DestinationRules | undefined;
  /** Looks host names up; the system's resolver when absent. */
  readonly resolve?: Resolve | undefined;
}

/** Connections are kept and shared, but never between hops that are checked differently. */
export function createAxiosTransport(options: TransportOptions = {}): Transport {
  const rules = options.rules ?? destinationRules();
  const resolve = options.resolve ?? resolveBySystem;
  const keep = { keepAlive: true, maxSockets: 64, maxFreeSockets: 16 };
  const agentsFor = (lookup: ReturnType<typeof guardedLookup>) => ({
    http: new HttpAgent({ ...keep, lookup }),
    strict: new HttpsAgent({ ...keep, lookup }),
    insecure: new HttpsAgent({ ...keep, lookup, rejectUnauthorized: false }),
  });
  const guarded = agentsFor(guardedLookup(rules, resolve, proxyHosts(process.env)));
  const unguarded = agentsFor(guardedLookup(undefined, resolve));
  const instance = create({
    adapter: 'http',
    maxRedirects: 0,
    responseType: 'text',
    transitional: { silentJSONParsing: false, forcedJSONParsing: false, clarifyTimeoutError: true },
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    validateStatus: () => true,
    headers: { common: {} },
  });

  return async (hop) => {
    const agents = hop.unguarded ? unguarded : guarded;
    const refusal = hop.unguarded ? undefined : rules.refusesHost(hop.url.hostname);
    if (refusal !== undefined)
      throw new HttpFailure('denied', `${hop.method} ${placeOf(hop.url)}: ${refusal}`, DENIED_CODE);
    try {
      const response = await instance.request<unknown>({
        method: hop.method,
        url: hop.url.href,
        headers: { 'user-agent': 'sluice', accept: 'application/json, */*;q=0.5', ...hop.headers },
        data: hop.body,
        httpAgent: agents.http,
        httpsAgent: hop.insecure ? agents.insecure : agents.strict,
        maxContentLength: hop.maxBytes,
        signal: hop.signal,
      });
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(response.headers))
        headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value);
      return {
        status: response.status,
        headers,
        body: typeof response.data === 'string' ? response.data : '',
      };
    } catch (error) {
      throw failureOf(error, hop);
    }
  };
}

function failureOf(error: unknown, hop: Hop): HttpFailure {
  const where = `${hop.method} ${placeOf(hop.url)}`;
  if (isCancel(error) || hop.signal.aborted) return new HttpFailure('aborted', `${where}: aborted`);
  const code = isAxiosError(error) ? (causeCode(error) ?? error.code) : undefined;
  const text = error instanceof Error ? error.message : String(error);
  if (code === DENIED_CODE)
    return new HttpFailure('denied', `${where}: ${causeMessage(error) ?? text}`, code);
  if (/maxContentLength size of \d+ exceeded/.test(text))
    return new HttpFailure('too-large', `${where}: the answer is larger than ${hop.maxBytes} bytes`, code);
  return new HttpFailure('unreachable', `${where}: ${causeText(code, text)}`, code);
}

function causeCode(error: Error): string | undefined {
  const cause: unknown = error.cause;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : undefined;
}

const causeMessage = (error: unknown): string | undefined =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset before the answer was complete',
  EPIPE: 'connection closed while sending',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server did not answer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

function causeText(code: string | undefined, text: string): string {
  if (code !== undefined && Object.hasOwn(CAUSES, code)) return CAUSES[code] ?? text;
  // axios's words for a connection that ended before the body did.
  if (text === 'stream has been aborted') return 'connection closed before the answer was complete';
  return text === '' ? (code ?? 'failed') : text;
}

/** The URL without user, query and fragment, which may hold secrets. */
export function placeOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
