/** Asks a Prometheus what it would have answered at past seconds, each request once, by the providers of the controller. */

import type { Clock } from '../../kube/clock.ts';
import type { Answer } from '../../plan/analysis/answer.ts';
import { afterCounting, samplesMetric, withSamples } from '../../plan/analysis/samples.ts';
import type { MeasureIntent } from '../../plan/analysis/plan.ts';
import type { Metric } from '../../plan/analysis/types.ts';
import { createHttpClient } from '../../providers/http/client.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../providers/http/types.ts';
import { createProviders, type MeasurementOutcome, type Provider } from '../../providers/index.ts';
import { CliError } from '../errors.ts';

export interface HistoryOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly maxQueries: number;
}

/** Requests at the same time: a backtest must not be felt by those who live on the same Prometheus. */
const LANES = 4;

/** A new measurement, or the one in progress once more, or its end. */
export type Step = Pick<MeasureIntent, 'kind' | 'previous'>;

const NEW: Step = { kind: 'measure' };

interface Lane {
  /** What the provider of this lane takes for now. */
  at: number;
  readonly provider: (metric: Metric) => Provider;
}

export class History {
  /** Queries that were sent. */
  asked = 0;
  readonly #options: HistoryOptions;
  readonly #known = new Map<string, Promise<HttpResponse>>();
  readonly #free: Lane[];
  readonly #waiting: ((lane: Lane) => void)[] = [];

  constructor(options: HistoryOptions) {
    this.#options = options;
    const client = createHttpClient({ random: options.random });
    const http: HttpClient = { request: (request) => this.#once(client, request) };
    this.#free = Array.from({ length: LANES }, () => {
      const lane: Lane = { at: 0, provider: (metric) => found(registry.of(metric)) };
      const { clock, env } = options;
      const past: Clock = {
        now: () => lane.at,
        monotonic: () => clock.monotonic(),
        setTimer: (delayMs, task) => clock.setTimer(delayMs, task),
      };
      const registry = createProviders({ http, clock: past, env });
      return lane;
    });
  }

  /**
   * `at`: milliseconds since the epoch. Too few requests, and nothing else is asked. Rejects with `CliError` when there are
   * too many queries, or on interruption.
   */
  async measure(metric: Metric, at: number, step: Step = NEW): Promise<Answer> {
    const counting = samplesMetric(metric);
    if (counting === undefined) return await this.#ask(metric, at, step);
    const counted = afterCounting(metric, await this.#ask(counting, at, NEW));
    return 'instead' in counted
      ? counted.instead
      : withSamples(await this.#ask(metric, at, step), counted.samples);
  }

  async #ask(metric: Metric, at: number, { kind, previous }: Step): Promise<MeasurementOutcome> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    const lane = await this.#take();
    try {
      lane.at = at;
      const run = { namespace: '', name: 'backtest', uid: 'backtest', startedAt: at };
      const provider = lane.provider(metric);
      const request = { metric, run, taken: 0, previous, signal };
      return await (provider[kind]?.(request) ?? provider.measure(request));
    } finally {
      this.#give(lane);
    }
  }

  /** The time stands in the request, so that runs side by side share what they ask at the same second. */
  #once(client: HttpClient, request: HttpRequest): Promise<HttpResponse> {
    const { method, url, headers, body } = request;
    const key = JSON.stringify([method, url, headers, body]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { maxQueries } = this.#options;
    if (this.asked >= maxQueries)
      throw new CliError(
        `more than ${maxQueries} queries are needed`,
        'take a larger --step, a shorter range, or a larger --max-queries',
      );
    this.asked += 1;
    const answer = client.request(request);
    this.#known.set(key, answer);
    return answer;
  }

  #take(): Promise<Lane> {
    const lane = this.#free.pop();
    return lane === undefined
      ? new Promise((resolve) => void this.#waiting.push(resolve))
      : Promise.resolve(lane);
  }

  #give(lane: Lane): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(lane);
    else next(lane);
  }
}

function found(provider: Provider | { error: string }): Provider {
  if ('error' in provider) throw new CliError(provider.error);
  return provider;
}
