/** The built-in scraper: once a second it puts the counters of every target into the series. */

import { type Clock, sleep } from '../../kube/clock.ts';
import type { SeriesStore } from './series.ts';
import type { ScrapeTarget } from './targets.ts';

export interface ScraperOptions {
  readonly store: SeriesStore;
  readonly clock: Clock;
  readonly targets: () => readonly ScrapeTarget[];
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/** Returns at once; scrapes until `signal` is aborted. */
export function startScraper(options: ScraperOptions): void {
  void loop(options).catch(() => {});
}

async function loop({ store, clock, targets, intervalMs, signal }: ScraperOptions): Promise<void> {
  let known = new Map<string, ScrapeTarget>();
  while (!signal.aborted) {
    const now = clock.now();
    const seen = new Map<string, ScrapeTarget>();
    for (const target of targets()) {
      seen.set(`${target.labels['job']} ${target.labels['instance']}`, target);
      store.append(now, [...target.registry.samples(), { name: 'up', labels: {}, value: 1 }], target.labels);
    }
    // What is gone is stale at once, not after the look-back.
    for (const [key, target] of known) {
      if (!seen.has(key)) store.append(now, [], target.labels);
    }
    known = seen;
    await sleep(clock, intervalMs, signal);
  }
}
