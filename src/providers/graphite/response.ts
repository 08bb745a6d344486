/** From Graphite's answer to a measurement (spec 05 section 8.8). Pure. */

import { formatGoFixed } from '../../lang/go-format.ts';
import { NumberSyntaxError, parseGoFloat } from '../../lang/go-parse.ts';
import { excerpt } from '../http/json.ts';
import type { HttpResponse } from '../http/types.ts';
import { isRecord, listOf, MeasurementFault, NothingMeasured, readJson, shown } from '../measured.ts';
import type { MeasurementOutcome } from '../types.ts';

/** The points of the first target; those without a value are left out. */
export function readAnswer(response: HttpResponse): MeasurementOutcome {
  const { status, body } = response;
  if (status >= 400) throw new MeasurementFault(`error response: ${excerpt(body, 500)}`);
  if (status < 200 || status > 299) throw new MeasurementFault(`received non 2xx response code: ${status}`);
  const targets = readJson(response);
  if (!Array.isArray(targets)) throw new MeasurementFault('bad response: the answer is no list of targets');
  const [first] = targets as unknown[];
  const points = isRecord(first) ? listOf(first['datapoints']).map(readPoint) : [];
  if (points.length === 0) throw new NothingMeasured('no values found');
  const known = points.filter((point) => point.value !== undefined);
  const values = known.map(({ value }) => value ?? NaN);
  const sampledAt = known.reduce<number | undefined>(
    (newest, { at }) => (at === undefined ? newest : Math.max(newest ?? at, at)),
    undefined,
  );
  return {
    kind: 'value',
    value: shown(`[${values.map((value) => formatGoFixed(value, 6)).join(',')}]`),
    result: { type: 'vector', value: values },
    evidence: { series: targets.length, used: 1, ...(sampledAt === undefined ? {} : { sampledAt }) },
  };
}

interface Point {
  readonly value: number | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number | undefined;
}

/** `[value, seconds]`; either may be null or a number in quotes. */
function readPoint(point: unknown): Point {
  if (!Array.isArray(point) || point.length !== 2)
    throw new MeasurementFault(`error unmarshaling data point: ${excerpt(JSON.stringify(point))}`);
  const [value, at] = (point as unknown[]).map(readNumber);
  return { value, at: at === undefined ? undefined : at * 1000 };
}

function readNumber(value: unknown): number | undefined {
  if (value === null) return undefined;
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    try {
      return parseGoFloat(value);
    } catch (error) {
      if (error instanceof NumberSyntaxError) throw new MeasurementFault(error.message);
      throw error;
    }
  }
  throw new MeasurementFault(`error unmarshaling value: ${excerpt(JSON.stringify(value))}`);
}
