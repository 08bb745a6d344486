/** The numbers that a condition holds the measured value against, as far as they stand in it. Pure. */

import type { Node } from './expr/ast.ts';
import { argsOfCall, childrenOf, isIdentifier, someNode, treeOf } from './expr/tree.ts';

export type LimitOperator = '<' | '<=' | '>' | '>=' | '==' | '!=';

/** The value is wanted on this side of the number, as the condition says it: `result[0] < 0.05` is `< 0.05`. */
export interface ConditionLimit {
  readonly operator: LimitOperator;
  readonly value: number;
}

const FLIPPED: Readonly<Record<LimitOperator, LimitOperator>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '==': '==',
  '!=': '!=',
};
const NEGATED: Readonly<Record<LimitOperator, LimitOperator>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '==': '!=',
  '!=': '==',
};

export const negated = ({ operator, value }: ConditionLimit): ConditionLimit => ({
  operator: NEGATED[operator],
  value,
});

export const limitText = ({ operator, value }: ConditionLimit): string => `${operator} ${value}`;

/** Comparisons of the value with a number; those of its length are none. Empty for what is no expression. */
export function limitsIn(condition: string | undefined): ConditionLimit[] {
  const tree = condition === undefined || condition === '' ? undefined : treeOf(condition);
  const found: ConditionLimit[] = [];
  const look = (node: Node, isNegated: boolean): void => {
    const limit = limitOf(node);
    if (limit !== undefined) found.push(isNegated ? negated(limit) : limit);
    const turns = node.kind === 'unary' && (node.operator === 'not' || node.operator === '!');
    const isNone = argsOfCall(node, 'none') !== undefined;
    for (const child of childrenOf(node)) look(child, turns || isNone ? !isNegated : isNegated);
  };
  if (tree !== undefined) look(tree, false);
  return found;
}

function limitOf(node: Node): ConditionLimit | undefined {
  if (node.kind !== 'binary' || !Object.hasOwn(FLIPPED, node.operator)) return undefined;
  const operator = node.operator as LimitOperator;
  const right = numberOf(node.right);
  if (right !== undefined && isAboutValue(node.left)) return { operator, value: right };
  const left = numberOf(node.left);
  if (left !== undefined && isAboutValue(node.right)) return { operator: FLIPPED[operator], value: left };
  return undefined;
}

function numberOf(node: Node): number | undefined {
  if (node.kind === 'integer' || node.kind === 'float') return Number(node.value);
  if (node.kind !== 'unary' || node.operator !== '-') return undefined;
  const value = numberOf(node.operand);
  return value === undefined ? undefined : -value;
}

const isAboutValue = (node: Node): boolean =>
  someNode(node, (inner) => isIdentifier(inner, 'result') || inner.kind === 'pointer') &&
  !someNode(
    node,
    (inner) => argsOfCall(inner, 'len') !== undefined || argsOfCall(inner, 'count') !== undefined,
  );
