/**
 * Flags as kubectl reads them, over Node's `parseArgs`: `-n ns`, `-nns`, `-n=ns`, `--namespace ns`, `--namespace=ns`,
 * `-w`, `--watch=false`, anywhere on the line, `--` ends them. The last one counts; `texts` collects. Pure.
 */

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { DurationError, parseDuration } from '../../lang/duration.ts';
import { UsageError } from '../errors.ts';
import { nearest } from './suggest.ts';

export type FlagType = 'boolean' | 'text' | 'texts' | 'integer' | 'duration' | 'timeout';

export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  readonly type: FlagType;
  /** What stands for the value in help: `NAME`. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly help: string;
  /** Shown in help. */
  readonly default?: string;
  /** Still works, says so on standard error, and isn't shown. */
  readonly deprecated?: string;
  readonly hidden?: boolean;
}

export interface ParsedFlags {
  readonly flags: Flags;
  readonly args: readonly string[];
  /** Notices about deprecated flags that were given. */
  readonly notices: readonly string[];
}

/** The flags that were given, by name, as the command asks for them. */
export class Flags {
  readonly #given: ReadonlyMap<string, readonly FlagValue[]>;
  readonly #raw: ReadonlyMap<string, string>;

  constructor(
    given: ReadonlyMap<string, readonly FlagValue[]> = new Map(),
    raw: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#given = given;
    this.#raw = raw;
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  boolean(name: string, otherwise = false): boolean {
    const value = this.#last(name);
    return typeof value === 'boolean' ? value : otherwise;
  }

  text(name: string): string | undefined {
    const value = this.#last(name);
    return typeof value === 'string' ? value : undefined;
  }

  texts(name: string): readonly string[] {
    return (this.#given.get(name) ?? []).filter((value): value is string => typeof value === 'string');
  }

  /** An integer, or a duration in milliseconds. */
  number(name: string): number | undefined {
    const value = this.#last(name);
    return typeof value === 'number' ? value : undefined;
  }

  /** The value as it was typed. */
  raw(name: string): string | undefined {
    return this.#raw.get(name);
  }

  #last(name: string): FlagValue | undefined {
    return this.#given.get(name)?.at(-1);
  }
}

type FlagValue = string | number | boolean;

/** Throws `UsageError`. */
export function parseFlags(argv: readonly string[], specs: readonly FlagSpec[]): ParsedFlags {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const options: ParseArgsOptionsConfig = {};
  for (const { name, short, type } of specs) {
    options[name] = {
      type: type === 'boolean' ? 'boolean' : 'string',
      ...(short === undefined ? {} : { short }),
      multiple: true,
    };
  }
  const { tokens } = parseArgs({
    args: argv.flatMap((arg) => spellOut(arg, specs)),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, FlagValue[]>();
  const raw = new Map<string, string>();
  const args: string[] = [];
  const notices: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = byName.get(token.name);
    if (spec === undefined) throw unknownFlag(token.rawName, byName.keys());
    given.set(spec.name, [...(given.get(spec.name) ?? []), read(spec, token.rawName, token.value)]);
    if (token.value !== undefined) raw.set(spec.name, token.value);
    if (spec.deprecated !== undefined)
      notices.push(`Flag --${spec.name} has been deprecated, ${spec.deprecated}`);
  }
  return { flags: new Flags(given, raw), args, notices };
}

/** `-w=false` and `-n=ns` in the long form: Node's parser has no `=` after a short flag. */
function spellOut(arg: string, specs: readonly FlagSpec[]): string[] {
  const match = /^-([^-=])=([^]*)$/.exec(arg);
  const spec = match === null ? undefined : specs.find(({ short }) => short === match[1]);
  return match === null || spec === undefined ? [arg] : [`--${spec.name}=${match[2] ?? ''}`];
}

function unknownFlag(raw: string, names: Iterable<string>): UsageError {
  if (!raw.startsWith('--')) return new UsageError(`unknown shorthand flag: ${raw}`);
  const near = nearest(raw.slice(2), names);
  return new UsageError(`unknown flag: ${raw}${near === undefined ? '' : `; did you mean --${near}?`}`);
}

function read(spec: FlagSpec, raw: string, value: string | undefined): FlagValue {
  if (spec.type === 'boolean') {
    if (value === undefined) return true;
    const known = BOOLEANS[value];
    if (known !== undefined) return known;
    throw invalid(spec, value, 'it is true or false');
  }
  if (value === undefined) throw new UsageError(`flag needs an argument: ${raw}`);
  if (spec.choices !== undefined && !spec.choices.includes(value))
    throw invalid(spec, value, `it is ${spec.choices.join(' or ')}`);
  if (spec.type === 'integer') return readInteger(spec, value);
  if (spec.type === 'timeout' && /^\d{1,9}$/.test(value)) return Number(value) * 1000;
  if (spec.type === 'duration' || spec.type === 'timeout') return readDuration(spec, value);
  return value;
}

/** Go's `strconv.ParseBool`. */
const BOOLEANS: Readonly<Record<string, boolean>> = Object.assign(Object.create(null) as object, {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false])),
});

function readInteger(spec: FlagSpec, value: string): number {
  const number = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw invalid(spec, value, 'it is a whole number');
  return number;
}

function readDuration(spec: FlagSpec, value: string): number {
  try {
    const ms = parseDuration(value);
    if (ms >= 0) return ms;
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
  }
  throw invalid(spec, value, 'it is a duration such as 30s, 5m or 1h30m');
}

function invalid(spec: FlagSpec, value: string, why: string): UsageError {
  const name = spec.short === undefined ? `--${spec.name}` : `-${spec.short}, --${spec.name}`;
  return new UsageError(`invalid argument ${JSON.stringify(value)} for "${name}": ${why}`);
}
