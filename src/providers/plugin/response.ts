/** What a plugin answers: the contract of docs/providers.md. Pure. */

import { goJson } from '../../lang/go-json.ts';
import { parseTime } from '../../lang/time.ts';
import type { HttpResponse } from '../http/types.ts';
import { expect2xx, isRecord, MeasurementFault, readJson, shown } from '../measured.ts';
import type { Evidence, MeasurementOutcome } from '../types.ts';

const MIN_WAIT_MS = 1_000;
const MAX_WAIT_MS = 3_600_000;
const MAX_METADATA = 50;
const MAX_METADATA_TEXT = 1_024;

/** `now` is in milliseconds since the epoch. */
export function readAnswer(response: HttpResponse, now: number): MeasurementOutcome {
  expect2xx(response);
  const answer = readJson(response);
  if (!isRecord(answer)) throw new MeasurementFault('bad response: the answer is no object');
  const metadata = metadataOf(answer['metadata']);
  const told = metadata === undefined ? {} : { metadata };
  switch (answer['kind']) {
    case 'value':
      return { ...valueOf(answer), ...told };
    case 'verdict':
      return { ...verdictOf(answer), ...told };
    case 'pending':
      return { kind: 'pending', resumeAt: now + waitOf(answer['resumeAfterSeconds']), ...told };
    case 'error':
      throw new MeasurementFault(
        textOf(answer['message']) ?? 'the plugin gave an error without a message',
        metadata,
      );
    default:
      throw new MeasurementFault('bad response: kind must be value, verdict, pending or error');
  }
}

function valueOf(answer: Record<string, unknown>): MeasurementOutcome & { kind: 'value' } {
  if (!Object.hasOwn(answer, 'result')) throw new MeasurementFault('bad response: a value needs a result');
  const result = answer['result'];
  const evidence = evidenceOf(answer['evidence']);
  return {
    kind: 'value',
    value: shown(textOf(answer['value']) ?? goJson(result)),
    result: { type: 'json', value: result },
    ...(evidence === undefined ? {} : { evidence }),
  };
}

const PHASES = ['Successful', 'Failed', 'Error', 'Inconclusive'] as const;

function verdictOf(answer: Record<string, unknown>): MeasurementOutcome & { kind: 'verdict' } {
  const phase = PHASES.find((each) => each === answer['phase']);
  if (phase === undefined)
    throw new MeasurementFault(`bad response: the phase of a verdict must be one of ${PHASES.join(', ')}`);
  const value = textOf(answer['value']);
  const message = textOf(answer['message']);
  return {
    kind: 'verdict',
    phase,
    ...(value === undefined ? {} : { value: shown(value) }),
    ...(message === undefined ? {} : { message: message.slice(0, MAX_METADATA_TEXT) }),
  };
}

function waitOf(seconds: unknown): number {
  if (typeof seconds !== 'number')
    throw new MeasurementFault('bad response: a pending measurement needs resumeAfterSeconds');
  return Math.min(Math.max(seconds * 1000, MIN_WAIT_MS), MAX_WAIT_MS);
}

function evidenceOf(given: unknown): Evidence | undefined {
  if (!isRecord(given)) return undefined;
  const { series } = given;
  const sampledAt = parseTime(given['sampledAt']);
  return {
    ...(typeof series === 'number' ? { series } : {}),
    ...(sampledAt === undefined ? {} : { sampledAt }),
  };
}

function metadataOf(given: unknown): Record<string, string> | undefined {
  if (given === undefined || given === null) return undefined;
  const entries = isRecord(given) ? Object.entries(given) : [];
  if (!isRecord(given) || entries.some(([, text]) => typeof text !== 'string'))
    throw new MeasurementFault('bad response: metadata must be an object of texts');
  return Object.fromEntries(
    entries.slice(0, MAX_METADATA).map(([key, text]) => [key, String(text).slice(0, MAX_METADATA_TEXT)]),
  );
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
