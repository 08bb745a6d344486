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
import { Counts, type LazyMetric, lazyMetric, type Sample } from './series.ts';

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

const EVENT_LABELS = ['namespace', 'name', 'type', 'reason'];
const REQUEST_LABELS = ['kind', 'namespace', 'name', 'verb', 'status_code'];

interface PerObject {
  readonly duration: Histogram;
  readonly errors: Counts;
}

export class Metrics implements ManagerObserver {
  readonly #registry = new Registry();
  readonly #clock: Clock;
  readonly #perObject = new Map<string, PerObject>();
  readonly #rolloutEvents = new Counts(EVENT_LABELS);
  /** Objects of all kinds come and go; the series of those that were not asked for the longest go too. */
  readonly #requests = new Counts(REQUEST_LABELS, MAX_REQUEST_SERIES);
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
      const errors = new Counts(OBJECT_LABELS);
      this.#counter(
        `${prefix}_reconcile_error`,
        `Passes over one object of ${controller} that failed.`,
        OBJECT_LABELS,
        errors,
      );
      this.#perObject.set(controller, {
        errors,
        duration: new Histogram({
          name: `${prefix}_reconcile`,
          help: `Duration of the passes over one object of ${controller}, in seconds.`,
          labelNames: OBJECT_LABELS,
          buckets: RECONCILE_BUCKETS,
          registers,
        }),
      });
    }
    this.#counter('rollout_events_total', 'Events recorded on Rollouts.', EVENT_LABELS, this.#rolloutEvents);
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
    this.#counter(
      'controller_clientset_k8s_request_total',
      'Requests to the Kubernetes API.',
      REQUEST_LABELS,
      this.#requests,
    );
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
  collectFrom(gauges: Iterable<LazyMetric>): void {
    for (const gauge of gauges) this.#registry.registerMetric(lazyMetric('gauge', gauge));
  }

  #counter(name: string, help: string, labels: readonly string[], counts: Counts): void {
    const samples = (): Iterable<Sample> => counts.samples();
    this.#registry.registerMetric(lazyMetric('counter', { name, help, labels, samples }));
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
    if (failed) metrics.errors.add(labels.namespace, labels.name);
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
      metrics?.errors.remove(labels.namespace, labels.name);
      if (controller === 'Rollouts') this.#rolloutEvents.remove(labels.namespace, labels.name);
    });
  }

  event(about: KubeObject, event: PlannedEvent): void {
    if (about.kind !== 'Rollout') return;
    const { namespace = '', name } = about.metadata;
    this.#rolloutEvents.add(namespace, name, event.type, event.reason);
  }

  request(observation: RequestObservation): void {
    const { kind, namespace, name, verb, statusCode } = observation;
    // Events and leases have names without end; as labels they would grow for as long as we run.
    this.#requests.add(kind, namespace, kind === 'events' ? 'N/A' : name, verb, statusCode);
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
