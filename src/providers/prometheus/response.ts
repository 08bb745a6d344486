/** From Prometheus's answer to a measurement (spec 05 section 8.1). Pure. */

import { formatGoDecimal } from '../../lang/go-format.ts';
import { excerpt, JsonDepthError, parseBoundedJson } from '../http/json.ts';
import type { HttpResponse } from '../http/types.ts';
import type { MeasurementOutcome } from '../types.ts';

/** Values that go into the measurement's text; more are counted only. A status must stay small. */
const MAX_VALUES_SHOWN = 500;
const MAX_MESSAGE = 1024;

export function readAnswer(response: HttpResponse): MeasurementOutcome {
  const answer = readSuccess(response);
  if ('fault' in answer) return error(answer.fault);
  const metadata = warningsOf(answer.warnings);
  const outcome = readData(answer.resultType, answer.result);
  return metadata === undefined ? outcome : { ...outcome, metadata };
}

export interface PrometheusSuccess {
  readonly resultType: string;
  readonly result: unknown;
  readonly warnings: unknown;
}

/** The data of an answer, or why there is none: Prometheus's own text, or what came in its place. */
export function readSuccess(response: HttpResponse): PrometheusSuccess | { readonly fault: string } {
  const fault = statusFault(response);
  if (fault !== undefined) return { fault };
  let answer: unknown;
  try {
    answer = parseBoundedJson(response.body);
  } catch (cause) {
    if (cause instanceof JsonDepthError) return { fault: `bad_response: ${cause.message}` };
    const type = response.headers['content-type'] ?? 'no content type';
    return { fault: `bad_response: the answer is not JSON (${type}): ${excerpt(response.body)}` };
  }
  if (!isRecord(answer)) return { fault: `bad_response: the answer is no object: ${excerpt(response.body)}` };
  if (answer['status'] === 'error')
    return { fault: `${text(answer['errorType'], 'unknown')}: ${text(answer['error'], 'no error text')}` };
  const data = answer['data'];
  if (answer['status'] !== 'success' || !isRecord(data))
    return { fault: `bad_response: the answer is not one of Prometheus: ${excerpt(response.body)}` };
  return {
    resultType: text(data['resultType'], ''),
    result: data['result'],
    warnings: answer['warnings'],
  };
}

/** Prometheus explains 400 and 422 in JSON; other failures come from proxies or from a server in trouble. */
function statusFault({ status, body }: HttpResponse): string | undefined {
  if (status >= 200 && status <= 299) return undefined;
  if (status === 400 || status === 422 || status === 503) {
    try {
      const answer = parseBoundedJson(body);
      if (isRecord(answer) && answer['status'] === 'error') return undefined;
    } catch {
      // Not Prometheus's own text: the status has to say it.
    }
  }
  const said = excerpt(body);
  const rest = said === '' ? '' : `: ${said}`;
  if (status >= 400 && status <= 499) return `client_error: client error: ${status}${rest}`;
  if (status >= 500) return `server_error: server error: ${status}${rest}`;
  return `bad_response: bad response code ${status}${rest}`;
}

function readData(resultType: string, result: unknown): MeasurementOutcome {
  switch (resultType) {
    case 'scalar': {
      const sample = readSample(result);
      if (sample === undefined) return malformed('scalar');
      return {
        kind: 'value',
        value: formatGoDecimal(sample.value),
        result: { type: 'scalar', value: sample.value },
        evidence: { sampledAt: sample.at },
      };
    }
    case 'vector':
      return readSeries(result, (series) => [series['value']]);
    case 'matrix':
      return readSeries(result, (series) => series['values']);
    default:
      return error('Prometheus metric type not supported');
  }
}

/** The values of all samples of all series, in their order. */
function readSeries(
  result: unknown,
  samplesOf: (series: Record<string, unknown>) => unknown,
): MeasurementOutcome {
  if (!Array.isArray(result)) return malformed('list of series');
  const values: number[] = [];
  let sampledAt: number | undefined;
  for (const series of result) {
    if (!isRecord(series)) return malformed('series');
    const samples = samplesOf(series);
    if (series['histogram'] !== undefined || series['histograms'] !== undefined)
      return error('the query gives native histograms: reduce them, with histogram_quantile() for one');
    if (!Array.isArray(samples)) return malformed('series');
    for (const item of samples) {
      const sample = readSample(item);
      if (sample === undefined) return malformed('sample');
      values.push(sample.value);
      sampledAt = Math.max(sampledAt ?? sample.at, sample.at);
    }
  }
  return {
    kind: 'value',
    value: `[${shown(values)}]`,
    result: { type: 'vector', value: values },
    evidence: { series: result.length, ...(sampledAt === undefined ? {} : { sampledAt }) },
  };
}

function shown(values: readonly number[]): string {
  const texts = values.slice(0, MAX_VALUES_SHOWN).map(formatGoDecimal);
  if (values.length > MAX_VALUES_SHOWN) texts.push(`...${values.length - MAX_VALUES_SHOWN} more`);
  return texts.join(',');
}

/** `[seconds, "value"]`; the time comes in milliseconds. */
export function readSample(sample: unknown): { at: number; value: number } | undefined {
  if (!Array.isArray(sample) || typeof sample[0] !== 'number' || typeof sample[1] !== 'string')
    return undefined;
  const value = readFloat(sample[1]);
  return value === undefined ? undefined : { at: sample[0] * 1000, value };
}

function readFloat(source: string): number | undefined {
  if (/^[+-]?inf$/i.test(source)) return source.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(source)) return NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(source) ? Number(source) : undefined;
}

/** `"first", "second"`, as the reference joins them. */
function warningsOf(warnings: unknown): { warnings: string } | undefined {
  if (!Array.isArray(warnings) || warnings.length === 0) return undefined;
  return {
    warnings: warnings
      .map((warning) => `"${String(warning)}"`)
      .join(', ')
      .slice(0, MAX_MESSAGE),
  };
}

const malformed = (what: string): MeasurementOutcome =>
  error(`bad_response: a ${what} of the answer is malformed`);
const error = (message: string): MeasurementOutcome => ({
  kind: 'error',
  message: message.slice(0, MAX_MESSAGE),
});
const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
