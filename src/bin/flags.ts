/** Command-line flags in the manner of kubectl: `--name value`, `--name=value`, `-n value`, `--switch[=false]`. */

import { parseDuration } from '../lang/duration.ts';

export interface Flag {
  readonly name: string;
  readonly kind: 'switch' | 'text' | 'number' | 'duration' | 'list';
  readonly help: string;
  readonly group: string;
  readonly short?: string | undefined;
  /** Other spellings that mean the same. */
  readonly aliases?: readonly string[] | undefined;
  /** Shown in the help. */
  readonly value?: string | undefined;
  readonly fallback?: boolean | number | string | readonly string[] | undefined;
  /** Allowed values of a text. */
  readonly among?: readonly string[] | undefined;
}

/** A mistake of the one who typed, in one sentence. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

export class Flags {
  readonly #values: ReadonlyMap<string, boolean | number | string | readonly string[]>;
  readonly rest: readonly string[];

  constructor(
    values: ReadonlyMap<string, boolean | number | string | readonly string[]>,
    rest: readonly string[],
  ) {
    this.#values = values;
    this.rest = rest;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  on(name: string): boolean {
    return this.#values.get(name) === true;
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** A count, or a duration in milliseconds. */
  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  list(name: string): readonly string[] | undefined {
    const value = this.#values.get(name);
    return Array.isArray(value) ? (value as readonly string[]) : undefined;
  }
}

/** Throws `FlagError`. Fallbacks are filled in. */
export function parseFlags(command: string, table: readonly Flag[], argv: readonly string[]): Flags {
  const known = new Map(
    table.flatMap((flag) => [flag.name, ...(flag.aliases ?? [])].map((name) => [name, flag])),
  );
  const values = new Map<string, boolean | number | string | readonly string[]>();
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const arg = argv[at] ?? '';
    if (arg === '--') {
      rest.push(...argv.slice(at + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      rest.push(arg);
      continue;
    }
    const { name, flag, inline } = found(command, table, known, arg);
    let text = inline;
    if (text === undefined) {
      if (flag.kind === 'switch') text = 'true';
      else {
        at += 1;
        text = argv[at];
        if (text === undefined) throw new FlagError(`flag ${name} needs a value`);
      }
    }
    const value = valueOf(name, flag, text);
    const before = values.get(flag.name);
    values.set(flag.name, Array.isArray(value) && Array.isArray(before) ? [...before, ...value] : value);
  }
  for (const flag of table) {
    if (flag.fallback !== undefined && !values.has(flag.name)) values.set(flag.name, flag.fallback);
  }
  return new Flags(values, rest);
}

function found(
  command: string,
  table: readonly Flag[],
  known: ReadonlyMap<string, Flag>,
  arg: string,
): { name: string; flag: Flag; inline: string | undefined } {
  if (!arg.startsWith('--')) {
    const flag = table.find((each) => each.short === arg[1]);
    if (flag !== undefined && (arg.length === 2 || flag.kind !== 'switch')) {
      const inline = arg.length === 2 ? undefined : arg.slice(2).replace(/^=/, '');
      return { name: `-${flag.short}`, flag, inline };
    }
    throw new FlagError(`unknown flag ${arg} (${command} --help lists them all)`);
  }
  const equals = arg.indexOf('=');
  const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
  const flag = known.get(name);
  if (flag === undefined) {
    const near = nearest(name, [...known.keys()]);
    const hint = near === undefined ? `${command} --help lists them all` : `did you mean --${near}?`;
    throw new FlagError(`unknown flag --${name} (${hint})`);
  }
  return { name: `--${name}`, flag, inline: equals < 0 ? undefined : arg.slice(equals + 1) };
}

function valueOf(name: string, flag: Flag, text: string): boolean | number | string | readonly string[] {
  switch (flag.kind) {
    case 'switch':
      if (['true', '1', 't', 'T', 'TRUE', 'True'].includes(text)) return true;
      if (['false', '0', 'f', 'F', 'FALSE', 'False'].includes(text)) return false;
      throw new FlagError(`flag ${name} is true or false, not "${text}"`);
    case 'number':
      if (!/^-?\d+(\.\d+)?$/.test(text)) throw new FlagError(`flag ${name} needs a number, not "${text}"`);
      return Number(text);
    case 'duration':
      if (/^\d+$/.test(text)) return Number(text) * 1000;
      try {
        return parseDuration(text);
      } catch {
        throw new FlagError(`flag ${name} needs a duration such as 30s or 1m30s, not "${text}"`);
      }
    case 'list':
      return text.split(',').map((item) => item.trim());
    case 'text':
      if (flag.among !== undefined && !flag.among.includes(text)) {
        throw new FlagError(`flag ${name} is one of ${flag.among.join(', ')}, not "${text}"`);
      }
      return text;
  }
}

/** The known name that differs least, if it differs little. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const each of names) {
    const distance = editDistance(name.toLowerCase(), each.toLowerCase());
    if (best === undefined || distance < best.distance) best = { name: each, distance };
  }
  return best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3))
    ? best.name
    : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The flags by group, for `--help`. */
export function describeFlags(table: readonly Flag[]): string {
  const groups = Map.groupBy(table, (flag) => flag.group);
  const label = (flag: Flag): string => {
    const value = flag.kind === 'switch' ? '' : ` ${flag.value ?? flag.kind}`;
    return `${flag.short === undefined ? '    ' : `-${flag.short}, `}--${flag.name}${value}`;
  };
  const width = Math.min(44, Math.max(...table.map((flag) => label(flag).length)));
  return [...groups]
    .map(([group, flags]) => {
      const lines = flags.map((flag) => {
        const shown = flag.fallback === undefined || flag.fallback === false || flag.fallback === '';
        const fallback = shown ? '' : ` (default ${shownValue(flag)})`;
        const head = label(flag);
        const gap = head.length > width ? `\n  ${' '.repeat(width)}` : ' '.repeat(width - head.length);
        return `  ${head}${gap}  ${flag.help}${fallback}`;
      });
      return `${group}:\n${lines.join('\n')}`;
    })
    .join('\n\n');
}

function shownValue(flag: Flag): string {
  if (flag.kind === 'duration') return `${Number(flag.fallback) / 1000}s`;
  return Array.isArray(flag.fallback) ? flag.fallback.join(',') : String(flag.fallback);
}
