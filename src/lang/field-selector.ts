/** Field selectors (`metadata.name=x,status.phase!=Running`). Pure. */

import { isObject } from './json.ts';
import { SelectorError } from './selector.ts';

export interface FieldRequirement {
  /** Dotted path. */
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

export type FieldSelector = readonly FieldRequirement[];

/** `\`, `,` and `=` in values are escaped by `\`. Throws `SelectorError` with Kubernetes' text. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue;
    const at = term.search(/!=|=/);
    if (at < 0) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    const operator = term[at] === '!' ? '!=' : '=';
    const width = term[at] === '!' || term[at + 1] === '=' ? 2 : 1;
    requirements.push({ field: term.slice(0, at), operator, value: unescape(term.slice(at + width)) });
  }
  // A term without field and value ("=") asks for nothing.
  return requirements.filter(({ field, value }) => field !== '' || value !== '');
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = '';
  let escaped = false;
  for (const char of text) {
    if (char === ',' && !escaped) {
      terms.push(term);
      term = '';
      continue;
    }
    term += char;
    escaped = !escaped && char === '\\';
  }
  return [...terms, term];
}

function unescape(value: string): string {
  let out = '';
  let escaped = false;
  for (const char of value) {
    if (escaped) {
      if (char !== '\\' && char !== ',' && char !== '=') throw invalidEscape(`\\${char}`);
      out += char;
      escaped = false;
    } else if (char === '\\') {
      escaped = true;
    } else if (char === ',' || char === '=') {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${char.codePointAt(0)}`);
    } else {
      out += char;
    }
  }
  if (escaped) throw invalidEscape('\\');
  return out;
}

const invalidEscape = (sequence: string): SelectorError =>
  new SelectorError(`invalid field selector: invalid escape sequence: ${sequence}`);

export function formatFieldSelector(selector: FieldSelector): string {
  return selector
    .map(({ field, operator, value }) => field + operator + value.replace(/[\\,=]/g, '\\$&'))
    .join(',');
}

/** Which fields a kind lets one select by is the server's business; an absent field counts as ''. */
export function matchesFieldSelector(selector: FieldSelector, object: unknown): boolean {
  return selector.every(
    ({ field, operator, value }) => (fieldText(object, field) === value) === (operator === '='),
  );
}

function fieldText(object: unknown, path: string): string {
  let value: unknown = object;
  for (const part of path.split('.')) {
    value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}
