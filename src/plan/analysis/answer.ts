/** What a provider answers, as the plan reads it. `src/providers/types.ts` is held to the same shape. */

import type { CompletedPhase } from './types.ts';

export type Answer =
  /** A value, to be judged by the metric's conditions. */
  | ({ kind: 'value'; value: string; result: MeasuredResult; evidence?: Evidence | undefined } & WithMetadata)
  /** The provider judges by itself (a Job, a judge). */
  | ({
      kind: 'verdict';
      phase: CompletedPhase;
      message?: string | undefined;
      value?: string | undefined;
    } & WithMetadata)
  /** Still running at the provider; it is asked again at `resumeAt` (milliseconds since the epoch). */
  | ({ kind: 'pending'; resumeAt: number } & WithMetadata)
  /** Not measured, because too little traffic went by: it is asked again. */
  | ({ kind: 'thin'; message: string; evidence: Evidence } & WithMetadata)
  /** `empty`: the backend did answer, but with nothing. */
  | ({ kind: 'error'; message: string; empty?: boolean | undefined } & WithMetadata);

interface WithMetadata {
  metadata?: Readonly<Record<string, string>> | undefined;
}

/** Tagged, because conditions are typed by what was measured: a list of floats is not a decoded JSON list. */
export type MeasuredResult =
  | { type: 'scalar'; value: number }
  | { type: 'vector'; value: readonly number[] }
  /** Decoded JSON; its numbers are floats. */
  | { type: 'json'; value: unknown }
  /** A float, or nothing. */
  | { type: 'pointer'; value: number | null };

/** What is known about how good the value is. */
export interface Evidence {
  /** Number of time series that the query gave. */
  series?: number | undefined;
  /** How many of them the result holds; all where absent. */
  used?: number | undefined;
  /** When the newest sample was taken, in milliseconds since the epoch. */
  sampledAt?: number | undefined;
  latencyMs?: number | undefined;
  /** The answer was no JSON, and is taken as a text. */
  text?: boolean | undefined;
  /** How many requests it rests on, where that was asked. */
  samples?: number | undefined;
}
