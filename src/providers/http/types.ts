/** HTTP as providers use it: one request in, one complete and bounded answer or one `HttpFailure` out. */

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** For one attempt, from connecting to the last byte. 0 times out at once. */
  readonly timeoutMs: number;
  /** Skips the check of the server's certificate. */
  readonly insecure?: boolean | undefined;
  /**
   * The address comes from the controller's own configuration and never from a template, so the rules for
   * destinations don't hold for it. They hold for where it redirects to.
   */
  readonly unguarded?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpClient {
  /** Answers with any status; rejects with `HttpFailure` only. */
  request(request: HttpRequest): Promise<HttpResponse>;
}

export type HttpFailureReason =
  /** The URL is none, or not of http. */
  | 'bad-request'
  /** The rules for destinations don't let a request go there. */
  | 'denied'
  /** No complete answer: refused, reset, cut off, no such host, bad certificate. */
  | 'unreachable'
  | 'timeout'
  | 'too-large'
  | 'too-many-redirects'
  /** Too many requests to this endpoint are waiting already. */
  | 'busy'
  /** The endpoint failed several times in a row and is left alone for a moment. */
  | 'circuit-open'
  | 'aborted';

/** Why there is no answer. The message names host and cause, never credentials. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly reason: HttpFailureReason;
  /** System or TLS code, such as `ECONNREFUSED`. */
  readonly code: string | undefined;

  constructor(reason: HttpFailureReason, message: string, code?: string) {
    super(message);
    this.reason = reason;
    this.code = code;
  }
}
