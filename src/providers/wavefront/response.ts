/** From Wavefront's answer to a measurement (spec 05 section 8.6). Pure. */

import { formatGoFixed } from '../../lang/go-format.ts';
import type { HttpResponse } from '../http/types.ts';
import {
  expect2xx,
  isRecord,
  listOf,
  MeasurementFault,
  NothingMeasured,
  readJson,
  shown,
} from '../measured.ts';
import type { MeasurementOutcome } from '../types.ts';

interface Point {
  readonly value: number;
  /** Seconds since the epoch. */
  readonly at: number;
  /** Seconds after the time that was asked for. */
  readonly drift: number;
}

/** `now` is in milliseconds since the epoch. */
export function readAnswer(response: HttpResponse, now: number): MeasurementOutcome {
  expect2xx(response);
  const answer = readJson(response);
  if (!isRecord(answer)) throw new MeasurementFault('bad response: the answer is no object');
  const warnings = typeof answer['warnings'] === 'string' ? answer['warnings'] : '';
  const told = warnings === '' ? undefined : { warnings };
  const { errorType, errorMessage } = answer;
  if (typeof errorType === 'string' && errorType !== '')
    throw new MeasurementFault(`${errorType}: ${String(errorMessage ?? 'no error text')}`, told);
  const series = listOf(answer['timeseries']).filter(isRecord);
  const asked = Math.floor(now / 1000);
  const points = series.map(({ data }) => nearest(listOf(data), asked));
  if (points.length === 0) throw new NothingMeasured('No TimeSeries found in response from Wavefront', told);
  const found = points.filter((point) => point !== undefined);
  // The reference takes a series without points for a measured 0.
  if (found.length < points.length)
    throw new NothingMeasured('a time series in the response from Wavefront has no points', told);
  return outcomeOf(found, told);
}

function outcomeOf(points: readonly Point[], told: { warnings: string } | undefined): MeasurementOutcome {
  const [first] = points;
  const isSingle = points.length === 1 && first !== undefined;
  const listed = (texts: readonly string[]): string => (isSingle ? (texts[0] ?? '') : `[${texts.join(',')}]`);
  return {
    kind: 'value',
    value: shown(listed(points.map(({ value }) => formatGoFixed(value, 2)))),
    result: isSingle
      ? { type: 'scalar', value: first.value }
      : { type: 'vector', value: points.map(({ value }) => value) },
    evidence: { series: points.length, sampledAt: Math.max(...points.map(({ at }) => at)) * 1000 },
    metadata: {
      ...told,
      timestamps: listed(points.map(({ at }) => String(Math.trunc(at)))),
      drift: listed(points.map(({ drift }) => String(Math.trunc(drift)))),
    },
  };
}

/** The point of a series that is nearest to the time asked for; the first of several. */
function nearest(data: readonly unknown[], asked: number): Point | undefined {
  let best: Point | undefined;
  for (const item of data) {
    const [at, value] = listOf(item);
    if (typeof at !== 'number' || typeof value !== 'number')
      throw new MeasurementFault('bad response: a point is no pair of numbers');
    const drift = at - asked;
    if (best === undefined || Math.abs(drift) < Math.abs(best.drift)) best = { value, at, drift };
  }
  return best;
}
