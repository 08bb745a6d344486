/** Label selectors, as text (`a=b,c in (d,e),!f`) and as `metav1.LabelSelector`. Pure. */

import { isObject, type Json, type JsonObject } from './json.ts';
import { labelKeyErrors, labelValueErrors } from './label-syntax.ts';
import { memoizeFrozen } from './memo.ts';

export type SelectorOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

/** All requirements must hold; none at all matches everything. */
export interface Selector {
  /** Sorted by key. */
  readonly requirements: readonly Requirement[];
  /** An absent `LabelSelector` matches nothing, an empty one everything. */
  readonly nothing?: true;
}

/** `message` is Kubernetes' text. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

const EVERYTHING: Selector = Object.freeze({ requirements: Object.freeze([]) });
const NOTHING: Selector = Object.freeze({ requirements: Object.freeze([]), nothing: true });

/** More than any object has; keeps a hostile selector from costing much. */
const MAX_REQUIREMENTS = 1000;

const STRUCT_OPERATORS: ReadonlyMap<string, SelectorOperator> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

/** From `{ matchLabels, matchExpressions }`. Throws `SelectorError`, also for wrong types. */
export function selectorFrom(labelSelector: JsonObject | undefined | null): Selector {
  if (labelSelector === undefined || labelSelector === null) return NOTHING;
  if (!isObject(labelSelector)) throw new SelectorError('label selector must be an object');
  return read(labelSelector);
}

const read = memoizeFrozen((labelSelector: JsonObject): Selector => {
  const { matchLabels, matchExpressions } = labelSelector;
  const requirements: Requirement[] = [];
  if (matchLabels !== undefined && matchLabels !== null) {
    if (!isObject(matchLabels)) throw new SelectorError('matchLabels must be an object of strings');
    for (const [key, value] of Object.entries(matchLabels)) {
      if (value === undefined) continue;
      if (typeof value !== 'string') throw new SelectorError(`matchLabels[${key}] must be a string`);
      requirements.push(requirement(key, '=', [value]));
    }
  }
  if (matchExpressions !== undefined && matchExpressions !== null) {
    if (!Array.isArray(matchExpressions)) throw new SelectorError('matchExpressions must be a list');
    for (const expression of matchExpressions) requirements.push(fromExpression(expression));
  }
  if (requirements.length === 0) return EVERYTHING;
  return sorted(requirements);
});

function fromExpression(expression: Json): Requirement {
  if (!isObject(expression)) throw new SelectorError('each of matchExpressions must be an object');
  const { key, operator, values = [] } = expression;
  const name = typeof operator === 'string' ? STRUCT_OPERATORS.get(operator) : undefined;
  if (name === undefined) {
    throw new SelectorError(`${JSON.stringify(operator ?? '')} is not a valid label selector operator`);
  }
  if (typeof key !== 'string') throw new SelectorError('the key of a match expression must be a string');
  const list = values ?? [];
  if (!Array.isArray(list) || !list.every((value) => typeof value === 'string')) {
    throw new SelectorError('the values of a match expression must be a list of strings');
  }
  return requirement(key, name, list);
}

/** Selects objects that carry all of `labels`, unvalidated (as a Service or a ReplicaSet selects its pods). */
export function selectorFromLabels(labels: Readonly<Record<string, string>>): Selector {
  return sorted(Object.entries(labels).map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

/** Validated as `labels.NewRequirement` does, with its texts. */
function requirement(key: string, operator: SelectorOperator, values: readonly string[]): Requirement {
  const errors: string[] = [];
  const invalid = (path: string, value: string, detail: string): void => {
    errors.push(`${path}: Invalid value: ${value}: ${detail}`);
  };
  const keyErrors = labelKeyErrors(key);
  if (keyErrors.length > 0) invalid('key', JSON.stringify(key), keyErrors.join('; '));
  const list = JSON.stringify(values);
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    invalid('values', list, "for 'in', 'notin' operators, values set can't be empty");
  } else if ((operator === '=' || operator === '==' || operator === '!=') && values.length !== 1) {
    invalid('values', list, 'exact-match compatibility requires one single value');
  } else if ((operator === 'exists' || operator === '!') && values.length > 0) {
    invalid('values', list, 'values set must be empty for exists and does not exist');
  } else if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1) {
      invalid('values', list, "for 'Gt', 'Lt' operators, exactly one value is required");
    }
    values.forEach((value, i) => {
      if (parseInt64(value) === undefined) {
        invalid(
          `values[${i}]`,
          JSON.stringify(value),
          "for 'Gt', 'Lt' operators, the value must be an integer",
        );
      }
    });
  }
  values.forEach((value, i) => {
    const valueErrors = labelValueErrors(value);
    if (valueErrors.length > 0) {
      invalid(`values[${i}][${key}]`, JSON.stringify(value), valueErrors.join('; '));
    }
  });
  const distinct = [...new Set(errors)];
  if (distinct.length > 0) {
    throw new SelectorError(distinct.length === 1 ? (distinct[0] as string) : `[${distinct.join(', ')}]`);
  }
  return { key, operator, values: Object.freeze([...values]) };
}

function sorted(requirements: Requirement[]): Selector {
  requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return { requirements };
}

