/** Evaluates parsed templates on JSON, as client-go's jsonpath does. */

import { formatValue, fromJson } from '../expr/values.ts';
import { compareGoKeys } from '../go-json.ts';
import { isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { JsonPathError } from './error.ts';
import type { Bound, PathList, PathNode } from './parse.ts';

/** A value on the way: JSON, a literal integer of the path, a byte of a text, or the document `null` itself. */
export type Item = Json | bigint | Byte | typeof NO_VALUE;

/** `null` as the whole document: client-go has no value there at all. */
export const NO_VALUE = Symbol('no value');

/** A byte of a text: what a wildcard finds in one. */
export class Byte {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Nodes that one evaluation may visit. */
const STEP_BUDGET = 1_000_000;
const MAX_DEPTH = 500;

/** A failing step keeps what it had: the test for existence looks at that, and not at the failure. */
interface Outcome {
  items: readonly Item[];
  error?: string;
}

/** All results, one list for each action or text. Throws JsonPathError. */
export function findResults(root: PathList, body: Json): (readonly Item[])[] {
  return new Finder(root.nodes).from(0, body === null ? NO_VALUE : body);
}

class Finder {
  private readonly nodes: readonly PathNode[];
  private begun = 0;
  private inside = 0;
  private ended = 0;
  /** The index of the last `{end}` that closed a range. */
  private lastEnd = -1;
  private steps = 0;

  constructor(nodes: readonly PathNode[]) {
    this.nodes = nodes;
  }

  /** The results of the nodes from an index on, up to the end of the range they are in. */
  from(first: number, data: Item): (readonly Item[])[] {
    const results: (readonly Item[])[] = [];
    for (let i = first; i < this.nodes.length; i += 1) {
      const node = this.nodes[i];
      if (node === undefined) break;
      const items = this.must(this.walk([data], node));
      if (this.ended > 0 && this.ended <= this.inside) {
        this.ended -= 1;
        this.lastEnd = i;
        break;
      }
      if (this.begun === 0) {
        results.push(items);
        continue;
      }
      this.begun -= 1;
      this.inside += 1;
      for (const item of items) {
        if (item === NO_VALUE)
          throw new JsonPathError('the document is null: there is nothing to range over');
        results.push(...this.from(i + 1, item === null ? NO_VALUE : item));
      }
      // Without items the range is walked once for its end.
      if (items.length === 0) this.from(i + 1, NO_VALUE);
      this.inside -= 1;
      if (this.lastEnd > i) i = this.lastEnd;
    }
    return results;
  }

  private must({ items, error }: Outcome): readonly Item[] {
    if (error !== undefined) throw new JsonPathError(error);
    return items;
  }

  private spend(steps: number): void {
    this.steps += steps;
    if (this.steps > STEP_BUDGET)
      throw new JsonPathError(`the path takes more than ${STEP_BUDGET} steps: narrow it down`);
  }

  private walk(input: readonly Item[], node: PathNode): Outcome {
    this.spend(1 + input.length);
    switch (node.kind) {
      case 'list':
        return this.list(input, node);
      case 'text':
        return { items: [node.text] };
      case 'int':
      case 'float':
      case 'bool':
        return { items: input.map(() => node.value) };
      case 'field':
        return field(input, node.name);
      case 'array':
        return this.array(input, node.bounds);
      case 'wildcard':
        return { items: input.flatMap((item) => this.children(item)) };
      case 'recursive':
        return { items: this.descend(input, 0) };
      case 'union': {
        const items: Item[] = [];
        for (const list of node.lists) {
          const outcome = this.list(input, list);
          if (outcome.error !== undefined) return { items: input, error: outcome.error };
          items.push(...outcome.items);
        }
        return { items };
      }
      case 'filter':
        return this.filter(input, node);
      case 'identifier':
        return this.identifier(input, node.name);
    }
  }

  private list(input: readonly Item[], list: PathList): Outcome {
    let items = input;
    for (const node of list.nodes) {
      const outcome = this.walk(items, node);
      if (outcome.error !== undefined) return outcome;
      ({ items } = outcome);
    }
    return { items };
  }

  private identifier(input: readonly Item[], name: string): Outcome {
    if (name === 'range') {
      this.begun += 1;
      return { items: input };
    }
    if (name !== 'end') return { items: input, error: `unrecognized identifier ${name}` };
    if (this.inside === 0) return { items: [], error: 'not in range, nothing to end' };
    this.ended += 1;
    return { items: [] };
  }

  private array(input: readonly Item[], [first, last, stride]: readonly [Bound, Bound, Bound]): Outcome {
    const out: Item[] = [];
    for (const item of input) {
      if (item === null) continue;
      if (item === NO_VALUE) return { items: input, error: 'the document is null: it is not an array' };
      if (!Array.isArray(item)) return { items: input, error: `${typeName(item)} is not array or slice` };
      const { length } = item;
      let start = first.known ? first.value : 0;
      if (start < 0) start += length;
      let end = last.known ? last.value : length;
      if (end < 0 || (end === 0 && last.derived === true)) end += length;
      if (start === end) return { items: out };
      const outOfBounds = (index: number): Outcome => ({
        items: input,
        error: `array index out of bounds: index ${index}, length ${length}`,
      });
      if (start >= length || start < 0) return outOfBounds(start);
      if (end > length || end < 0) return outOfBounds(end - 1);
      if (start > end) {
        return { items: input, error: `starting index ${start} is greater than ending index ${end}` };
      }
      if (stride.known && stride.value <= 0) return { items: input, error: 'step must be > 0' };
      this.spend(end - start);
      for (let i = start; i < end; i += stride.known ? stride.value : 1) out.push(item[i] ?? null);
    }
    return { items: out };
  }

  /** Members of an object by key, elements of a list, bytes of a text. */
  private children(item: Item): Item[] {
    if (typeof item === 'string') {
      const bytes = new TextEncoder().encode(item);
      this.spend(bytes.length);
      return Array.from(bytes, (byte) => new Byte(byte));
    }
    if (Array.isArray(item)) {
      this.spend(item.length);
      return item;
    }
    if (item instanceof Byte || !isObject(item)) return [];
    const keys = Object.keys(item).filter((key) => item[key] !== undefined);
    this.spend(keys.length);
    return keys.sort(compareGoKeys).map((key) => item[key] ?? null);
  }

  private descend(input: readonly Item[], depth: number): Item[] {
    if (depth > MAX_DEPTH) throw new JsonPathError(`the document nests deeper than ${MAX_DEPTH} levels`);
    return input.flatMap((item) => {
      const children = this.children(item);
      return children.length === 0 ? [] : [item, ...this.descend(children, depth + 1)];
    });
  }

  private filter(input: readonly Item[], node: Extract<PathNode, { kind: 'filter' }>): Outcome {
    const out: Item[] = [];
    for (const list of input) {
      if (!Array.isArray(list)) {
        const shown = list === NO_VALUE ? '<invalid reflect.Value>' : formatItem(list);
        return { items: input, error: `${shown} is not array or slice and cannot be filtered` };
      }
      for (const item of list) {
        const left = this.list([item], node.left);
        if (node.operator === 'exists') {
          if (left.items.length > 0) out.push(item);
          continue;
        }
        if (left.error !== undefined) return { items: input, error: left.error };
        if (left.items.length === 0) continue;
        const several = { items: input, error: 'can only compare one element at a time' };
        if (left.items.length > 1) return several;
        const right = this.list([item], node.right);
        if (right.error !== undefined) return { items: input, error: right.error };
        if (right.items.length === 0) continue;
        if (right.items.length > 1) return several;
        const verdict = compare(node.operator, left.items[0] ?? null, right.items[0] ?? null);
        if (typeof verdict === 'string') return { items: out, error: verdict };
        if (verdict) out.push(item);
      }
    }
    return { items: out };
  }
}

function field(input: readonly Item[], name: string): Outcome {
  if (input.length === 0) return { items: [] };
  const items: Item[] = [];
  for (const item of input) {
    if (typeof item !== 'object' || item instanceof Byte || !isObject(item)) continue;
    const value = Object.hasOwn(item, name) ? item[name] : undefined;
    if (value !== undefined) items.push(value);
  }
  return items.length === 0 ? { items, error: `${name} is not found` } : { items };
}

/** A value as Go's `%v` prints it. */
export function formatItem(item: Exclude<Item, typeof NO_VALUE>): string {
  if (item instanceof Byte) return String(item.value);
  return typeof item === 'bigint' ? String(item) : formatValue(fromJson(item));
}

function typeName(item: Exclude<Item, typeof NO_VALUE | null>): string {
  if (item instanceof Byte) return 'uint8';
  switch (typeof item) {
    case 'bigint':
      return 'int';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    default:
      return 'map[string]interface {}';
  }
}

const BAD_TYPE = 'invalid type for comparison';
const INCOMPATIBLE = 'incompatible types for comparison';

/** The verdict, or the error text. Values compare with their own kind only; a literal integer is no float. */
function compare(operator: string, left: Item, right: Item): boolean | string {
  const [x, y] = [comparable(left), comparable(right)];
  const isOrder = ['<', '>', '<=', '>='].includes(operator);
  if (!isOrder && operator !== '==' && operator !== '!=') return `unrecognized filter operator ${operator}`;
  if (x === undefined || y === undefined) return BAD_TYPE;
  if (typeof x !== typeof y) return INCOMPATIBLE;
  if (isOrder && typeof x === 'boolean') return BAD_TYPE;
  const equal = x === y;
  const less = typeof x === 'string' && typeof y === 'string' ? compareGoKeys(x, y) < 0 : x < y;
  switch (operator) {
    case '==':
      return equal;
    case '!=':
      return !equal;
    case '<':
      return less;
    case '<=':
      return less || equal;
    case '>':
      return !(less || equal);
    default:
      return !less;
  }
}

/** What can be compared; bytes are integers. */
function comparable(item: Item): string | number | boolean | bigint | undefined {
  if (item instanceof Byte) return BigInt(item.value);
  return typeof item === 'object' || typeof item === 'symbol' ? undefined : item;
}
