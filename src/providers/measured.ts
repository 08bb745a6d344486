/** What every provider does around its own work: failures become outcomes, credentials stay out of them. */

import { OAuth2Error } from './auth/oauth2.ts';
import { excerpt, JsonDepthError, parseBoundedJson } from './http/json.ts';
import { HttpFailure } from './http/types.ts';
import type { HttpResponse } from './http/types.ts';
import { SecretRefused } from './secrets.ts';
import type { SecretReader } from './secrets.ts';
import type { MeasurementOutcome, ProviderContext } from './types.ts';

/** The metric can't be asked as it stands, or what came back is no measurement. The message is the measurement's. */
export class MeasurementFault extends Error {
  override readonly name: string = 'MeasurementFault';
  readonly metadata: Readonly<Record<string, string>> | undefined;

  constructor(message: string, metadata?: Readonly<Record<string, string>>) {
    super(message);
    this.metadata = metadata;
  }
}

/** The backend did answer, but has nothing to tell: no data, and not a provider that is down. */
export class NothingMeasured extends MeasurementFault {
  override readonly name = 'NothingMeasured';
}

/** Registers a credential, so that no message repeats it when a backend echoes it. */
export type Conceal = (secret: string | undefined) => void;

const MAX_MESSAGE = 1024;
/** A shorter text would take harmless parts of messages along. */
const MIN_SECRET = 4;
const CONCEALED = '*****';

/** Adds how long it took to a value. Rethrows only what is a mistake of ours. */
export async function measured(
  context: Pick<ProviderContext, 'clock'>,
  work: (conceal: Conceal) => Promise<MeasurementOutcome>,
): Promise<MeasurementOutcome> {
  const begun = context.clock.monotonic();
  const secrets: string[] = [];
  const conceal: Conceal = (secret) => {
    if (secret !== undefined && secret.length >= MIN_SECRET) secrets.push(secret);
  };
  const outcome = await work(conceal).catch(outcomeOf);
  if (outcome.kind === 'error') return { ...outcome, message: concealed(outcome.message, secrets) };
  if (outcome.kind !== 'value') return outcome;
  return { ...outcome, evidence: { ...outcome.evidence, latencyMs: context.clock.monotonic() - begun } };
}

function outcomeOf(error: unknown): MeasurementOutcome {
  if (error instanceof MeasurementFault)
    return {
      kind: 'error',
      message: error.message,
      ...(error instanceof NothingMeasured ? { empty: true } : {}),
      ...(error.metadata === undefined ? {} : { metadata: error.metadata }),
    };
  if (error instanceof HttpFailure || error instanceof OAuth2Error || error instanceof SecretRefused)
    return { kind: 'error', message: error.message };
  throw error;
}

function concealed(message: string, secrets: readonly string[]): string {
  // Longest first: one secret may be the beginning of another.
  const ordered = [...secrets].sort((a, b) => b.length - a.length);
  const clean = ordered.reduce((text, secret) => text.replaceAll(secret, CONCEALED), message);
  return clean.slice(0, MAX_MESSAGE);
}

/** Throws `MeasurementFault` where this process reads no Secrets. */
export function secretsOf(context: Pick<ProviderContext, 'secrets'>): SecretReader {
  if (context.secrets === undefined)
    throw new MeasurementFault('this process may not read the Secrets that hold the credentials');
  return context.secrets;
}

/** The JSON of an answer. Throws `MeasurementFault`, whose text begins with `prefix`. */
export function readJson(response: HttpResponse, prefix = 'bad response'): unknown {
  try {
    return parseBoundedJson(response.body);
  } catch (cause) {
    if (cause instanceof JsonDepthError) throw new MeasurementFault(`${prefix}: ${cause.message}`);
    const type = response.headers['content-type'] ?? 'no content type';
    throw new MeasurementFault(`${prefix}: the answer is not JSON (${type}): ${excerpt(response.body)}`);
  }
}

/** Throws `MeasurementFault` for a status outside of 2xx, with the beginning of the body. */
export function expect2xx({ status, body }: HttpResponse): void {
  if (status >= 200 && status <= 299) return;
  const said = excerpt(body);
  throw new MeasurementFault(`received non 2xx response code: ${status}${said === '' ? '' : `: ${said}`}`);
}

/** Throws `MeasurementFault`, which begins with `what`, for a text that is no URL. */
export function urlOf(text: string, what: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new MeasurementFault(`${what} ${text} is not a valid URL`);
  }
}

/** Of a longer value the beginning is recorded; conditions see all of it. A status must stay small. */
const MAX_VALUE_SHOWN = 4096;

export function shown(value: string): string {
  if (value.length <= MAX_VALUE_SHOWN) return value;
  return `${value.slice(0, MAX_VALUE_SHOWN)}...${value.length - MAX_VALUE_SHOWN} more characters`;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The items of what should be a list; none for what is not. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
