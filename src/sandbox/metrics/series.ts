/** Scraped samples by series, for as long as a query may look back. Times in milliseconds since the epoch. */

import { formatLabels, type Labels, type Sample } from './registry.ts';

export interface Point {
  readonly t: number;
  readonly v: number;
}

export interface Series {
  /** Includes `__name__`. */
  readonly labels: Labels;
  readonly points: Point[];
  /** The scrape in which it was last there; a series that is missing from a scrape is stale from then on. */
  staleSince: number | undefined;
}

export interface Matcher {
  readonly name: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

const KEEP_MS = 60 * 60 * 1000;
const SWEEP_MS = 60_000;
const MAX_SERIES = 50_000;

export class SeriesStore {
  private readonly all = new Map<string, Series>();
  private readonly byName = new Map<string, Set<Series>>();
  private swept = 0;

  /** One scrape: every sample at `t`; series of the same target that are missing now become stale. */
  append(t: number, samples: readonly Sample[], target: Labels = {}): void {
    const owner = formatLabels(target);
    const seen = new Set<Series>();
    for (const { name, labels, value } of samples) {
      const series = this.series({ ...exported(labels, target), ...target, __name__: name }, owner);
      if (series === undefined) continue;
      series.points.push({ t, v: value });
      series.staleSince = undefined;
      const old = series.points.findIndex((point) => point.t >= t - KEEP_MS);
      if (old > 512) series.points.splice(0, old);
      seen.add(series);
    }
    for (const [key, series] of this.all) {
      if (key.startsWith(`${owner} `) && !seen.has(series)) series.staleSince ??= t;
    }
    if (t - this.swept > SWEEP_MS) this.sweep(t);
  }

  select(matchers: readonly Matcher[]): Series[] {
    const name = matchers.find((matcher) => matcher.name === '__name__' && matcher.op === '=');
    const from = name === undefined ? this.all.values() : (this.byName.get(name.value) ?? []);
    const tests = matchers.map(compileMatcher);
    return [...from].filter((series) => tests.every((test) => test(series.labels)));
  }

  get size(): number {
    return this.all.size;
  }

  /** Lets go of series that ended before anything that a query may still look at. */
  private sweep(t: number): void {
    this.swept = t;
    for (const [key, series] of this.all) {
      if (series.staleSince === undefined || series.staleSince > t - KEEP_MS) continue;
      this.all.delete(key);
      this.byName.get(series.labels['__name__'] ?? '')?.delete(series);
    }
  }

  private series(labels: Labels, owner: string): Series | undefined {
    const key = `${owner} ${formatLabels(labels)}`;
    const known = this.all.get(key);
    if (known !== undefined) return known;
    if (this.all.size >= MAX_SERIES) return undefined;
    const series: Series = { labels, points: [], staleSince: undefined };
    this.all.set(key, series);
    const name = labels['__name__'] ?? '';
    const named = this.byName.get(name) ?? new Set();
    named.add(series);
    this.byName.set(name, named);
    return series;
  }
}

/** As Prometheus does without `honor_labels`: what the target says itself gives way to `exported_...`. */
function exported(labels: Labels, target: Labels): Labels {
  if (!Object.keys(labels).some((name) => Object.hasOwn(target, name))) return labels;
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [
      Object.hasOwn(target, name) ? `exported_${name}` : name,
      value,
    ]),
  );
}

/** Prometheus anchors regular expressions; an absent label is the empty string. */
function compileMatcher({ name, op, value }: Matcher): (labels: Labels) => boolean {
  if (op === '=') return (labels) => (labels[name] ?? '') === value;
  if (op === '!=') return (labels) => (labels[name] ?? '') !== value;
  const pattern = new RegExp(`^(?:${value})$`, 's');
  return op === '=~'
    ? (labels) => pattern.test(labels[name] ?? '')
    : (labels) => !pattern.test(labels[name] ?? '');
}

/** The value of an instant selector at `t`: the newest sample within the look-back, unless it is stale. */
export function valueAt(series: Series, t: number, lookbackMs: number): number | undefined {
  const point = series.points.findLast((candidate) => candidate.t <= t);
  if (point === undefined || point.t <= t - lookbackMs) return undefined;
  return series.staleSince !== undefined && series.staleSince <= t && series.staleSince > point.t
    ? undefined
    : point.v;
}

/** The samples of a range selector: later than `t - rangeMs`, up to `t`. */
export function pointsIn(series: Series, t: number, rangeMs: number): Point[] {
  return series.points.filter((point) => point.t > t - rangeMs && point.t <= t);
}
