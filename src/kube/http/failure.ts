/** From an HTTP answer that isn't a success to an `ApiError`, whoever wrote it: API server, proxy, load balancer. */

import { isObject, type JsonObject } from '../../lang/json.ts';
import { ApiError } from '../api.ts';

/** Names in lower case. Some come more than once. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const EXCERPT = 200;

/** `what` names the request, for answers that have no message of their own. */
export function failureOf(code: number, headers: AnswerHeaders, body: string, what: string): ApiError {
  const status = statusIn(body);
  const after = retryAfterMs(headers, status);
  if (status !== undefined) {
    return new ApiError(
      {
        code: typeof status['code'] === 'number' ? status['code'] : code,
        reason: stringAt(status, 'reason') ?? REASONS[code] ?? 'Unknown',
        message: stringAt(status, 'message') ?? `${what}: the server answered ${code}`,
        details: isObject(status['details']) ? status['details'] : undefined,
      },
      after,
    );
  }
  const text = excerpt(body);
  const message = `${what}: the server answered ${code}${text === '' ? '' : `: ${text}`}`;
  return new ApiError({ code, reason: REASONS[code] ?? 'Unknown', message }, after);
}

/** The Status of an ERROR event in a watch. */
export function failureOfStatus(status: unknown, what: string): ApiError {
  const object: JsonObject = isObject(status) ? status : {};
  const code = typeof object['code'] === 'number' ? object['code'] : 500;
  return failureOf(code, {}, JSON.stringify({ ...object, kind: 'Status' }), what);
}

function statusIn(body: string): JsonObject | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) && parsed['kind'] === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const stringAt = (object: JsonObject, key: string): string | undefined => {
  const value = object[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Seconds only; the API server sends no dates. At most an hour, so that nonsense can't stop us for good. */
function retryAfterMs(headers: AnswerHeaders, status: JsonObject | undefined): number | undefined {
  const details = status?.['details'];
  const fromBody = isObject(details) ? details['retryAfterSeconds'] : undefined;
  const header = headers['retry-after'];
  const seconds = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : fromBody;
  if (typeof seconds !== 'number' || !(seconds > 0)) return undefined;
  return Math.min(seconds, 3600) * 1000;
}

/** Readable text of an HTML error page, or the beginning of anything else, on one line. */
function excerpt(body: string): string {
  const head = body.slice(0, 4096);
  const text = /^\s*</.test(head)
    ? head.replace(/<(style|script|head)\b[^]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ')
    : head;
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT)}...` : line;
}
