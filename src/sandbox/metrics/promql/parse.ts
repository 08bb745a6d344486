/** PromQL text to a small syntax tree, through Prometheus's own lezer grammar. */

import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { promDuration } from '../../../lang/prom-duration.ts';
import type { Matcher } from '../series.ts';
import { PromqlError } from './errors.ts';

export interface Matching {
  readonly on: boolean;
  readonly labels: readonly string[];
}

export type Expr =
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'vector'; matchers: Matcher[]; offsetMs: number }
  | { kind: 'range'; matchers: Matcher[]; offsetMs: number; rangeMs: number }
  | { kind: 'negate'; of: Expr }
  | { kind: 'call'; name: string; args: Expr[] }
  | { kind: 'aggregate'; op: string; by: Matching | undefined; args: Expr[] }
  | { kind: 'binary'; op: string; bool: boolean; left: Expr; right: Expr; matching: Matching | undefined };

const MAX_QUERY = 10_000;
const MAX_DEPTH = 60;

export function parsePromql(text: string): Expr {
  if (text.trim() === '') throw new PromqlError('bad_data', 'parse error: no expression found in input');
  if (text.length > MAX_QUERY)
    throw new PromqlError('bad_data', `the query is longer than ${MAX_QUERY} characters`);
  const tree = parser.parse(text);
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) {
        throw new PromqlError(
          'bad_data',
          `1:${node.from + 1}: parse error: unexpected ${node.from >= text.length ? 'end of input' : JSON.stringify(text.slice(node.from, node.from + 20))}`,
        );
      }
    },
  });
  const top = tree.topNode.firstChild;
  if (top === null) throw new PromqlError('bad_data', 'parse error: no expression found in input');
  return new Reader(text).expr(top, 0);
}

class Reader {
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  expr(node: SyntaxNode, depth: number): Expr {
    if (depth > MAX_DEPTH) throw new PromqlError('bad_data', `the query is nested deeper than ${MAX_DEPTH}`);
    const inner = (child: SyntaxNode): Expr => this.expr(child, depth + 1);
    switch (node.name) {
      case 'ParenExpr':
        return inner(this.only(node));
      case 'NumberDurationLiteral':
        return { kind: 'number', value: numberOf(this.of(node)) };
      case 'StringLiteral':
        return { kind: 'string', value: unquote(this.of(node)) };
      case 'VectorSelector':
        return { kind: 'vector', matchers: this.matchers(node), offsetMs: 0 };
      case 'MatrixSelector': {
        const selector = node.getChild('VectorSelector');
        const range = node.getChild('DurationExpr');
        if (selector === null || range === null) throw this.unsupported(node);
        return {
          kind: 'range',
          matchers: this.matchers(selector),
          offsetMs: 0,
          rangeMs: this.duration(range),
        };
      }
      case 'OffsetExpr': {
        const of = inner(this.only(node, 0));
        if (of.kind !== 'vector' && of.kind !== 'range') throw this.unsupported(node);
        const offset = /offset\s*(-?)\s*(\S+)$/.exec(this.of(node));
        if (offset?.[2] === undefined) throw this.unsupported(node);
        return { ...of, offsetMs: durationMs(offset[2]) * (offset[1] === '-' ? -1 : 1) };
      }
      case 'UnaryExpr': {
        const of = inner(this.only(node, 1));
        return this.of(node).startsWith('-') ? { kind: 'negate', of } : of;
      }
      case 'FunctionCall':
        return { kind: 'call', name: this.of(node.firstChild ?? node), args: this.args(node).map(inner) };
      case 'AggregateExpr': {
        const modifier = node.getChild('AggregateModifier');
        return {
          kind: 'aggregate',
          op: this.of(node.firstChild ?? node).toLowerCase(),
          by:
            modifier === null
              ? undefined
              : {
                  on: modifier.getChild('By') !== null,
                  labels: this.grouping(modifier.getChild('GroupingLabels')),
                },
          args: this.args(node).map(inner),
        };
      }
      case 'BinaryExpr':
        return this.binary(node, inner);
      default:
        throw this.unsupported(node);
    }
  }

