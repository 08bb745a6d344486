/** From a metric to the HTTP request (spec 05 section 8.2). Pure. */

import type { WebMetric } from '../../api/metric-provider.ts';
import { compileJsonPath, JsonPathError } from '../../lang/jsonpath.ts';
import { oauth2Credentials } from '../auth/oauth2.ts';
import type { OAuth2Credentials } from '../auth/oauth2.ts';
import type { HttpRequest } from '../http/types.ts';

/** The metric can't be asked as it stands. The message is the measurement's. */
export class WebConfigError extends Error {
  override readonly name = 'WebConfigError';
}

export interface WebRequest extends Omit<HttpRequest, 'signal'> {
  readonly headers: Readonly<Record<string, string>>;
  readonly oauth2: OAuth2Credentials | undefined;
}

const DEFAULT_TIMEOUT_S = 10;
/** No measurement may take longer than this anyway. */
const MAX_TIMEOUT_S = 900;

/** Throws `WebConfigError`, or `OAuth2Error` for credentials that are not complete. */
export function webRequest(metric: WebMetric): WebRequest {
  const method = methodOf(metric);
  const headers: Record<string, string> = {};
  for (const { key, value } of metric.headers ?? []) headers[key.toLowerCase()] = value;
  const body = bodyOf(metric, method);
  if (body?.isJson === true) headers['content-type'] = 'application/json';
  // A path that can never be read is told before anybody is asked.
  try {
    compileJsonPath(jsonPathOf(metric.jsonPath));
  } catch (error) {
    if (error instanceof JsonPathError) throw new WebConfigError(error.message);
    throw error;
  }
  const timeout = metric.timeoutSeconds ?? 0;
  return {
    method,
    url: metric.url ?? '',
    headers,
    ...(body === undefined ? {} : { body: body.text }),
    timeoutMs: (timeout > 0 ? Math.min(timeout, MAX_TIMEOUT_S) : DEFAULT_TIMEOUT_S) * 1000,
    insecure: metric.insecure === true,
    oauth2: oauth2Credentials(metric.authentication?.oauth2),
  };
}

/** The whole body where no path is set. */
export const jsonPathOf = (path: string | undefined): string =>
  path === undefined || path === '' ? '{$}' : path;

function methodOf({ method }: WebMetric): string {
  if (method === undefined || method === '') return 'GET';
  if (!/^[A-Za-z]{1,20}$/.test(method))
    throw new WebConfigError(
      `method ${JSON.stringify(method.slice(0, 40))} is no HTTP method: use GET, POST or PUT`,
    );
  return method;
}

function bodyOf(metric: WebMetric, method: string): { text: string; isJson: boolean } | undefined {
  const isText = metric.body !== undefined && metric.body !== '';
  const isJson = metric.jsonBody !== undefined && metric.jsonBody !== null;
  if (isText && isJson)
    throw new WebConfigError('use either Body or JSONBody; both cannot exists for WebMetric payload');
  if (!isText && !isJson) return undefined;
  if (method !== 'POST' && method !== 'PUT')
    throw new WebConfigError('Body/JSONBody can only be used with POST or PUT WebMetric Method types');
  return isText
    ? { text: metric.body ?? '', isJson: false }
    : { text: JSON.stringify(metric.jsonBody), isJson: true };
}
