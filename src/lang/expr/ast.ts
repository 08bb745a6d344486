/** The syntax tree. `at` is the place of a node in the source (in characters); `nature` is set by the checker. */

import type { Nature } from './nature.ts';
import type { Value } from './values.ts';

interface Base {
  readonly at: number;
  /** Levels of nodes beneath: bounds every later recursion. */
  readonly depth: number;
  nature?: Nature;
}

export type Node =
  | NilNode
  | IdentifierNode
  | IntegerNode
  | FloatNode
  | BoolNode
  | StringNode
  | BytesNode
  | ConstantNode
  | UnaryNode
  | BinaryNode
  | ChainNode
  | MemberNode
  | SliceNode
  | CallNode
  | BuiltinNode
  | PredicateNode
  | PointerNode
  | LetNode
  | SequenceNode
  | ConditionalNode
  | ArrayNode
  | MapNode;

type NilNode = Base & { readonly kind: 'nil' };
type IdentifierNode = Base & { readonly kind: 'identifier'; readonly name: string };
type IntegerNode = Base & { readonly kind: 'integer'; readonly value: bigint };
export type FloatNode = Base & { readonly kind: 'float'; readonly value: number };
type BoolNode = Base & { readonly kind: 'bool'; readonly value: boolean };
type StringNode = Base & { readonly kind: 'string'; readonly value: string };
type BytesNode = Base & { readonly kind: 'bytes'; readonly value: Uint8Array };
/** A value computed before the run. */
type ConstantNode = Base & { readonly kind: 'constant'; readonly value: Value };
export type UnaryNode = Base & { readonly kind: 'unary'; readonly operator: string; operand: Node };
export type BinaryNode = Base & {
  readonly kind: 'binary';
  readonly operator: string;
  left: Node;
  right: Node;
};
/** The extent of a `?.`: what follows is skipped when a link is nil. */
type ChainNode = Base & { readonly kind: 'chain'; operand: Node };
export type MemberNode = Base & {
  readonly kind: 'member';
  object: Node;
  property: Node;
  readonly optional: boolean;
  readonly method: boolean;
};
export type SliceNode = Base & {
  readonly kind: 'slice';
  object: Node;
  from: Node | undefined;
  to: Node | undefined;
};
export type CallNode = Base & { readonly kind: 'call'; callee: Node; args: Node[] };
export type BuiltinNode = Base & {
  readonly kind: 'builtin';
  readonly name: string;
  args: Node[];
  /** What a filter or find gives for an element, where a map around it was merged into it. */
  readonly map?: Node;
  /** find and findLast: fail instead of nil where nothing is found. */
  readonly throws?: boolean;
  /** count: stop at this many, because the comparison around it knows enough then. */
  readonly enough?: bigint;
};
export type PredicateNode = Base & { readonly kind: 'predicate'; body: Node };
export type PointerNode = Base & { readonly kind: 'pointer'; readonly name: string };
export type LetNode = Base & { readonly kind: 'let'; readonly name: string; value: Node; body: Node };
type SequenceNode = Base & { readonly kind: 'sequence'; nodes: Node[] };
export type ConditionalNode = Base & {
  readonly kind: 'conditional';
  test: Node;
  consequent: Node;
  otherwise: Node;
};
export type ArrayNode = Base & { readonly kind: 'array'; nodes: Node[] };
type MapNode = Base & { readonly kind: 'map'; pairs: { key: Node; value: Node }[] };

/** What a node holds besides its place. */
export type NodeFields<N extends Node = Node> = N extends Node ? Omit<N, 'at' | 'depth' | 'nature'> : never;

/** The same tree with `change` applied to every child. */
export function mapChildren(node: Node, change: (child: Node) => Node): Node {
  switch (node.kind) {
    case 'unary':
    case 'chain':
      return { ...node, operand: change(node.operand) };
    case 'binary':
      return { ...node, left: change(node.left), right: change(node.right) };
    case 'member':
      return { ...node, object: change(node.object), property: change(node.property) };
    case 'slice':
      return {
        ...node,
        object: change(node.object),
        from: node.from === undefined ? undefined : change(node.from),
        to: node.to === undefined ? undefined : change(node.to),
      };
    case 'call':
      return { ...node, callee: change(node.callee), args: node.args.map(change) };
    case 'builtin':
      return { ...node, args: node.args.map(change) };
    case 'predicate':
      return { ...node, body: change(node.body) };
    case 'let':
      return { ...node, value: change(node.value), body: change(node.body) };
    case 'sequence':
    case 'array':
      return { ...node, nodes: node.nodes.map(change) };
    case 'conditional':
      return {
        ...node,
        test: change(node.test),
        consequent: change(node.consequent),
        otherwise: change(node.otherwise),
      };
    case 'map':
      return {
        ...node,
        pairs: node.pairs.map(({ key, value }) => ({ key: change(key), value: change(value) })),
      };
    default:
      return node;
  }
}
