/** From Kayenta's answers to a measurement (spec 05 section 8.10). Pure. */

import { excerpt } from '../http/json.ts';
import type { HttpResponse } from '../http/types.ts';
import { isRecord, MeasurementFault, readJson } from '../measured.ts';
import type { MeasurementOutcome } from '../types.ts';

/** The id of the canary config with this name. */
export function readConfigId(response: HttpResponse, name: string): string {
  const configs = read(response);
  if (!Array.isArray(configs)) throw new MeasurementFault('Invalid Response: no list of canary configs');
  const found = configs.find((config) => isRecord(config) && config['name'] === name) as
    Record<string, unknown> | undefined;
  const id = found?.['id'];
  if (typeof id !== 'string' || id === '')
    throw new MeasurementFault(`Kayenta has no canary config named ${JSON.stringify(name)}`);
  return id;
}

export function readExecutionId(response: HttpResponse): string {
  const answer = read(response);
  const id = isRecord(answer) ? answer['canaryExecutionId'] : undefined;
  if (typeof id !== 'string' || id === '' || id.length > 200)
    throw new MeasurementFault('Invalid canaryExecutionId');
  return id;
}

/** Undefined: it still runs. */
export function readVerdict(
  response: HttpResponse,
  { pass, marginal }: { pass: number; marginal: number },
): MeasurementOutcome | undefined {
  const answer = read(response);
  const complete = isRecord(answer) ? answer['complete'] : undefined;
  if (typeof complete !== 'boolean') throw new MeasurementFault('Missing Complete Status');
  if (!complete) return undefined;
  const found = ['result', 'judgeResult', 'score', 'score'].reduce<unknown>(
    (value, key) => (isRecord(value) ? value[key] : undefined),
    answer,
  );
  if (typeof found !== 'number') throw new MeasurementFault('Missing Score');
  const score = Math.trunc(found);
  const phase = score >= pass ? 'Successful' : score >= marginal ? 'Inconclusive' : 'Failed';
  return { kind: 'verdict', phase, value: String(score) };
}

function read(response: HttpResponse): unknown {
  const { status, body } = response;
  if (status !== 200) throw new MeasurementFault(`Invalid Response: ${status}: ${excerpt(body)}`);
  return readJson(response, 'Invalid Response');
}
