/**
 * Kubernetes JSONPath (client-go's dialect: `{.items[?(@.v>2.5)].name}`, unions, slices, `..`, `{range}...{end}`), as
 * kubectl and the web metric use it (spec 05 section 8.2). Own parser, own properties only, budgets of length, depth and
 * steps. Pure.
 */

import { toJson } from './expr/json-text.ts';
import { fromJson } from './expr/values.ts';
import { JsonPathError, JsonPathNothing } from './jsonpath/error.ts';
import { Byte, NO_VALUE, findResults, formatItem } from './jsonpath/find.ts';
import type { Item } from './jsonpath/find.ts';
import { parseTemplate } from './jsonpath/parse.ts';
import type { Json } from './json.ts';

export { JsonPathError, JsonPathNothing } from './jsonpath/error.ts';

export interface JsonPath {
  /** What every part of the template finds, in order: one list for each action and each text between. Throws JsonPathError. */
  find(body: Json): Json[][];
  /** The same as one text, as kubectl prints it: objects and lists as JSON, values of one action parted by spaces. */
  print(body: Json): string;
}

const MAX_CACHED = 500;
const cache = new Map<string, JsonPath>();

/** Compiles a template once. Throws JsonPathError with client-go's text. */
export function compileJsonPath(path: string): JsonPath {
  const known = cache.get(path);
  if (known !== undefined) return known;
  const root = parseTemplate(path);
  const compiled: JsonPath = {
    find: (body) => findResults(root, body).map((items) => items.map(toPlain)),
    print: (body) =>
      findResults(root, body)
        .map((items) => items.map(printItem).join(' '))
        .join(''),
  };
  if (cache.size >= MAX_CACHED) {
    const [oldest] = cache.keys();
    if (oldest !== undefined) cache.delete(oldest);
  }
  cache.set(path, compiled);
  return compiled;
}

function toPlain(item: Item): Json {
  if (item === NO_VALUE) throw new JsonPathError('the document is null: it has no value to give');
  if (item instanceof Byte) return item.value;
  return typeof item === 'bigint' ? Number(item) : item;
}

function printItem(item: Item): string {
  if (item === NO_VALUE) return '<no value>';
  if (item === null) return 'null';
  const isStructure = typeof item === 'object' && !(item instanceof Byte);
  return isStructure ? toJson(fromJson(item), false) : formatItem(item);
}

/** A web metric's measurement: `result` is what conditions see, `value` the text that is recorded. */
export interface BodyMeasurement {
  result: Json;
  value: string;
  /** Values that the path names; the first one is the result. */
  matches: number;
  /** The body was no JSON. */
  isText: boolean;
}

/**
 * Takes the first match of a path out of a response body. A body that is no JSON is a result by itself, as a text.
 * Throws JsonPathError with the measurement's message.
 */
export function measureBody(body: string, path = '{$}'): BodyMeasurement {
  const compiled = compileJsonPath(path);
  let json: Json;
  try {
    json = JSON.parse(body) as Json;
  } catch {
    return { result: body, value: body, matches: 1, isText: true };
  }
  let results: Json[][];
  try {
    results = compiled.find(json);
  } catch (error) {
    if (error instanceof JsonPathError)
      throw new JsonPathError(`Could not find JSONPath in body: ${error.message}`);
    throw error;
  }
  const found = results.flat(1);
  const [first] = found;
  if (first === undefined) throw new JsonPathNothing('result of web metric produced no value');
  try {
    return { result: first, value: toJson(fromJson(first), false), matches: found.length, isText: false };
  } catch (error) {
    if (error instanceof RangeError) throw new JsonPathError(error.message);
    throw error;
  }
}
