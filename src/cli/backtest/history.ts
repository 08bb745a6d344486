/** Asks a Prometheus what it would have answered at past seconds, each second once, by the provider of the controller. */

import type { Clock } from '../../kube/clock.ts';
import type { Answer } from '../../plan/analysis/answer.ts';
import { afterCounting, samplesMetric, withSamples } from '../../plan/analysis/samples.ts';
import type { Metric } from '../../plan/analysis/types.ts';
import { createHttpClient } from '../../providers/http/client.ts';
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

interface Lane {
  /** What the provider of this lane takes for now. */
  at: number;
  readonly provider: (metric: Metric) => Provider;
}

export class History {
  /** Queries that were sent. */
  asked = 0;
  readonly #options: HistoryOptions;
  readonly #known = new Map<string, Promise<MeasurementOutcome>>();
  readonly #free: Lane[];
  readonly #waiting: ((lane: Lane) => void)[] = [];

  constructor(options: HistoryOptions) {
    this.#options = options;
    const http = createHttpClient({ random: options.random });
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
  async measure(metric: Metric, at: number): Promise<Answer> {
    const counting = samplesMetric(metric);
    if (counting === undefined) return await this.#ask(metric, at);
    const counted = afterCounting(metric, await this.#ask(counting, at));
    return 'instead' in counted ? counted.instead : withSamples(await this.#ask(metric, at), counted.samples);
  }

  #ask(metric: Metric, at: number): Promise<MeasurementOutcome> {
    const key = JSON.stringify([metric.name, metric.provider, at]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const answer = this.#send(metric, at);
    this.#known.set(key, answer);
    return answer;
  }

  async #send(metric: Metric, at: number): Promise<MeasurementOutcome> {
    const { signal, maxQueries } = this.#options;
    signal.throwIfAborted();
    if (this.asked >= maxQueries)
      throw new CliError(
        `more than ${maxQueries} queries are needed`,
        'take a larger --step, a shorter range, or a larger --max-queries',
      );
    this.asked += 1;
    const lane = await this.#take();
    try {
      lane.at = at;
      const run = { namespace: '', name: 'backtest', uid: 'backtest', startedAt: at };
      return await lane.provider(metric).measure({ metric, run, taken: 0, signal });
    } finally {
      this.#give(lane);
    }
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
