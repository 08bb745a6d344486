/** What conditions look at. Pure. */

import type { Node } from '../../lang/expr/ast.ts';
import { argsOfCall, isIdentifier } from '../../lang/expr/tree.ts';

/** `result[0]`. */
export const isIndexOfResult = (node: Node): boolean =>
  node.kind === 'member' && isIdentifier(node.object, 'result') && node.property.kind === 'integer';

/** `len(result)`. */
export const isLengthOfResult = (node: Node): boolean => isIdentifier(argsOfCall(node, 'len')?.[0], 'result');
