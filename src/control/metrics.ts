/**
 * The registry behind `/metrics`: names, labels and buckets of spec 08 section 5. Gauges that describe objects
 * are made at each scrape from what the stores hold (`collectFrom`), so they can be neither stale nor leaked;
 * counters and histograms of an object vanish a minute after it.
 */

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { KubeObject } from '../kube/api.ts';
import { refOf } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import type { RequestObservation } from '../kube/http/index.ts';
import type { PlannedEvent } from '../plan/types.ts';
import type { QueueObserver, WorkQueue } from './queue.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A gauge that is computed when it is scraped. */
export interface LazyGauge {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: () => Iterable<Sample>;
}

export interface BuildInfo {
  readonly version: string;
  readonly commit: string;
}

/** What the manager tells; in the simulation nobody listens. */
export interface ManagerObserver {
  queue(name: string, queue: () => WorkQueue): QueueObserver;
  reconciled(controller: string, key: string, seconds: number, failed: boolean): void;
  /** The object of this key is gone. */
  gone(controller: string, key: string): void;
  event(about: KubeObject, event: PlannedEvent): void;
}

/** Controllers whose passes are counted for each object, by the prefix of their metrics. */
const RECONCILE_PREFIX: Readonly<Record<string, string>> = {
  Rollouts: 'rollout',
  AnalysisRuns: 'analysis_run',
  Experiments: 'experiment',
  Applications: 'application',
};

const OBJECT_LABELS = ['namespace', 'name'] as const;
const FORGET_AFTER_MS = 65_000;
const MAX_REQUEST_SERIES = 10_000;
/** Exponential from 10 ns, as the Go libraries have it. */
const QUEUE_BUCKETS = Array.from({ length: 10 }, (_, i) => 10 ** (i - 8));
const RECONCILE_BUCKETS = [0.01, 0.15, 0.25, 0.5, 1];

interface PerObject {
  readonly duration: Histogram;
  readonly errors: Counter;
}

