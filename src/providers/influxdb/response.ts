/** From InfluxDB's answer to a measurement (spec 05 section 8.9). Pure. */

import { formatGoFloat } from '../../lang/go-format.ts';
import { NumberSyntaxError, parseGoFloat } from '../../lang/go-parse.ts';
import { parseTime } from '../../lang/time.ts';
import { excerpt, parseBoundedJson } from '../http/json.ts';
import type { HttpResponse } from '../http/types.ts';
import { isRecord, MeasurementFault, NothingMeasured, shown } from '../measured.ts';
import type { MeasurementOutcome } from '../types.ts';
import { CsvError, parseAnnotatedCsv } from './csv.ts';
import type { Cell, Row } from './csv.ts';

/** The `_value` of each record. */
export function readAnswer(response: HttpResponse): MeasurementOutcome {
  const { status, body, headers } = response;
  if (status < 200 || status > 299) throw new MeasurementFault(`${status}: ${explained(body)}`);
  const rows = rowsOf(body, headers['content-type'] ?? 'no content type');
  const failed = rows.find((row) => row.has('error') && !row.has('_value'));
  if (failed !== undefined) throw new MeasurementFault(failed.get('error')?.text ?? 'unknown query error');
  if (rows.length === 0) throw new NothingMeasured('no results returned from flux query');
  const values = rows.map((row) => valueOf(row.get('_value')));
  const times = rows.map((row) => parseTime(row.get('_time')?.text)).filter((time) => time !== undefined);
  return {
    kind: 'value',
    value: shown(`[${values.map(({ text }) => text).join(' ')}]`),
    result: { type: 'json', value: values.map(({ value }) => value) },
    evidence: {
      series: new Set(rows.map((row) => row.get('table')?.text)).size,
      ...(times.length === 0 ? {} : { sampledAt: Math.max(...times) }),
    },
  };
}

function rowsOf(body: string, type: string): Row[] {
  // A page or a JSON text of some proxy is a header line of CSV, too.
  if (/^\s*[<{[]/.test(body))
    throw new MeasurementFault(`bad response: the answer is not CSV (${type}): ${excerpt(body)}`);
  try {
    return parseAnnotatedCsv(body);
  } catch (error) {
    if (error instanceof CsvError) throw new MeasurementFault(`bad response: ${error.message}`);
    throw error;
  }
}

interface Value {
  readonly value: unknown;
  /** As Go prints it. */
  readonly text: string;
}

function valueOf(cell: Cell | undefined): Value {
  const text = cell?.text;
  if (cell === undefined || text === undefined) return { value: null, text: '<nil>' };
  switch (cell.type) {
    case 'double': {
      const value = float(text);
      return { value, text: formatGoFloat(value) };
    }
    case 'long':
    case 'unsignedLong':
      if (!/^-?\d{1,20}$/.test(text))
        throw new MeasurementFault(`bad response: ${JSON.stringify(excerpt(text))} is no integer`);
      return { value: Number(text), text };
    case 'boolean':
      return { value: text === 'true', text: String(text === 'true') };
    default:
      return { value: text, text };
  }
}

function float(text: string): number {
  try {
    return parseGoFloat(text);
  } catch (error) {
    if (error instanceof NumberSyntaxError) throw new MeasurementFault(`bad response: ${error.message}`);
    throw error;
  }
}

/** InfluxDB explains itself as `{"code":"invalid","message":"..."}`. */
function explained(body: string): string {
  try {
    const answer = parseBoundedJson(body);
    if (isRecord(answer) && typeof answer['message'] === 'string') {
      const code = typeof answer['code'] === 'string' ? `${answer['code']}: ` : '';
      return code + answer['message'];
    }
  } catch {
    // Not InfluxDB's own text.
  }
  return excerpt(body);
}
