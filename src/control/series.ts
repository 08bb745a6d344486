/**
 * Series by the thousand, for a registry of prom-client, which keeps 500 bytes for each: here a counter is a text and a
 * number, and what is computed is not kept at all.
 */

import type { Metric } from 'prom-client';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric that is computed when it is scraped. If that throws it is left out of the scrape; of two equal series the last counts. */
export interface LazyMetric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: () => Iterable<Sample>;
}

export function lazyMetric(type: 'counter' | 'gauge', metric: LazyMetric): Metric {
  const { name, help, labels, samples } = metric;
  const values = (): Sample[] => {
    try {
      const unique = new Map<string, Sample>();
      for (const sample of samples())
        unique.set(labels.map((label) => sample.labels[label]).join(BETWEEN), sample);
      return [...unique.values()];
    } catch {
      return [];
    }
  };
  const asked = {
    name,
    help,
    type,
    aggregator: 'sum',
    get: async () => ({ ...asked, values: values() }),
    reset() {},
  };
  // What a registry asks of a metric.
  return asked as unknown as Metric;
}

/** Stands in no name and no reason. */
const BETWEEN = '\n';

/** A counter for each combination of label values. */
export class Counts {
  readonly #labels: readonly string[];
  readonly #max: number;
  /** Least recently counted first. */
  readonly #counts = new Map<string, number>();

  /** `max`: with more, those that were not counted for the longest are forgotten. */
  constructor(labels: readonly string[], max = Infinity) {
    this.#labels = labels;
    this.#max = max;
  }

  /** Values in the order of the labels. */
  add(...values: readonly string[]): void {
    const series = values.join(BETWEEN);
    const count = this.#counts.get(series) ?? 0;
    if (this.#max < Infinity) this.#counts.delete(series);
    this.#counts.set(series, count + 1);
    if (this.#counts.size <= this.#max) return;
    for (const oldest of this.#counts.keys()) {
      this.#counts.delete(oldest);
      break;
    }
  }

  /** Forgets all series that begin with these values. */
  remove(...values: readonly string[]): void {
    const series = values.join(BETWEEN);
    for (const key of this.#counts.keys())
      if (key === series || key.startsWith(series + BETWEEN)) this.#counts.delete(key);
  }

  *samples(): Iterable<Sample> {
    for (const [series, value] of this.#counts) {
      const values = series.split(BETWEEN);
      yield { labels: Object.fromEntries(this.#labels.map((label, i) => [label, values[i] ?? ''])), value };
    }
  }
}
