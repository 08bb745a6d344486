/**
 * Evaluates the documented subset of PromQL (docs/sandbox.md) over scraped series, with Prometheus's semantics:
 * look-back of five minutes, extrapolating rates, label matching. What it does not know is an error, never a number.
 */

import { formatLabels, type Labels } from '../registry.ts';
import { pointsIn, type SeriesStore, valueAt } from '../series.ts';
import { PromqlError } from './errors.ts';
import { absent, histogramQuantile, INSTANT_FUNCTIONS, RANGE_FUNCTIONS } from './functions.ts';
import type { Expr, Matching } from './parse.ts';
import { type Element, quantile, type Value } from './value.ts';

const LOOKBACK_MS = 5 * 60 * 1000;

export const withoutName = (labels: Labels): Labels => {
  const { __name__: _, ...rest } = labels;
  return rest;
};

/** @param t milliseconds since the epoch */
export function evaluate(expr: Expr, store: SeriesStore, t: number): Value {
  const vectorOf = (inner: Expr, what: string): Element[] => {
    const value = evaluate(inner, store, t);
    if (value.type !== 'vector')
      throw new PromqlError(
        'bad_data',
        `parse error: expected type instant vector in ${what}, got ${value.type}`,
      );
    return value.elements;
  };
  const scalarOf = (inner: Expr | undefined, what: string): number => {
    const value = inner === undefined ? undefined : evaluate(inner, store, t);
    if (value?.type !== 'scalar')
      throw new PromqlError(
        'bad_data',
        `parse error: expected type scalar in ${what}, got ${value?.type ?? 'nothing'}`,
      );
    return value.value;
  };

  switch (expr.kind) {
    case 'number':
      return { type: 'scalar', value: expr.value };
    case 'string':
      return { type: 'string', value: expr.value };
    case 'vector': {
      const elements: Element[] = [];
      for (const series of store.select(expr.matchers)) {
        const value = valueAt(series, t - expr.offsetMs, LOOKBACK_MS);
        if (value !== undefined) elements.push({ labels: series.labels, value });
      }
      return { type: 'vector', elements };
    }
    case 'range':
      throw new PromqlError(
        'bad_data',
        'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
      );
    case 'negate': {
      const value = evaluate(expr.of, store, t);
      if (value.type === 'scalar') return { type: 'scalar', value: -value.value };
      if (value.type === 'string')
        throw new PromqlError(
          'bad_data',
          'unary expression only allowed on expressions of type scalar or instant vector',
        );
      return {
        type: 'vector',
        elements: value.elements.map(({ labels, value: v }) => ({ labels: withoutName(labels), value: -v })),
      };
    }
    case 'call':
      return call(expr, store, t, vectorOf, scalarOf);
    case 'aggregate':
      return { type: 'vector', elements: aggregate(expr, vectorOf, scalarOf) };
    case 'binary':
      return binary(expr, evaluate(expr.left, store, t), evaluate(expr.right, store, t));
  }
}

