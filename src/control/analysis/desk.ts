/**
 * Where measurements run, off the workers. Each run has an entry: what its providers are busy with, and what came
 * back and is not written yet. All of it is memory only: after a crash a measurement in flight is taken again; what
 * was written (verdicts, counts) is never lost.
 */

import type { MeasurementReport, UnresolvedReport } from '../../plan/analysis/plan.ts';

export type Report = MeasurementReport | UnresolvedReport;

interface Entry {
  readonly uid: string;
  readonly inFlight: Map<string, AbortController>;
  reports: Report[];
  /** When the first measurements were started, in milliseconds since the epoch. */
  openedAt: number | undefined;
  /** Events that were recorded, so that a pass that is repeated after a conflict does not record them again. */
  readonly announced: Set<string>;
}

export class MeasurementDesk {
  private readonly entries = new Map<string, Entry>();
  private readonly wake: (key: string) => void;

  constructor(wake: (key: string) => void) {
    this.wake = wake;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Names of metrics that a provider is busy with. */
  inFlight(key: string, uid: string): ReadonlySet<string> {
    return new Set(this.current(key, uid)?.inFlight.keys());
  }

  reports(key: string, uid: string): readonly Report[] {
    return [...(this.current(key, uid)?.reports ?? [])];
  }

  openedAt(key: string, uid: string): number | undefined {
    return this.current(key, uid)?.openedAt;
  }

  /** Forgets reports that are written or not needed. Those that came in meanwhile stay. */
  consume(key: string, uid: string, reports: readonly Report[]): void {
    const entry = this.current(key, uid);
    if (entry === undefined) return;
    entry.reports = entry.reports.filter((report) => !reports.includes(report));
  }

  /** True the first time that it is asked for this event of this run. */
  announce(key: string, uid: string, event: string): boolean {
    const entry = this.open(key, uid);
    if (entry.announced.has(event)) return false;
    entry.announced.add(event);
    return true;
  }

  /**
   * Starts work for a metric and comes back at once. `work` must not reject for what a provider does; when it does
   * all the same, nothing is reported and the metric is free to be started again.
   */
  start(
    key: string,
    uid: string,
    metric: string,
    now: number,
    work: (signal: AbortSignal) => Promise<Report>,
  ): void {
    const entry = this.open(key, uid);
    if (entry.inFlight.has(metric)) return;
    const controller = new AbortController();
    entry.inFlight.set(metric, controller);
    entry.openedAt ??= now;
    const end = (report: Report | undefined): void => {
      if (entry.inFlight.get(metric) === controller) entry.inFlight.delete(metric);
      if (controller.signal.aborted || this.entries.get(key) !== entry) return;
      if (report !== undefined) entry.reports.push(report);
      this.wake(key);
    };
    work(controller.signal).then(end, () => end(undefined));
  }

  /** Stops all work of a run. Reports that are there already stay until they are consumed. */
  stop(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    for (const controller of entry.inFlight.values()) controller.abort();
    entry.inFlight.clear();
  }

  /** The run is over or gone. */
  close(key: string): void {
    this.stop(key);
    this.entries.delete(key);
  }

  /** Leadership is lost, or the process ends. */
  closeAll(): void {
    for (const key of this.entries.keys()) this.close(key);
  }

  private current(key: string, uid: string): Entry | undefined {
    const entry = this.entries.get(key);
    return entry?.uid === uid ? entry : undefined;
  }

  /** Another run of the same name starts with nothing. */
  private open(key: string, uid: string): Entry {
    const known = this.current(key, uid);
    if (known !== undefined) return known;
    this.close(key);
    const entry: Entry = {
      uid,
      inFlight: new Map(),
      reports: [],
      openedAt: undefined,
      announced: new Set(),
    };
    this.entries.set(key, entry);
    return entry;
  }
}
