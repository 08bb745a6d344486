/** Counters and histograms of the sandbox's pods and proxy, and their exposition as text. */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Serialised labels -> labels and value. */
  readonly series: Map<string, { labels: Labels; value: number }>;
  readonly buckets?: readonly number[];
}

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

/** `{a="b",c="d"}`, sorted by name; empty for no labels. */
export function formatLabels(labels: Labels): string {
  const names = Object.keys(labels).sort();
  return names.length === 0
    ? ''
    : `{${names.map((name) => `${name}="${escapeLabel(labels[name] ?? '')}"`).join(',')}}`;
}

export class Registry {
  private readonly families = new Map<string, Family>();

  counter(name: string, help: string): (labels: Labels, by?: number) => void {
    const family = this.family({ name, help, type: 'counter', series: new Map() });
    return (labels, by = 1) => {
      bump(family, '', labels, by);
    };
  }

  gauge(name: string, help: string): (labels: Labels, value: number) => void {
    const family = this.family({ name, help, type: 'gauge', series: new Map() });
    return (labels, value) => {
      family.series.set(formatLabels(labels), { labels, value });
    };
  }

  /** `buckets`: ascending upper bounds in the unit of the name (seconds); `+Inf` is added. */
  histogram(name: string, help: string, buckets: readonly number[]): (labels: Labels, value: number) => void {
    const family = this.family({ name, help, type: 'histogram', series: new Map(), buckets });
    return (labels, value) => {
      for (const bound of buckets)
        bump(family, '_bucket', { ...labels, le: String(bound) }, value <= bound ? 1 : 0);
      bump(family, '_bucket', { ...labels, le: '+Inf' }, 1);
      bump(family, '_sum', labels, value);
      bump(family, '_count', labels, 1);
    };
  }

  samples(): Sample[] {
    const all: Sample[] = [];
    for (const family of this.families.values()) {
      for (const [key, { labels, value }] of family.series) {
        all.push({
          name: family.type === 'histogram' ? family.name + suffixOf(key) : family.name,
          labels,
          value,
        });
      }
    }
    return all;
  }

  /** The text format that Prometheus scrapes. */
  exposition(): string {
    const lines: string[] = [];
    for (const family of this.families.values()) {
      lines.push(`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`);
      for (const [key, { labels, value }] of family.series) {
        const name = family.type === 'histogram' ? family.name + suffixOf(key) : family.name;
        lines.push(`${name}${formatLabels(labels)} ${formatNumber(value)}`);
      }
    }
    return `${lines.join('\n')}\n`;
  }

  private family(family: Family): Family {
    const known = this.families.get(family.name);
    if (known !== undefined) return known;
    this.families.set(family.name, family);
    return family;
  }
}

function bump(family: Family, suffix: string, labels: Labels, by: number): void {
  const key = suffix + formatLabels(labels);
  const series = family.series.get(key);
  if (series === undefined) family.series.set(key, { labels, value: by });
  else series.value += by;
}

const suffixOf = (key: string): string => key.slice(0, key.includes('{') ? key.indexOf('{') : undefined);

export const formatNumber = (value: number): string =>
  Number.isNaN(value) ? 'NaN' : value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