function call(
  expr: Extract<Expr, { kind: 'call' }>,
  store: SeriesStore,
  t: number,
  vectorOf: (inner: Expr, what: string) => Element[],
  scalarOf: (inner: Expr | undefined, what: string) => number,
): Value {
  const { name, args } = expr;
  const what = `call to function "${name}"`;
  const [first, second, third] = args;
  const arity = (least: number, most = least): void => {
    if (args.length < least || args.length > most) {
      throw new PromqlError(
        'bad_data',
        `parse error: expected ${least} argument(s) in ${what}, got ${args.length}`,
      );
    }
  };
  if (name === 'time') return (arity(0), { type: 'scalar', value: t / 1000 });
  if (name === 'vector')
    return (arity(1), { type: 'vector', elements: [{ labels: {}, value: scalarOf(first, what) }] });
  if (first === undefined)
    throw new PromqlError(
      'bad_data',
      `parse error: expected arguments in ${what}, or unknown function with name "${name}"`,
    );
  if (name === 'scalar') {
    arity(1);
    const elements = vectorOf(first, what);
    return { type: 'scalar', value: elements.length === 1 ? (elements[0]?.value ?? NaN) : NaN };
  }
  if (name === 'absent')
    return (arity(1), { type: 'vector', elements: absent(first, vectorOf(first, what)) });
  if (name === 'histogram_quantile') {
    arity(2);
    if (second === undefined) throw new PromqlError('bad_data', what);
    return { type: 'vector', elements: histogramQuantile(scalarOf(first, what), vectorOf(second, what)) };
  }
  const range = RANGE_FUNCTIONS[name];
  if (range !== undefined) {
    const [selector, parameter] =
      name === 'quantile_over_time' ? [second, scalarOf(first, what)] : [first, NaN];
    arity(name === 'quantile_over_time' ? 2 : 1);
    if (selector?.kind !== 'range')
      throw new PromqlError('bad_data', `parse error: expected type range vector in ${what}`);
    const elements: Element[] = [];
    const end = t - selector.offsetMs;
    for (const series of store.select(selector.matchers)) {
      const value = range(pointsIn(series, end, selector.rangeMs), end - selector.rangeMs, end, parameter);
      if (value !== undefined)
        elements.push({
          labels: name === 'last_over_time' ? series.labels : withoutName(series.labels),
          value,
        });
    }
    return { type: 'vector', elements };
  }
  const instant = INSTANT_FUNCTIONS[name];
  if (instant !== undefined) {
    const parameters = [second, third].filter((arg) => arg !== undefined).map((arg) => scalarOf(arg, what));
    return {
      type: 'vector',
      elements: vectorOf(first, what).map(({ labels, value }) => ({
        labels: withoutName(labels),
        value: instant(value, ...parameters),
      })),
    };
  }
  throw new PromqlError(
    'execution',
    `function "${name}" is not evaluated by the sandbox: use a real Prometheus`,
  );
}

/** The labels that decide which group, or which partner, an element belongs to. */
function groupLabels(labels: Labels, by: Matching | undefined, all: boolean): Labels {
  if (by === undefined) return all ? withoutName(labels) : {};
  const entries = Object.entries(labels).filter(([name]) =>
    by.on ? by.labels.includes(name) : name !== '__name__' && !by.labels.includes(name),
  );
  return Object.fromEntries(entries);
}

const AGGREGATIONS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: (values) =>
    values.reduce((least, value) => (Number.isNaN(least) || value < least ? value : least), NaN),
  max: (values) => values.reduce((most, value) => (Number.isNaN(most) || value > most ? value : most), NaN),
  count: (values) => values.length,
  group: () => 1,
  stdvar: variance,
  stddev: (values) => Math.sqrt(variance(values)),
};

