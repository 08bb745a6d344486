/** From an HTTP answer to a measurement (spec 05 section 8.2). Pure. */

import { JsonPathError, JsonPathNothing, measureBody } from '../../lang/jsonpath.ts';
import { isTooDeep, MAX_JSON_DEPTH } from '../http/json.ts';
import type { HttpResponse } from '../http/types.ts';
import type { MeasurementOutcome } from '../types.ts';
import { jsonPathOf } from './request.ts';

/** Of a longer value the beginning is recorded; conditions see all of it. A status must stay small. */
const MAX_VALUE_SHOWN = 4096;
const MAX_MESSAGE = 1024;

export function readAnswer({ status, body }: HttpResponse, jsonPath: string | undefined): MeasurementOutcome {
  if (status < 200 || status > 299) return error(`received non 2xx response code: ${status}`);
  if (isTooDeep(body) && isJson(body))
    return error(`the JSON of the answer is nested more than ${MAX_JSON_DEPTH} levels deep`);
  try {
    const { result, value, matches, isText } = measureBody(body, jsonPathOf(jsonPath));
    return {
      kind: 'value',
      value: shown(value),
      result: { type: 'json', value: result },
      // Of several places that the path names, the first one is the result.
      evidence: isText ? { text: true } : matches > 1 ? { series: matches, used: 1 } : {},
    };
  } catch (cause) {
    if (cause instanceof JsonPathNothing) return { ...error(cause.message), empty: true };
    if (cause instanceof JsonPathError) return error(cause.message);
    throw cause;
  }
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

function shown(value: string): string {
  if (value.length <= MAX_VALUE_SHOWN) return value;
  return `${value.slice(0, MAX_VALUE_SHOWN)}...${value.length - MAX_VALUE_SHOWN} more characters`;
}

const error = (message: string): MeasurementOutcome & { kind: 'error' } => ({
  kind: 'error',
  message: message.slice(0, MAX_MESSAGE),
});
