/** Damages valid input in the ways in which input is damaged. Seeded: the seed in a failure gives the same input again. */

import type { Json, JsonObject } from '../../src/lang/json.ts';
import { isObject } from '../../src/lang/json.ts';
import { seededRandom } from '../../src/sandbox/index.ts';

export interface Dice {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  pick<T>(items: readonly T[]): T;
}

export function dice(seed: number): Dice {
  const random = seededRandom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  return {
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined && items.length === 0) throw new Error('nothing to pick from');
      return item as (typeof items)[number];
    },
  };
}

const SNIPPETS = [
  '',
  ' ',
  '\n',
  '\t',
  '\0',
  '\u2028',
  '\uFEFF',
  '\uD800',
  '😀',
  'é',
  '"',
  "'",
  '`',
  '\\',
  '/',
  '-',
  '--',
  '..',
  '../',
  ':',
  ': ',
  ',',
  ';',
  '=',
  '!',
  '%',
  '%00',
  '&a',
  '*a',
  '#',
  '|',
  '>',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '{{',
  '}}',
  '${x}',
  '$(x)',
  '0',
  '-1',
  '1e400',
  '1e-400',
  '0x10',
  '9007199254740993',
  '99999999999999999999',
  'NaN',
  '+Inf',
  'null',
  'true',
  'undefined',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '<<',
  '!!js/function',
  '!!binary',
  '--upload-pack=x',
  'ext::sh',
  'file:///etc/passwd',
  'a'.repeat(300),
  '['.repeat(300),
  '{"a":'.repeat(150),
  '('.repeat(300),
  '(a+)+$',
];

/** One to four wounds. */
export function mutateText(text: string, { below, pick }: Dice): string {
  let result = text;
  for (let i = 1 + below(4); i > 0; i -= 1) {
    const at = below(result.length + 1);
    const to = Math.min(result.length, at + below(12));
    const wounds: (() => string)[] = [
      () => result.slice(0, at),
      () => result.slice(at),
      () => result.slice(0, at) + result.slice(to),
      () => result.slice(0, at) + pick(SNIPPETS) + result.slice(at),
      () => result.slice(0, at) + pick(SNIPPETS) + result.slice(to),
      () => result.slice(0, to) + result.slice(at),
      () => result.slice(0, at) + String.fromCharCode(below(0x250)) + result.slice(at + 1),
    ];
    result = pick(wounds)().slice(0, 20_000);
  }
  return result;
}

const ODD: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  3,
  100,
  101,
  1.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e308,
  '',
  ' ',
  '0',
  '-1',
  '100%',
  '-5%',
  '1e9%',
  '25',
  '5m',
  '-1s',
  'x',
  'NaN',
  '2026-01-01T00:00:00Z',
  '0000-00-00T99:99:99Z',
  'a'.repeat(70),
  'A_b',
  '😀',
  '{{args.x}}',
  '{{',
  [],
  {},
  [null],
  [[]],
  [{}],
  { a: null },
  { '': '' },
  [1, 'a'],
  { matchLabels: {} },
  { name: null },
];
const oddKeys = ['name', 'value', 'weight', '__proto__', 'constructor', '', 'a.b', 'x'.repeat(100)];

/** A copy with one to three nodes replaced, removed, added or moved. */
export function mutateJson<T extends Json>(value: T, d: Dice): Json {
  let copy: Json = structuredClone(value);
  for (let i = 1 + d.below(3); i > 0; i -= 1) copy = wound(copy, d, 0);
  return copy;
}

function wound(value: Json, d: Dice, depth: number): Json {
  const deeper = depth < 12 && d.below(10) > 0;
  if (Array.isArray(value) && value.length > 0 && deeper) {
    const at = d.below(value.length);
    const kind = d.below(10);
    if (kind === 0) return value.toSpliced(at, 1);
    if (kind === 1) return [...value, structuredClone(value[at] ?? null)];
    return value.with(at, wound(value[at] ?? null, d, depth + 1));
  }
  if (isObject(value) && Object.keys(value).length > 0 && deeper) {
    const key = d.pick(Object.keys(value));
    const kind = d.below(10);
    if (kind === 0) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
    if (kind === 1) return withKey(value, d.pick(oddKeys), structuredClone(value[key] ?? null));
    return withKey(value, key, wound(value[key] ?? null, d, depth + 1));
  }
  return typeof value === 'string' && d.below(2) === 0 ? mutateText(value, d) : structuredClone(d.pick(ODD));
}

/** `__proto__` too becomes a key like any other, as from `JSON.parse`. */
function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  const copy = { ...object };
  Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

/** Runs `body` with `runs` seeds; a failure says which. `SLUICE_FUZZ_RUNS` multiplies, `SLUICE_FUZZ_SEED` begins elsewhere. */
export function fuzz(runs: number, body: (d: Dice) => void): void {
  const first = Number(process.env['SLUICE_FUZZ_SEED'] ?? 1);
  const times = runs * Number(process.env['SLUICE_FUZZ_RUNS'] ?? 1);
  for (let seed = first; seed < first + times; seed += 1)
    try {
      body(dice(seed));
    } catch (error) {
      throw new Error(
        `with SLUICE_FUZZ_SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`,
        {
          cause: error,
        },
      );
    }
}
