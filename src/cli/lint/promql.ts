/** What can be told of a PromQL query without asking it, over Prometheus's own grammar. Pure. */

import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { promDuration } from '../../lang/prom-duration.ts';

export interface QueryFacts {
  /** What is wrong with it; the other facts are then empty. */
  readonly fault?: string | undefined;
  /** Ranges of its selectors and subqueries, milliseconds, as far as they are known. */
  readonly windowsMs: readonly number[];
  readonly matchers: readonly LabelMatcher[];
  /** Divisors that are 0 when there is no traffic, and nothing is done about it. */
  readonly openDivisors: readonly string[];
  readonly divides: boolean;
  /** Numbers that stand in for absent data: `or vector(0)`. */
  readonly fills: readonly number[];
  /** The answer is an instant vector that may hold nothing. */
  readonly mayBeEmpty: boolean;
  /** The answer may hold more than one series. */
  readonly mayHaveSeveral: boolean;
  /** The answer is a number without labels, not a vector. */
  readonly isScalar: boolean;
}

export interface LabelMatcher {
  readonly label: string;
  /** With its quotes taken off; arguments stand as `{{args.name}}`. */
  readonly value: string;
}

/** Where an argument has no value, something of the right form stands in, and its window is not known. */
const UNKNOWN_WINDOW = '7919ms';
const UNKNOWN_NUMBER = '1';
const MAX_QUERY = 10_000;

const NOTHING: QueryFacts = {
  windowsMs: [],
  matchers: [],
  openDivisors: [],
  divides: false,
  fills: [],
  mayBeEmpty: false,
  mayHaveSeveral: false,
  isScalar: false,
};

/** `valueOf` gives the default of an argument. Undefined where the query can't be known: an argument is part of it. */
export function queryFacts(
  source: string,
  valueOf: (arg: string) => string | undefined,
): QueryFacts | undefined {
  if (source.trim() === '') return { ...NOTHING, fault: 'it is empty' };
  if (source.length > MAX_QUERY) return undefined;
  const { text, guessed } = filled(source, valueOf);
  const tree = parser.parse(text);
  let wrong: number | undefined;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) wrong ??= node.from;
    },
  });
  const top = tree.topNode.firstChild;
  if (wrong !== undefined || top === null) {
    const at =
      (wrong ?? 0) >= text.trimEnd().length
        ? 'at its end'
        : `near ${JSON.stringify(text.slice(wrong, (wrong ?? 0) + 20))}`;
    return guessed ? undefined : { ...NOTHING, fault: `it is no PromQL: ${at}` };
  }
  return new Reader(text).facts(top);
}

/** Arguments in quotes stay as they are, so that one can see which labels they select. */
function filled(
  source: string,
  valueOf: (arg: string) => string | undefined,
): { text: string; guessed: boolean } {
  let guessed = false;
  let quote = '';
  let text = '';
  for (let i = 0; i < source.length; i += 1) {
    const char = source[i] ?? '';
    const tag = quote === '' ? /^\{\{\s*args\.([^}]*?)\s*\}\}/.exec(source.slice(i)) : null;
    if (tag !== null) {
      const value = valueOf(tag[1] ?? '');
      const isWindow = /[[:]\s*$/.test(text) && text.lastIndexOf('[') > text.lastIndexOf(']');
      if (value === undefined && !isWindow) guessed = true;
      text += value ?? (isWindow ? UNKNOWN_WINDOW : UNKNOWN_NUMBER);
      i += tag[0].length - 1;
      continue;
    }
    if (quote === '' && (char === '"' || char === "'" || char === '`')) quote = char;
    else if (char === quote && (quote === '`' || source[i - 1] !== '\\')) quote = '';
    text += char;
  }
  return { text, guessed };
}

const TRAFFIC_FUNCTIONS = new Set(['rate', 'irate', 'increase', 'delta', 'idelta', 'sum_over_time']);
const NEVER_EMPTY = new Set(['vector', 'scalar', 'time', 'pi']);
const COMPARISONS = new Set(['Gtr', 'Gte', 'Lss', 'Lte', 'Neq', 'EqlC']);
const OF_SEVERAL = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio', 'count_values']);

class Reader {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  facts(top: SyntaxNode): QueryFacts {
    const windowsMs: number[] = [];
    const matchers: LabelMatcher[] = [];
    const openDivisors: string[] = [];
    const fills: number[] = [];
    let divides = false;
    const visit = (node: SyntaxNode): void => {
      if (node.name === 'MatrixSelector' || node.name === 'SubqueryExpr') {
        const range = node.getChild('DurationExpr');
        const written = range === null ? '' : this.#of(range);
        const ms = written === UNKNOWN_WINDOW ? undefined : promDuration(written);
        if (ms !== undefined) windowsMs.push(ms);
      }
      if (node.name.endsWith('LabelMatcher')) {
        const parts = childrenOf(node);
        const [label, value] = [parts[0], parts.at(-1)];
        if (label !== undefined && value !== undefined)
          matchers.push({ label: this.#of(label), value: this.#of(value).slice(1, -1) });
      }
      if (node.name === 'BinaryExpr') {
        const { left, operator, right } = this.#binary(node);
        if (operator === 'Div') {
          divides = true;
          if (this.#countsTraffic(right) && !this.#isGuarded(right)) openDivisors.push(this.#of(right));
        }
        if (operator === 'Or') fills.push(...this.#constant(right), ...this.#constant(left));
      }
      for (const child of childrenOf(node)) visit(child);
    };
    visit(top);
    return {
      windowsMs,
      matchers,
      openDivisors,
      divides,
      fills,
      mayBeEmpty: this.#mayBeEmpty(top),
      mayHaveSeveral: this.#mayHaveSeveral(top),
      isScalar: this.#isScalar(top),
    };
  }

  #of(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to);
  }

  #binary(node: SyntaxNode): { left: SyntaxNode; operator: string; right: SyntaxNode; bool: boolean } {
    const [left = node, operator] = childrenOf(node);
    return {
      left,
      operator: operator?.name ?? '',
      right: childrenOf(node).at(-1) ?? node,
      bool: node.getChild('BoolModifier') !== null,
    };
  }

  #name(node: SyntaxNode): string {
    const [first] = childrenOf(node);
    return first === undefined ? '' : this.#of(first).toLowerCase();
  }

