/** Looking at the syntax tree of an expression without running it. Pure. */

import { mapChildren } from './ast.ts';
import type { Node } from './ast.ts';
import { builtinNamed } from './builtins.ts';
import { ExpressionError } from './error.ts';
import { parse } from './parser.ts';

/** Undefined where the source is no expression. */
export function treeOf(source: string): Node | undefined {
  try {
    return parse(source, (name) => builtinNamed(name) !== undefined);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  mapChildren(node, (child) => {
    children.push(child);
    return child;
  });
  return children;
}

/** Whether a node of the tree, the top one included, is one of those. */
export function someNode(node: Node, is: (node: Node) => boolean): boolean {
  return is(node) || childrenOf(node).some((child) => someNode(child, is));
}

/** The arguments of a call of that function; undefined for anything else. */
export function argsOfCall(node: Node, name: string): readonly Node[] | undefined {
  if (node.kind === 'builtin') return node.name === name ? node.args : undefined;
  const isCall = node.kind === 'call' && node.callee.kind === 'identifier' && node.callee.name === name;
  return isCall ? node.args : undefined;
}

export const isIdentifier = (node: Node | undefined, name: string): boolean =>
  node?.kind === 'identifier' && node.name === name;