export class Metrics implements ManagerObserver {
  readonly #registry = new Registry();
  readonly #clock: Clock;
  readonly #perObject = new Map<string, PerObject>();
  readonly #rolloutEvents: Counter;
  readonly #requests: Counter;
  readonly #requestSeries = new Map<string, Record<string, string>>();
  readonly #queues = new Map<string, () => WorkQueue>();
  readonly #queueMetrics: {
    depth: Gauge;
    adds: Counter;
    retries: Counter;
    waited: Histogram;
    worked: Histogram;
  };
  readonly #rolloutDuration: Histogram;
  readonly #rolloutProgressionDuration: Histogram;
  readonly #rolloutManualPauseDuration: Histogram;

  constructor(options: { clock: Clock; build: BuildInfo; processMetrics?: boolean | undefined }) {
    this.#clock = options.clock;
    const registers = [this.#registry];
    if (options.processMetrics !== false) collectDefaultMetrics({ register: this.#registry });

    for (const [controller, prefix] of Object.entries(RECONCILE_PREFIX)) {
      this.#perObject.set(controller, {
        duration: new Histogram({
          name: `${prefix}_reconcile`,
          help: `Duration of the passes over one object of ${controller}, in seconds.`,
          labelNames: OBJECT_LABELS,
          buckets: RECONCILE_BUCKETS,
          registers,
        }),
        errors: new Counter({
          name: `${prefix}_reconcile_error`,
          help: `Passes over one object of ${controller} that failed.`,
          labelNames: OBJECT_LABELS,
          registers,
        }),
      });
    }
    this.#rolloutEvents = new Counter({
      name: 'rollout_events_total',
      help: 'Events recorded on Rollouts.',
      labelNames: ['namespace', 'name', 'type', 'reason'],
      registers,
    });
    this.#rolloutDuration = statusHistogram(
      'rollout_duration_seconds',
      'Time from the start of an update to its end.',
      [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800],
      registers,
    );
    this.#rolloutProgressionDuration = statusHistogram(
      'rollout_progression_duration_seconds',
      'Time of an update without its manual pauses.',
      [30, 60, 120, 300, 600, 900, 1800, 3600],
      registers,
    );
    this.#rolloutManualPauseDuration = statusHistogram(
      'rollout_manual_pause_duration_seconds',
      'Time of an update that was spent in manual pauses.',
      [0, 60, 300, 600, 1800, 3600, 7200, 14400, 28800],
      registers,
    );
    this.#requests = new Counter({
      name: 'controller_clientset_k8s_request_total',
      help: 'Requests to the Kubernetes API.',
      labelNames: ['kind', 'namespace', 'name', 'verb', 'status_code'],
      registers,
    });
    const name = ['name'] as const;
    this.#queueMetrics = {
      depth: new Gauge({
        name: 'workqueue_depth',
        help: 'Keys that wait for a pass.',
        labelNames: name,
        registers,
      }),
      adds: new Counter({ name: 'workqueue_adds_total', help: 'Keys added.', labelNames: name, registers }),
      retries: new Counter({
        name: 'workqueue_retries_total',
        help: 'Keys retried.',
        labelNames: name,
        registers,
      }),
      waited: new Histogram({
        name: 'workqueue_queue_duration_seconds',
        help: 'Time that a key waited for its pass.',
        labelNames: name,
        buckets: QUEUE_BUCKETS,
        registers,
      }),
      worked: new Histogram({
        name: 'workqueue_work_duration_seconds',
        help: 'Time that a pass took.',
        labelNames: name,
        buckets: QUEUE_BUCKETS,
        registers,
      }),
    };
    this.collectFrom([
      {
        name: 'workqueue_unfinished_work_seconds',
        help: 'Time that the passes under way have taken so far, summed.',
        labels: name,
        samples: () => this.#processing((ages) => ages.reduce((sum, age) => sum + age, 0)),
      },
      {
        name: 'workqueue_longest_running_processor_seconds',
        help: 'Time that the longest pass under way has taken so far.',
        labels: name,
        samples: () => this.#processing((ages) => Math.max(0, ...ages)),
      },
      {
        name: 'argo_rollouts_controller_info',
        help: 'Version of the running controller.',
        labels: ['version'],
        samples: () => [{ labels: { version: options.build.version }, value: 1 }],
      },
      {
        name: 'build_info',
        help: 'Version, runtime and source of this build.',
        labels: ['version', 'goversion', 'goarch', 'commit'],
        samples: () => [
          {
            labels: {
              version: options.build.version,
              goversion: `node ${process.version}`,
              goarch: process.arch,
              commit: options.build.commit,
            },
            value: 1,
          },
        ],
      },
    ]);
  }

  /** Registers gauges that are computed at each scrape. One that throws is left out of that scrape. */
  collectFrom(gauges: Iterable<LazyGauge>): void {
    for (const { name, help, labels, samples } of gauges) {
      const gauge = new Gauge({
        name,
        help,
        labelNames: labels,
        registers: [],
        collect() {
          this.reset();
          try {
            for (const { labels: values, value } of samples()) this.set({ ...values }, value);
          } catch {
            this.reset();
          }
        },
      });
      this.#registry.registerMetric(gauge);
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  queue(name: string, queue: () => WorkQueue): QueueObserver {
    this.#queues.set(name, queue);
    const { depth, adds, retries, waited, worked } = this.#queueMetrics;
    const labels = { name };
    depth.set(labels, 0);
    return {
      depth: (value) => depth.set(labels, value),
      added: () => adds.inc(labels),
      retried: () => retries.inc(labels),
      waited: (seconds) => waited.observe(labels, seconds),
      worked: (seconds) => worked.observe(labels, seconds),
    };
  }

  reconciled(controller: string, key: string, seconds: number, failed: boolean): void {
    const metrics = this.#perObject.get(controller);
    if (metrics === undefined) return;
    const labels = labelsOf(key);
    metrics.duration.observe(labels, seconds);
    if (failed) metrics.errors.inc(labels);
  }

  /** An update ended, and its status says so. */
  finished(update: { status: string; seconds: number; pausedSeconds: number }): void {
    const labels = { status: update.status };
    this.#rolloutDuration.observe(labels, update.seconds);
    this.#rolloutProgressionDuration.observe(labels, update.seconds - update.pausedSeconds);
    this.#rolloutManualPauseDuration.observe(labels, update.pausedSeconds);
  }

  gone(controller: string, key: string): void {
    this.#clock.setTimer(FORGET_AFTER_MS, () => {
      const labels = labelsOf(key);
      const metrics = this.#perObject.get(controller);
      metrics?.duration.remove(labels);
      metrics?.errors.remove(labels);
      if (controller === 'Rollouts') void removeMatching(this.#rolloutEvents, labels);
    });
  }

  event(about: KubeObject, event: PlannedEvent): void {
    if (about.kind !== 'Rollout') return;
    const { namespace = '', name } = about.metadata;
    this.#rolloutEvents.inc({ namespace, name, type: event.type, reason: event.reason });
  }

  request(observation: RequestObservation): void {
    const { kind, namespace, name, verb, statusCode } = observation;
    // Events and leases have names without end; as labels they would grow for as long as we run.
    const named = kind === 'events' ? 'N/A' : name;
    const labels = { kind, namespace, name: named, verb, status_code: statusCode };
    this.#requests.inc(labels);
    // Objects of all kinds come and go; the series of those that were not asked for the longest go too.
    const series = `${kind}/${namespace}/${named}/${verb}/${statusCode}`;
    this.#requestSeries.delete(series);
    this.#requestSeries.set(series, labels);
    if (this.#requestSeries.size <= MAX_REQUEST_SERIES) return;
    for (const [oldest, old] of this.#requestSeries) {
      this.#requestSeries.delete(oldest);
      this.#requests.remove(old);
      break;
    }
  }

  #processing(reduce: (ages: number[]) => number): Sample[] {
    const now = this.#clock.monotonic();
    return [...this.#queues].map(([name, queue]) => ({
      labels: { name },
      value: reduce([...queue().processing.values()].map((since) => (now - since) / 1000)),
    }));
  }
}

function statusHistogram(name: string, help: string, buckets: number[], registers: Registry[]): Histogram {
  return new Histogram({ name, help, labelNames: ['status'], buckets, registers });
}

function labelsOf(key: string): { namespace: string; name: string } {
  const ref = refOf(key);
  return { namespace: ref.namespace ?? '', name: ref.name };
}

async function removeMatching(metric: Counter, wanted: Readonly<Record<string, string>>): Promise<void> {
  const { values } = await metric.get();
  for (const { labels } of values) {
    if (Object.entries(wanted).every(([key, value]) => labels[key] === value)) metric.remove(labels);
  }
}
