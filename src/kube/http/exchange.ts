/** One HTTP/1.1 request and its answer over a given pool of connections, bounded in time and size. */

import type { Dispatcher } from 'undici';
import { ApiUnreachable } from '../api.ts';
import type { Clock } from '../clock.ts';
import type { AnswerHeaders } from './failure.ts';

export interface Outgoing {
  readonly origin: string;
  readonly method: Dispatcher.HttpMethod;
  /** With its query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Limits {
  readonly clock: Clock;
  /** Until the last byte of the body; of a stream, until its head. 0: no limit. */
  readonly timeoutMs: number;
  /** Of the body; of a stream, of what was not read yet. */
  readonly maxBytes: number;
}

export interface Answer<Body> {
  readonly code: number;
  readonly headers: AnswerHeaders;
  readonly body: Body;
}

export interface Stream extends AsyncIterable<Buffer> {
  /** Ends it, and the connection. Who reads it gets the reason. */
  readonly destroy: (reason: Error) => void;
}

export class ExchangeFailed extends ApiUnreachable {
  /** Nobody answered in time: the other connections of the pool may be dead as well. */
  readonly timedOut: boolean;

  constructor(message: string, how: { timedOut: boolean; cause: unknown }) {
    super(message, { cause: how.cause });
    this.timedOut = how.timedOut;
  }
}

/** The whole body as text. Rejects with `ExchangeFailed` when it is cut off, too late or too long. */
export function exchange(pool: Dispatcher, outgoing: Outgoing, limits: Limits): Promise<Answer<string>> {
  return new Promise((resolve, reject) => {
    let code = 0;
    let headers: AnswerHeaders = {};
    const parts: Buffer[] = [];
    let bytes = 0;
    const sent = send(pool, outgoing, limits, {
      head(given, named) {
        code = given;
        headers = named;
      },
      data(part) {
        bytes += part.length;
        if (bytes <= limits.maxBytes) parts.push(part);
        else sent.giveUp(new Error(`the answer is longer than ${limits.maxBytes} bytes`));
      },
      end() {
        const [only] = parts;
        const whole = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
        resolve({ code, headers, body: whole.toString('utf8') });
      },
      fail: reject,
    });
  });
}

/** Resolves with the head of the answer; the body is read as it comes, and rejects as `exchange` does. */
export function openStream(pool: Dispatcher, outgoing: Outgoing, limits: Limits): Promise<Answer<Stream>> {
  return new Promise((resolve, reject) => {
    let parts: Buffer[] = [];
    let bytes = 0;
    let over: { readonly error: Error | undefined } | undefined;
    let wake: (() => void) | undefined;
    const end = (error: Error | undefined): void => {
      over ??= { error };
      wake?.();
    };
    const sent = send(pool, outgoing, limits, {
      head(code, headers) {
        sent.inTime();
        const destroy = (reason: Error): void => {
          end(reason);
          sent.giveUp(reason);
        };
        resolve({ code, headers, body: { destroy, [Symbol.asyncIterator]: read } });
      },
      data(part) {
        parts.push(part);
        bytes += part.length;
        if (bytes > limits.maxBytes) sent.hold(true);
        wake?.();
      },
      end: () => end(undefined),
      fail(error) {
        reject(error);
        end(error);
      },
    });
    async function* read(): AsyncGenerator<Buffer, void, void> {
      for (;;) {
        const now = parts;
        if (bytes > limits.maxBytes) sent.hold(false);
        parts = [];
        bytes = 0;
        yield* now;
        if (parts.length > 0) continue;
        if (over?.error !== undefined) throw over.error;
        if (over !== undefined) return;
        await new Promise<void>((heard) => (wake = heard));
        wake = undefined;
      }
    }
  });
}

interface Receiver {
  head(code: number, headers: AnswerHeaders): void;
  data(part: Buffer): void;
  end(): void;
  fail(error: ExchangeFailed): void;
}

interface Sent {
  giveUp(reason: Error): void;
  /** From now on it may take as long as it likes. */
  inTime(): void;
  /** Whether to stop reading from the connection for a while. */
  hold(on: boolean): void;
}

function send(pool: Dispatcher, outgoing: Outgoing, limits: Limits, receiver: Receiver): Sent {
  const { origin, method, path, headers, signal } = outgoing;
  let controller: Dispatcher.DispatchController | undefined;
  let answering = false;
  let timedOut = false;
  let given: Error | undefined;
  const giveUp = (reason: Error): void => {
    given ??= reason;
    controller?.abort(given);
  };
  const onTime = (): void => {
    timedOut = true;
    const what = answering ? 'the answer was not complete' : 'no answer';
    giveUp(new Error(`${what} within ${limits.timeoutMs} ms`));
  };
  const timer = limits.timeoutMs > 0 ? limits.clock.setTimer(limits.timeoutMs, onTime) : undefined;
  const onAbort = (): void => giveUp(new Error('given up', { cause: signal?.reason }));
  signal?.addEventListener('abort', onAbort);
  const settle = (): void => {
    timer?.cancel();
    signal?.removeEventListener('abort', onAbort);
  };
  if (signal?.aborted) onAbort();
  pool.dispatch(
    // Times are ours to keep.
    { origin, method, path, headers, body: outgoing.body ?? null, headersTimeout: 0, bodyTimeout: 0 },
    {
      onRequestStart(own) {
        controller = own;
        if (given !== undefined) own.abort(given);
      },
      onResponseStart(_, code, named) {
        if (code < 200) return;
        answering = true;
        receiver.head(code, named);
      },
      onResponseData: (_, part) => receiver.data(part as Buffer),
      onResponseEnd() {
        settle();
        receiver.end();
      },
      onResponseError(_, error) {
        settle();
        const cause = given ?? error;
        const what = `${method} ${path.split('?')[0] ?? ''}`;
        receiver.fail(new ExchangeFailed(`${what}: ${reasonOf(cause)}`, { timedOut, cause }));
      },
    },
  );
  return {
    giveUp,
    inTime: () => timer?.cancel(),
    hold(on) {
      if (on) controller?.pause();
      else controller?.resume();
    },
  };
}

export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && !error.message.includes(code) ? `${error.message} (${code})` : error.message;
}
