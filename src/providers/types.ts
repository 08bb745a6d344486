/**
 * The one shape of every metric provider (spec 05 section 8). A provider asks its backend and says what came back; it
 * never judges by conditions, never waits longer than its time-out, and never throws for what a backend does.
 */

import type { Metric } from '../api/analysis.ts';
import type { Clock } from '../kube/clock.ts';
import type { HttpClient } from './http/types.ts';
import type { JobClient } from './job/client.ts';
import type { PluginEndpoint } from './plugin/endpoints.ts';
import type { SecretReader } from './secrets.ts';

/** What a provider may use of the world. Everything in it is replaced in the simulation. */
export interface ProviderContext {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Environment of the controller, for defaults such as `ARGO_ROLLOUTS_PROMETHEUS_ADDRESS`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent where nothing may be created in the cluster: in the CLI, for one. */
  readonly jobs?: JobClient | undefined;
  /** Absent where no Secrets are read: in the CLI, for one. */
  readonly secrets?: SecretReader | undefined;
  /** Metric plugins by name. */
  readonly plugins?: ReadonlyMap<string, PluginEndpoint> | undefined;
  /** A file of the controller's, such as an AWS profile; undefined where there is none. Reads the disk when absent. */
  readonly readFile?: ((path: string) => Promise<string | undefined>) | undefined;
}

export interface MeasureRequest {
  /** Arguments and secrets are filled in. */
  readonly metric: Metric;
  readonly run: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    /** Milliseconds since the epoch, where the run has begun. */
    readonly startedAt?: number | undefined;
  };
  /** How many measurements and errors of this metric there are so far: names of what a provider creates. */
  readonly taken: number;
  /** The measurement in progress, for `resume` and `terminate`. */
  readonly previous?: PreviousMeasurement | undefined;
  readonly signal: AbortSignal;
}

export interface PreviousMeasurement {
  readonly startedAt?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** Held to the shape of `Answer` in `src/plan/analysis/answer.ts`. */
export type MeasurementOutcome =
  | {
      readonly kind: 'value';
      /** What people see. */
      readonly value: string;
      /** What conditions see. */
      readonly result: MeasuredResult;
      readonly evidence?: Evidence | undefined;
      readonly metadata?: Readonly<Record<string, string>> | undefined;
    }
  | {
      readonly kind: 'verdict';
      readonly phase: 'Successful' | 'Failed' | 'Error' | 'Inconclusive';
      readonly message?: string | undefined;
      readonly value?: string | undefined;
      readonly metadata?: Readonly<Record<string, string>> | undefined;
    }
  | {
      readonly kind: 'pending';
      /** Milliseconds since the epoch. */
      readonly resumeAt: number;
      readonly metadata?: Readonly<Record<string, string>> | undefined;
    }
  | {
      /** Not measured, because too little traffic went by. */
      readonly kind: 'thin';
      readonly message: string;
      readonly evidence: Evidence;
      readonly metadata?: Readonly<Record<string, string>> | undefined;
    }
  | {
      readonly kind: 'error';
      readonly message: string;
      /** The backend did answer, but with nothing: no data, not a provider that is down. */
      readonly empty?: boolean | undefined;
      readonly metadata?: Readonly<Record<string, string>> | undefined;
    };

export type MeasuredResult =
  | { readonly type: 'scalar'; readonly value: number }
  | { readonly type: 'vector'; readonly value: readonly number[] }
  | { readonly type: 'json'; readonly value: unknown }
  | { readonly type: 'pointer'; readonly value: number | null };

export interface Evidence {
  /** Number of time series in the answer. */
  readonly series?: number | undefined;
  /** How many of them `result` holds; all where absent. */
  readonly used?: number | undefined;
  /** Time of the newest sample, in milliseconds since the epoch. */
  readonly sampledAt?: number | undefined;
  readonly latencyMs?: number | undefined;
  /** The answer was no JSON, and is taken as a text. */
  readonly text?: boolean | undefined;
  /** How many requests it rests on, where that was asked. */
  readonly samples?: number | undefined;
}

export interface Provider {
  /** As the metric `analysis_run_metric_type` names it (spec 08 section 5). */
  readonly type: string;
  measure(request: MeasureRequest): Promise<MeasurementOutcome>;
  /** Asks again after `pending`. */
  resume?(request: MeasureRequest): Promise<MeasurementOutcome>;
  /**
   * Whether `resume` would bring the end of a measurement now, before its `resumeAt`. Only from what is known here, for
   * providers that are told by events. True must mean that `resume` does not answer `pending` again.
   */
  settled?(request: Pick<MeasureRequest, 'run' | 'previous'>): boolean;
  /** Ends what `pending` left running. */
  terminate?(request: MeasureRequest): Promise<MeasurementOutcome>;
  /** Removes what old measurements left behind; `keep` of them stay. */
  garbageCollect?(
    request: Omit<MeasureRequest, 'metric' | 'taken'> & { readonly keep: number },
  ): Promise<void>;
  /** Written to the metric's result once. */
  metadata?(metric: Metric): Record<string, string>;
}

/** Makes the provider of one family; each folder exports one. */
export type ProviderFactory = (context: ProviderContext) => Provider;
