/** One hop of HTTP by axios: no redirects, no retries, a bounded body. */

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { create, isAxiosError, isCancel } from 'axios';
import { HttpFailure } from './types.ts';
import type { HttpResponse } from './types.ts';

export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly insecure: boolean;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export type Transport = (hop: Hop) => Promise<HttpResponse>;

/** Connections are kept and shared; the two TLS agents keep trusted and untrusted ones apart. */
export function createAxiosTransport(): Transport {
  const keep = { keepAlive: true, maxSockets: 64, maxFreeSockets: 16 };
  const httpAgent = new HttpAgent(keep);
  const strictAgent = new HttpsAgent(keep);
  const insecureAgent = new HttpsAgent({ ...keep, rejectUnauthorized: false });
  const instance = create({
    adapter: 'http',
    maxRedirects: 0,
    responseType: 'text',
    transitional: { silentJSONParsing: false, forcedJSONParsing: false, clarifyTimeoutError: true },
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    validateStatus: () => true,
    httpAgent,
    headers: { common: {} },
  });

  return async (hop) => {
    try {
      const response = await instance.request<unknown>({
        method: hop.method,
        url: hop.url.href,
        headers: { 'user-agent': 'sluice', accept: 'application/json, */*;q=0.5', ...hop.headers },
        data: hop.body,
        httpsAgent: hop.insecure ? insecureAgent : strictAgent,
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
  if (/maxContentLength size of \d+ exceeded/.test(text))
    return new HttpFailure('too-large', `${where}: the answer is larger than ${hop.maxBytes} bytes`, code);
  return new HttpFailure('unreachable', `${where}: ${causeText(code, text)}`, code);
}

function causeCode(error: Error): string | undefined {
  const cause: unknown = error.cause;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : undefined;
}

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
  return text === '' ? (code ?? 'failed') : text;
}

/** The URL without user, query and fragment, which may hold secrets. */
export function placeOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