type TokenKind = 'symbol' | 'word' | 'end' | 'error';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const SYMBOLS = '=!(),><';
const isBlank = (char: string): boolean => char === ' ' || char === '\t' || char === '\r' || char === '\n';

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (isBlank(char)) {
      at++;
    } else if (SYMBOLS.includes(char)) {
      const two = text.slice(at, at + 2);
      const symbol = two === '==' || two === '!=' ? two : char;
      tokens.push({ kind: 'symbol', text: symbol });
      at += symbol.length;
    } else {
      const start = at;
      while (at < text.length && !isBlank(text[at] as string) && !SYMBOLS.includes(text[at] as string)) at++;
      tokens.push({ kind: 'word', text: text.slice(start, at) });
    }
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

const OPERATORS: ReadonlyMap<string, SelectorOperator> = new Map([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

class SelectorParser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #sees(symbol: string): boolean {
    const { kind, text } = this.#peek();
    return kind === 'symbol' && text === symbol;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    if (this.#peek().kind === 'end') return requirements;
    if (this.#peek().kind !== 'word' && !this.#sees('!')) {
      throw new SelectorError(`found '${this.#peek().text}', expected: !, identifier, or 'end of string'`);
    }
    for (;;) {
      if (requirements.length >= MAX_REQUIREMENTS) {
        throw new SelectorError(`more than ${MAX_REQUIREMENTS} requirements`);
      }
      requirements.push(this.#requirement());
      const { kind, text } = this.#next();
      if (kind === 'end') return requirements;
      if (text !== ',') throw new SelectorError(`found '${text}', expected: ',' or 'end of string'`);
      if (this.#peek().kind !== 'word' && !this.#sees('!')) {
        throw new SelectorError(`found '${this.#peek().text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): Requirement {
    try {
      return this.#unwrapped();
    } catch (error) {
      if (error instanceof SelectorError) {
        throw new SelectorError(`unable to parse requirement: ${error.message}`);
      }
      throw error;
    }
  }

  #unwrapped(): Requirement {
    const absent = this.#sees('!');
    if (absent) this.#next();
    const { kind, text: key } = this.#next();
    if (kind !== 'word') throw new SelectorError(`found '${key}', expected: identifier`);
    const errors = labelKeyErrors(key);
    if (errors.length > 0) {
      throw new SelectorError(`<nil>: Invalid value: ${JSON.stringify(key)}: ${errors.join('; ')}`);
    }
    if (absent) return requirement(key, '!', []);
    if (this.#peek().kind === 'end' || this.#sees(',')) return requirement(key, 'exists', []);
    const symbol = this.#next();
    const operator = OPERATORS.get(symbol.text);
    if (operator === undefined) {
      throw new SelectorError(`found '${symbol.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#value()];
    return requirement(key, operator, values);
  }

  #value(): string {
    if (this.#peek().kind === 'end' || this.#sees(',')) return '';
    const { kind, text } = this.#next();
    if (kind !== 'word') throw new SelectorError(`found '${text}', expected: identifier`);
    return text;
  }

  /** `(a,b)`; an empty place between commas or parentheses is the empty value. Sorted, without doubles. */
  #values(): string[] {
    const open = this.#next();
    if (open.text !== '(') throw new SelectorError(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    if (this.#sees(')')) {
      this.#next();
      return [''];
    }
    if (this.#peek().kind !== 'word' && !this.#sees(',')) {
      throw new SelectorError(`found '${this.#peek().text}', expected: ',', ')' or identifier`);
    }
    for (;;) {
      const { kind, text } = this.#next();
      if (kind === 'word') {
        values.add(text);
        if (this.#sees(')')) break;
        if (!this.#sees(',')) {
          throw new SelectorError(`found '${this.#peek().text}', expected: ',' or ')'`);
        }
      } else if (text === ',') {
        if (values.size === 0) values.add('');
        if (this.#sees(')')) {
          values.add('');
          break;
        }
        if (this.#sees(',')) values.add('');
      } else {
        throw new SelectorError(`found '${text}', expected: ',', or identifier`);
      }
    }
    this.#next();
    return [...values].sort();
  }
}

/** From the text that a `labelSelector` parameter carries. Throws `SelectorError` with Kubernetes' text. */
export function parseSelector(text: string): Selector {
  const requirements = new SelectorParser(text).parse();
  return requirements.length === 0 ? EVERYTHING : sorted(requirements);
}

export function matchesSelector(
  selector: Selector,
  labels: Readonly<Record<string, unknown>> | undefined | null,
): boolean {
  if (selector.nothing === true) return false;
  return selector.requirements.every((wanted) => matchesRequirement(wanted, labels ?? {}));
}

function matchesRequirement(wanted: Requirement, labels: Readonly<Record<string, unknown>>): boolean {
  const found = Object.hasOwn(labels, wanted.key) ? labels[wanted.key] : undefined;
  const value = typeof found === 'string' ? found : undefined;
  switch (wanted.operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && wanted.values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !wanted.values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt': {
      const left = value === undefined ? undefined : parseInt64(value);
      const right = parseInt64(wanted.values[0] ?? '');
      if (left === undefined || right === undefined) return false;
      return wanted.operator === 'gt' ? left > right : left < right;
    }
  }
}

/** As Kubernetes prints it, e.g. in `status.selector`: `a=b,c in (d,e),!f`. Nothing prints as ''. */
export function formatSelector(selector: Selector): string {
  return selector.requirements.map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values }: Requirement): string {
  const list = [...values].sort().join(',');
  switch (operator) {
    case '!':
      return `!${key}`;
    case 'exists':
      return key;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`;
    case 'gt':
      return `${key}>${list}`;
    case 'lt':
      return `${key}<${list}`;
    default:
      return key + operator + list;
  }
}

function parseInt64(text: string): bigint | undefined {
  if (!/^[-+]?[0-9]{1,30}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
