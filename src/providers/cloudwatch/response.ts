/** From CloudWatch's answer to a measurement (spec 05 section 8.7). Pure. */

import { formatGoFloat } from '../../lang/go-format.ts';
import { formatTime } from '../../lang/time.ts';
import { excerpt, parseBoundedJson } from '../http/json.ts';
import type { HttpResponse } from '../http/types.ts';
import { isRecord, listOf, MeasurementFault, readJson, shown } from '../measured.ts';
import type { MeasurementOutcome } from '../types.ts';

/** One MetricDataResult, with the field names that conditions use: `result[0].Values[0]`. */
interface Result {
  readonly Id: string | null;
  readonly Label: string | null;
  readonly Messages: readonly Message[];
  /** `Complete`, `PartialData`, `InternalError` or `Forbidden`. */
  readonly StatusCode: string;
  /** RFC 3339. */
  readonly Timestamps: readonly string[];
  readonly Values: readonly number[];
}

interface Message {
  readonly Code: string | null;
  readonly Value: string | null;
}

/** Without these a result without values would look like one that CloudWatch measured. */
const BROKEN = new Set(['InternalError', 'Forbidden']);

export function readAnswer(response: HttpResponse): MeasurementOutcome {
  if (response.status !== 200) throw new MeasurementFault(refusal(response));
  const answer = readJson(response);
  if (!isRecord(answer) || !Array.isArray(answer['MetricDataResults']))
    throw new MeasurementFault('bad response: there are no MetricDataResults');
  const results = answer['MetricDataResults'].map(readResult);
  const broken = results.find(({ StatusCode }) => BROKEN.has(StatusCode));
  if (broken !== undefined)
    throw new MeasurementFault(
      `CloudWatch could not answer query ${broken.Id ?? ''}: ${[broken.StatusCode, ...broken.Messages.map(text)].join(': ')}`,
    );
  const messages = listOf(answer['Messages']).map(readMessage);
  const times = results.flatMap(({ Timestamps }) => Timestamps.map((time) => Date.parse(time)));
  return {
    kind: 'value',
    value: shown(`[${results.map(({ Values }) => `[${Values.map(formatGoFloat).join(' ')}]`).join(' ')}]`),
    result: { type: 'json', value: results },
    evidence: {
      // A result without values is no series.
      series: results.filter(({ Values }) => Values.length > 0).length,
      ...(times.length === 0 ? {} : { sampledAt: times.reduce((a, b) => Math.max(a, b)) }),
    },
    ...(messages.length === 0
      ? {}
      : { metadata: { messages: shown(`[${messages.map((each) => `{${text(each)}}`).join(' ')}]`) } }),
  };
}

function readResult(item: unknown): Result {
  const fields = isRecord(item) ? item : {};
  const values = listOf(fields['Values']).map((value) => {
    // JSON has no NaN: AWS writes it as a text.
    const number = typeof value === 'string' && SPECIAL.has(value) ? SPECIAL.get(value) : value;
    if (typeof number !== 'number') throw new MeasurementFault('bad response: a value is no number');
    return number;
  });
  return {
    Id: textOrNull(fields['Id']),
    Label: textOrNull(fields['Label']),
    Messages: listOf(fields['Messages']).map(readMessage),
    StatusCode: textOrNull(fields['StatusCode']) ?? '',
    Timestamps: listOf(fields['Timestamps']).map(timeText),
    Values: values,
  };
}

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

/** RFC 3339 ends with the year 9999. */
const END_OF_TIME = Date.UTC(10_000, 0);

/** Seconds since the epoch, or a text already. */
function timeText(time: unknown): string {
  const at = typeof time === 'number' ? time * 1000 : Date.parse(String(time));
  if (!(at >= 0 && at < END_OF_TIME)) throw new MeasurementFault('bad response: a timestamp is none');
  return formatTime(at);
}

function readMessage(item: unknown): Message {
  const fields = isRecord(item) ? item : {};
  return { Code: textOrNull(fields['Code']), Value: textOrNull(fields['Value']) };
}

const text = ({ Code, Value }: Message): string => `Code:${Code ?? '<nil>'} Value:${Value ?? '<nil>'}`;
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** AWS names the error as `prefix#Name` and explains it in `message`. */
function refusal({ status, body }: HttpResponse): string {
  let answer: unknown;
  try {
    answer = parseBoundedJson(body);
  } catch {
    return `CloudWatch refused GetMetricData: ${status}: ${excerpt(body)}`;
  }
  const fields = isRecord(answer) ? answer : {};
  const type = String(fields['__type'] ?? fields['code'] ?? status).replace(/^.*#/, '');
  const said = String(fields['message'] ?? fields['Message'] ?? 'no explanation');
  return `CloudWatch refused GetMetricData: ${status}: ${type}: ${said}`;
}
