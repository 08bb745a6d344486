/** One HTTP/1.1 request and its answer over a given agent, bounded in time and size. */

import { type Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { ApiUnreachable } from '../api.ts';
import type { Clock } from '../clock.ts';

export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How it failed decides what may be done about it. */
export class ExchangeFailed extends ApiUnreachable {
  /** The connection was an old one of the pool, that the server had closed meanwhile. */
  readonly onReusedSocket: boolean;
  /** Nobody answered in time: the other connections of the pool may be dead as well. */
  readonly timedOut: boolean;

  constructor(message: string, how: { onReusedSocket?: boolean; timedOut?: boolean; cause?: unknown }) {
    super(message, { cause: how.cause });
    this.onReusedSocket = how.onReusedSocket ?? false;
    this.timedOut = how.timedOut ?? false;
  }
}

/** Resolves with the head of the answer; the body is still to be read. Rejects with `ExchangeFailed`. */
export function send(
  agent: Agent,
  outgoing: Outgoing,
  clock: Clock,
  timeoutMs: number,
): Promise<IncomingMessage> {
  const { method, url, signal } = outgoing;
  const what = `${method} ${url.pathname}`;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new ExchangeFailed(`${what}: given up before it was sent`, { cause: signal.reason }));
      return;
    }
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = make(url, { method, agent, headers: { ...outgoing.headers } });
    let timedOut = false;
    const timer =
      timeoutMs > 0
        ? clock.setTimer(timeoutMs, () => {
            timedOut = true;
            request.destroy(new Error(`no answer within ${timeoutMs} ms`));
          })
        : undefined;
    const onAbort = (): void => {
      request.destroy(new Error('given up', { cause: signal?.reason }));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    // The signal also ends the reading of the body; the listener goes with the last byte.
    request.once('close', () => {
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
    });
    request.once('response', (response) => {
      timer?.cancel();
      resolve(response);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      timer?.cancel();
      const onReusedSocket = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(new ExchangeFailed(`${what}: ${reasonOf(error)}`, { onReusedSocket, timedOut, cause: error }));
    });
    if (outgoing.body === undefined) request.end();
    else request.end(outgoing.body);
  });
}

/** The whole body as text. Rejects with `ExchangeFailed` when it is cut off, too late or too long. */
export function readBody(
  response: IncomingMessage,
  limits: { maxBytes: number; timeoutMs: number; clock: Clock; what: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const timer =
      limits.timeoutMs > 0
        ? limits.clock.setTimer(limits.timeoutMs, () => {
            timedOut = true;
            response.destroy(new Error(`the answer was not complete within ${limits.timeoutMs} ms`));
          })
        : undefined;
    const parts: Buffer[] = [];
    let bytes = 0;
    const fail = (error: unknown): void => {
      timer?.cancel();
      reject(new ExchangeFailed(`${limits.what}: ${reasonOf(error)}`, { timedOut, cause: error }));
    };
    response.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= limits.maxBytes) parts.push(part);
      else response.destroy(new Error(`the answer is longer than ${limits.maxBytes} bytes`));
    });
    response.once('error', fail);
    response.once('end', () => {
      timer?.cancel();
      resolve((parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts)).toString('utf8'));
    });
    // Without an end or an error the connection went away in between.
    response.once('close', () => {
      if (!response.complete) fail(new Error('aborted'));
    });
  });
}

export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && !error.message.includes(code) ? `${error.message} (${code})` : error.message;
}