  /** Arguments of a function or an aggregation. */
  #args(node: SyntaxNode): SyntaxNode[] {
    const body = node.getChild('FunctionCallBody');
    return body === null ? [] : childrenOf(body);
  }

  #countsTraffic(node: SyntaxNode): boolean {
    if (node.name === 'FunctionCall' && TRAFFIC_FUNCTIONS.has(this.#name(node))) return true;
    return childrenOf(node).some((child) => this.#countsTraffic(child));
  }

  /** A divisor that is never 0: `(x > 0)`, `clamp_min(x, 1)`. */
  #isGuarded(node: SyntaxNode): boolean {
    if (node.name === 'ParenExpr') return childrenOf(node).some((child) => this.#isGuarded(child));
    if (node.name === 'FunctionCall') return this.#name(node) === 'clamp_min' || this.#name(node) === 'clamp';
    if (node.name !== 'BinaryExpr') return false;
    const { operator, bool } = this.#binary(node);
    return COMPARISONS.has(operator) && !bool;
  }

  #constant(node: SyntaxNode): number[] {
    if (node.name === 'ParenExpr') return childrenOf(node).flatMap((child) => this.#constant(child));
    if (node.name === 'NumberDurationLiteral') return [Number(this.#of(node))];
    const isVector = node.name === 'FunctionCall' && this.#name(node) === 'vector';
    return isVector ? this.#args(node).flatMap((arg) => this.#constant(arg)) : [];
  }

  #isScalar(node: SyntaxNode): boolean {
    if (node.name === 'NumberDurationLiteral') return true;
    if (node.name === 'ParenExpr' || node.name === 'UnaryExpr')
      return this.#isScalar(childrenOf(node).at(-1) ?? node.firstChild ?? node);
    if (node.name === 'FunctionCall') return ['scalar', 'time', 'pi'].includes(this.#name(node));
    if (node.name !== 'BinaryExpr') return false;
    const { left, right } = this.#binary(node);
    return this.#isScalar(left) && this.#isScalar(right);
  }

  #mayBeEmpty(node: SyntaxNode): boolean {
    switch (node.name) {
      case 'NumberDurationLiteral':
      case 'StringLiteral':
        return false;
      case 'ParenExpr':
      case 'UnaryExpr':
        return childrenOf(node).some((child) => child.name !== 'UnaryOp' && this.#mayBeEmpty(child));
      case 'FunctionCall':
        return !NEVER_EMPTY.has(this.#name(node)) && this.#inner(node, (arg) => this.#mayBeEmpty(arg));
      case 'AggregateExpr':
        return this.#inner(node, (arg) => this.#mayBeEmpty(arg));
      case 'BinaryExpr': {
        const { left, operator, right, bool } = this.#binary(node);
        if (operator === 'Or') return this.#mayBeEmpty(left) && this.#mayBeEmpty(right);
        if (COMPARISONS.has(operator) && !bool) return true;
        return this.#mayBeEmpty(left) || this.#mayBeEmpty(right);
      }
      default:
        return true;
    }
  }

  #mayHaveSeveral(node: SyntaxNode): boolean {
    switch (node.name) {
      case 'NumberDurationLiteral':
      case 'StringLiteral':
        return false;
      case 'ParenExpr':
      case 'UnaryExpr':
        return childrenOf(node).some((child) => child.name !== 'UnaryOp' && this.#mayHaveSeveral(child));
      case 'SubqueryExpr':
        return this.#mayHaveSeveral(childrenOf(node)[0] ?? node);
      case 'FunctionCall': {
        const name = this.#name(node);
        if (NEVER_EMPTY.has(name) || name === 'absent' || name === 'absent_over_time') return false;
        const [, histogram] = this.#args(node);
        // It takes the label `le` away.
        if (name === 'histogram_quantile' && histogram !== undefined && this.#labels(histogram) === 'le')
          return false;
        return this.#inner(node, (arg) => this.#mayHaveSeveral(arg));
      }
      case 'AggregateExpr':
        return OF_SEVERAL.has(this.#name(node)) || this.#labels(node) !== '';
      case 'BinaryExpr': {
        const { left, right } = this.#binary(node);
        return this.#mayHaveSeveral(left) || this.#mayHaveSeveral(right);
      }
      default:
        return true;
    }
  }

  /** What an aggregation keeps apart: `le`; `without ...` for what nobody knows. */
  #labels(node: SyntaxNode): string {
    if (node.name === 'ParenExpr') return this.#labels(childrenOf(node)[0] ?? node.firstChild ?? node);
    if (node.name !== 'AggregateExpr') return '?';
    const modifier = node.getChild('AggregateModifier');
    if (modifier === null) return '';
    if (modifier.getChild('By') === null) return 'without';
    const labels = modifier.getChild('GroupingLabels');
    return labels === null
      ? ''
      : childrenOf(labels)
          .map((label) => this.#of(label))
          .join(',');
  }

  /** Of a function without arguments, nothing is known. */
  #inner(node: SyntaxNode, is: (arg: SyntaxNode) => boolean): boolean {
    const args = this.#args(node);
    return args.length === 0 || args.some(is);
  }
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const list: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) list.push(child);
  return list;
}
