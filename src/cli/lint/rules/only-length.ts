import type { Node } from '../../../lang/expr/ast.ts';
import { childrenOf, isIdentifier, someNode } from '../../../lang/expr/tree.ts';
import { bothConditions } from '../advice.ts';
import { isLengthOfResult } from '../conditions.ts';
import { ASKED, GOOD_METRIC } from '../example.ts';
import type { Rule } from '../types.ts';

export const onlyLength: Rule = {
  name: 'only-length',
  severity: 'warning',
  summary: 'The conditions only count series and look at no value.',
  bad: {
    metric: 'successCondition: len(result) > 0\n' + ASKED,
  },
  good: {
    metric: GOOD_METRIC,
  },
  check: ({ metrics }) =>
    metrics.flatMap((metric) => {
      const conditions = [metric.success, metric.failure].filter((each) => each !== undefined);
      const [first] = conditions;
      const trees = conditions.map(({ tree }) => tree).filter((tree) => tree !== undefined);
      if (first === undefined || trees.length < conditions.length) return [];
      const counts = trees.some((tree) => someNode(tree, isLengthOfResult));
      if (!counts || trees.some(readsValue)) return [];
      return [
        {
          path: first.path,
          message: 'the conditions only look at how many series there are, not at their values',
          write: bothConditions(metric),
        },
      ];
    }),
};

const readsValue = (node: Node): boolean =>
  isIdentifier(node, 'result') || (!isLengthOfResult(node) && childrenOf(node).some(readsValue));