  private binary(node: SyntaxNode, inner: (child: SyntaxNode) => Expr): Expr {
    const children = childrenOf(node);
    const [left, op] = children;
    const right = children.at(-1);
    if (left === undefined || op === undefined || right === undefined) throw this.unsupported(node);
    const clause = node.getChild('MatchingModifierClause');
    if (
      clause !== null &&
      (clause.getChild('GroupLeft') !== null || clause.getChild('GroupRight') !== null)
    ) {
      throw new PromqlError(
        'execution',
        'group_left and group_right are not evaluated by the sandbox: use a real Prometheus',
      );
    }
    return {
      kind: 'binary',
      op: this.of(op).toLowerCase(),
      bool: node.getChild('BoolModifier') !== null,
      left: inner(left),
      right: inner(right),
      matching:
        clause === null
          ? undefined
          : { on: clause.getChild('On') !== null, labels: this.grouping(clause.getChild('GroupingLabels')) },
    };
  }

  private args(node: SyntaxNode): SyntaxNode[] {
    return childrenOf(node.getChild('FunctionCallBody'));
  }

  private grouping(node: SyntaxNode | null): string[] {
    return childrenOf(node).map((label) => this.of(label));
  }

  private matchers(node: SyntaxNode): Matcher[] {
    const name = node.getChild('Identifier');
    const list: Matcher[] = name === null ? [] : [{ name: '__name__', op: '=', value: this.of(name) }];
    for (const matcher of childrenOf(node.getChild('LabelMatchers'))) {
      const [label, op, value] = childrenOf(matcher);
      if (label === undefined || op === undefined || value === undefined) throw this.unsupported(matcher);
      const test = { name: this.of(label), op: this.of(op) as Matcher['op'], value: unquote(this.of(value)) };
      if (test.op.includes('~')) {
        try {
          RegExp(test.value);
        } catch {
          throw new PromqlError(
            'bad_data',
            `parse error: error parsing regexp in ${JSON.stringify(this.of(matcher))}`,
          );
        }
      }
      list.push(test);
    }
    if (list.every((matcher) => matcher.op.startsWith('!') || matcher.value === '')) {
      throw new PromqlError('bad_data', 'vector selector must contain at least one non-empty matcher');
    }
    return list;
  }

  private duration(node: SyntaxNode): number {
    return durationMs(this.of(node));
  }

  private only(node: SyntaxNode, at = 0): SyntaxNode {
    const child = childrenOf(node)[at];
    if (child === undefined) throw this.unsupported(node);
    return child;
  }

  private of(node: SyntaxNode): string {
    return this.text.slice(node.from, node.to);
  }

  private unsupported(node: SyntaxNode): PromqlError {
    return new PromqlError(
      'execution',
      `${JSON.stringify(this.of(node).slice(0, 80))} (${node.name}) is not evaluated by the sandbox: use a real Prometheus`,
    );
  }
}

function childrenOf(node: SyntaxNode | null): SyntaxNode[] {
  const list: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) list.push(child);
  return list;
}

/** `1h30m`, or plain seconds. */
export function durationMs(text: string): number {
  const ms = promDuration(text);
  if (ms === undefined)
    throw new PromqlError('bad_data', `not a valid duration string: ${JSON.stringify(text)}`);
  return ms;
}

function numberOf(text: string): number {
  if (/^inf$/i.test(text)) return Infinity;
  if (/^nan$/i.test(text)) return NaN;
  const value = Number(text.replaceAll('_', ''));
  return Number.isNaN(value) ? durationMs(text) / 1000 : value;
}

function unquote(text: string): string {
  const body = text.slice(1, -1);
  if (text.startsWith('`')) return body;
  return body.replace(/\\(.)/g, (_, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char);
}