function variance(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

function aggregate(
  expr: Extract<Expr, { kind: 'aggregate' }>,
  vectorOf: (inner: Expr, what: string) => Element[],
  scalarOf: (inner: Expr | undefined, what: string) => number,
): Element[] {
  const what = `aggregation ${expr.op}`;
  const of = expr.args.at(-1);
  if (of === undefined)
    throw new PromqlError('bad_data', `parse error: no arguments for aggregate expression ${expr.op}`);
  const groups = new Map<string, { labels: Labels; elements: Element[] }>();
  for (const element of vectorOf(of, what)) {
    const labels = groupLabels(element.labels, expr.by, false);
    const key = formatLabels(labels);
    const group = groups.get(key) ?? { labels, elements: [] };
    group.elements.push(element);
    groups.set(key, group);
  }
  if (expr.op === 'topk' || expr.op === 'bottomk') {
    const k = scalarOf(expr.args[0], what);
    const sign = expr.op === 'topk' ? -1 : 1;
    return [...groups.values()].flatMap(({ elements }) =>
      elements.sort((a, b) => sign * (a.value - b.value)).slice(0, Math.max(0, k)),
    );
  }
  if (expr.op === 'quantile') {
    const q = scalarOf(expr.args[0], what);
    return [...groups.values()].map(({ labels, elements }) => ({
      labels,
      value: quantile(
        q,
        elements.map(({ value }) => value),
      ),
    }));
  }
  const combine = AGGREGATIONS[expr.op];
  if (combine === undefined)
    throw new PromqlError(
      'execution',
      `aggregation "${expr.op}" is not evaluated by the sandbox: use a real Prometheus`,
    );
  return [...groups.values()].map(({ labels, elements }) => ({
    labels,
    value: combine(elements.map(({ value }) => value)),
  }));
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => a ** b,
};
const COMPARISON: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

function binary(expr: Extract<Expr, { kind: 'binary' }>, left: Value, right: Value): Value {
  const { op, bool, matching } = expr;
  if (left.type === 'string' || right.type === 'string')
    throw new PromqlError('bad_data', 'binary expression must contain only scalar and instant vector types');
  if (op === 'and' || op === 'or' || op === 'unless') {
    if (left.type === 'scalar' || right.type === 'scalar')
      throw new PromqlError('bad_data', `set operator "${op}" not allowed in binary scalar expression`);
    return { type: 'vector', elements: setOperation(op, left.elements, right.elements, matching) };
  }
  const compare = COMPARISON[op];
  const compute = ARITHMETIC[op];
  if (compare === undefined && compute === undefined) {
    throw new PromqlError(
      'execution',
      `operator "${op}" is not evaluated by the sandbox: use a real Prometheus`,
    );
  }
  if (left.type === 'scalar' && right.type === 'scalar') {
    if (compute !== undefined) return { type: 'scalar', value: compute(left.value, right.value) };
    if (!bool)
      throw new PromqlError('bad_data', 'parse error: comparisons between scalars must use BOOL modifier');
    return { type: 'scalar', value: compare?.(left.value, right.value) === true ? 1 : 0 };
  }
  /** The result for one pair; a comparison without `bool` keeps the vector's side or drops it. */
  const pair = (labels: Labels, keep: number, a: number, b: number): Element[] => {
    if (compute !== undefined) return [{ labels: withoutName(labels), value: compute(a, b) }];
    const holds = compare?.(a, b) === true;
    if (bool) return [{ labels: withoutName(labels), value: holds ? 1 : 0 }];
    return holds ? [{ labels, value: keep }] : [];
  };
  if (right.type === 'scalar' && left.type === 'vector') {
    return {
      type: 'vector',
      elements: left.elements.flatMap(({ labels, value }) => pair(labels, value, value, right.value)),
    };
  }
  if (left.type === 'scalar' && right.type === 'vector') {
    return {
      type: 'vector',
      elements: right.elements.flatMap(({ labels, value }) => pair(labels, value, left.value, value)),
    };
  }
  if (left.type !== 'vector' || right.type !== 'vector')
    throw new PromqlError('execution', 'unreachable operand types');
  return {
    type: 'vector',
    elements: oneToOne(left.elements, right.elements, matching, pair, compute === undefined && !bool),
  };
}

function oneToOne(
  left: readonly Element[],
  right: readonly Element[],
  matching: Matching | undefined,
  pair: (labels: Labels, keep: number, a: number, b: number) => Element[],
  keepsLabels: boolean,
): Element[] {
  const partners = new Map<string, Element>();
  for (const element of right) {
    const key = formatLabels(groupLabels(element.labels, matching, true));
    if (partners.has(key)) {
      throw new PromqlError(
        'execution',
        `found duplicate series for the match group ${key || '{}'} on the right hand-side of the operation; many-to-many matching not allowed: matching labels must be unique on one side`,
      );
    }
    partners.set(key, element);
  }
  const used = new Set<string>();
  return left.flatMap((element) => {
    const labels = groupLabels(element.labels, matching, true);
    const key = formatLabels(labels);
    const partner = partners.get(key);
    if (partner === undefined) return [];
    if (used.has(key))
      throw new PromqlError(
        'execution',
        'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
      );
    used.add(key);
    // A comparison that filters keeps its own labels, but for those that the matching takes away.
    const kept = !keepsLabels
      ? labels
      : matching === undefined
        ? element.labels
        : groupLabels(element.labels, matching, true);
    const name = element.labels['__name__'];
    const named =
      keepsLabels && matching?.on === false && name !== undefined ? { ...kept, __name__: name } : kept;
    return pair(named, element.value, element.value, partner.value);
  });
}

function setOperation(
  op: string,
  left: readonly Element[],
  right: readonly Element[],
  matching: Matching | undefined,
): Element[] {
  const keyOf = (element: Element): string => formatLabels(groupLabels(element.labels, matching, true));
  const rightKeys = new Set(right.map(keyOf));
  if (op === 'and') return left.filter((element) => rightKeys.has(keyOf(element)));
  if (op === 'unless') return left.filter((element) => !rightKeys.has(keyOf(element)));
  const leftKeys = new Set(left.map(keyOf));
  return [...left, ...right.filter((element) => !leftKeys.has(keyOf(element)))];
}
