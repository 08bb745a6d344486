/** From Datadog's answer to a measurement (spec 05 section 8.4). Pure. */

import { formatGoDecimal } from '../../lang/go-format.ts';
import { goJson } from '../../lang/go-json.ts';
import { excerpt } from '../http/json.ts';
import type { HttpResponse } from '../http/types.ts';
import { isRecord, listOf, MeasurementFault, readJson, shown } from '../measured.ts';
import type { MeasurementOutcome } from '../types.ts';

const MAX_NAME = 200;
/** Groups that go into the measurement's metadata; of more, the lowest and the highest half. */
const MAX_GROUPS = 100;

export function readAnswer(response: HttpResponse, version: 'v1' | 'v2'): MeasurementOutcome {
  const { status, body } = response;
  if (status === 401 || status === 403)
    throw new MeasurementFault(`received authentication error response code: ${status} ${excerpt(body)}`);
  if (status !== 200)
    throw new MeasurementFault(`received non 2xx response code: ${status} ${excerpt(body)}`);
  const answer = readJson(response, 'Could not parse JSON body');
  if (!isRecord(answer)) throw new MeasurementFault('Could not parse JSON body: it is no object');
  const errors = isRecord(answer['data']) ? (answer['data']['errors'] ?? answer['errors']) : answer['errors'];
  const told = typeof errors === 'string' ? errors : listOf(errors).map(String).join(', ');
  if (told !== '') throw new MeasurementFault(`There were errors in your query: ${told}`);
  return version === 'v1' ? readSeries(answer) : readColumns(answer);
}

const noData = (value: string): MeasurementOutcome => ({
  kind: 'value',
  value,
  result: { type: 'pointer', value: null },
  evidence: { series: 0 },
});

/** One value of so many series. */
const single = (value: number, evidence: { series: number; sampledAt?: number }): MeasurementOutcome => ({
  kind: 'value',
  value: formatGoDecimal(value),
  result: { type: 'scalar', value },
  evidence: { ...evidence, used: 1 },
});

/** The last point of the first series. */
function readSeries(answer: Record<string, unknown>): MeasurementOutcome {
  const series = listOf(answer['series']);
  const [first] = series;
  const points = isRecord(first) ? listOf(first['pointlist']) : [];
  if (points.length === 0) {
    if (!Array.isArray(answer['series'])) return noData('null');
    return noData(goJson(series.map(() => ({ pointlist: [] }))));
  }
  const point = listOf(points.at(-1));
  if (point.length !== 2) throw new MeasurementFault('Datapoint does not have 2 values');
  const [at, value] = point;
  // No measurement at that time is not a measurement of zero.
  if (value === null) return noData('null');
  if (typeof value !== 'number')
    throw new MeasurementFault('Could not parse JSON body: a datapoint is no number');
  return single(value, {
    series: series.length,
    ...(typeof at === 'number' ? { sampledAt: at } : {}),
  });
}

interface Group {
  readonly name: string;
  readonly value: number;
}

/** The first column of numbers; with columns of tags beside it, one value for each group. */
function readColumns(answer: Record<string, unknown>): MeasurementOutcome {
  const data = isRecord(answer['data']) ? answer['data'] : {};
  const attributes = isRecord(data['attributes']) ? data['attributes'] : {};
  const columns = listOf(attributes['columns']).filter(isRecord);
  const tags = columns.filter((column) => column['type'] === 'group');
  const numbers = columns.find((column) => column['type'] !== 'group');
  const values = listOf(numbers?.['values']);
  for (const value of values)
    if (value !== null && typeof value !== 'number')
      throw new MeasurementFault('Could not parse JSON body: a value is no number');
  if (tags.length === 0) {
    const [value] = values;
    return typeof value === 'number' ? single(value, { series: values.length }) : noData('[]');
  }
  const groups = values.flatMap((value, index): Group[] =>
    typeof value === 'number'
      ? [
          {
            name: tags
              .map((tag) => tagAt(tag, index))
              .join(',')
              .slice(0, MAX_NAME),
            value,
          },
        ]
      : [],
  );
  if (groups.length === 0) return noData('[]');
  return {
    kind: 'value',
    value: shown(`[${groups.map(({ value }) => formatGoDecimal(value)).join(',')}]`),
    result: { type: 'vector', value: groups.map(({ value }) => value) },
    evidence: { series: groups.length },
    metadata: describe(groups),
  };
}

/** A group column holds a list of tag values for each row. */
function tagAt(column: Record<string, unknown>, index: number): string {
  const tag = listOf(column['values'])[index];
  return Array.isArray(tag) ? tag.map(String).join(',') : String(tag ?? '');
}

function describe(groups: readonly Group[]): Record<string, string> {
  if (groups.length <= MAX_GROUPS) return { groups: goJson(groups) };
  const ordered = [...groups].sort((a, b) => a.value - b.value);
  const kept = [...ordered.slice(0, MAX_GROUPS / 2), ...ordered.slice(-MAX_GROUPS / 2)];
  return { groups: goJson(kept), groups_truncated: 'true' };
}
