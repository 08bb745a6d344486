/** `{{args.name}}` in analysis templates (spec 05 section 2.2). Pure. */

import { isObject } from './json.ts';
import type { Json, JsonObject } from './json.ts';

export class TemplateArgsError extends Error {
  override name = 'TemplateArgsError';
}

/** Gives an argument's value by the name behind `args.`; undefined where there is no such argument. */
export type ArgLookup = (name: string) => string | undefined;

const OPEN = '{{';
const CLOSE = '}}';

/**
 * Replaces every tag of a text. A value is put in as it is and not searched for tags again. Throws TemplateArgsError
 * (`failed to resolve {{<tag>}}`) for a tag that names no argument, and for one that is not closed.
 */
export function substituteArgs(text: string, lookup: ArgLookup): string {
  let out = '';
  let at = 0;
  for (;;) {
    const open = text.indexOf(OPEN, at);
    if (open < 0) return out + text.slice(at);
    const close = text.indexOf(CLOSE, open + OPEN.length);
    if (close < 0) {
      throw new TemplateArgsError(`failed to resolve ${text.slice(open)}: the tag is not closed by ${CLOSE}`);
    }
    const tag = text.slice(open + OPEN.length, close);
    const name = /^args\.(.*)$/s.exec(tag.trim())?.[1];
    const value = name === undefined ? undefined : lookup(name);
    if (value === undefined) throw new TemplateArgsError(`failed to resolve {{${tag}}}`);
    out += text.slice(at, open) + value;
    at = close + CLOSE.length;
  }
}

const MAX_DEPTH = 500;

/** Replaces tags in every string and every key of a JSON value; the structure can't change. */
export function substituteArgsInJson(value: Json, lookup: ArgLookup, depth = 0): Json {
  if (depth > MAX_DEPTH) throw new TemplateArgsError(`the value nests deeper than ${MAX_DEPTH} levels`);
  if (typeof value === 'string') return substituteArgs(value, lookup);
  if (Array.isArray(value)) return value.map((item) => substituteArgsInJson(item, lookup, depth + 1));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, item]): [string, Json][] =>
    item === undefined ? [] : [[substituteArgs(key, lookup), substituteArgsInJson(item, lookup, depth + 1)]],
  );
  const out: JsonObject = Object.fromEntries(entries);
  return out;
}
