import type { Node } from '../../../lang/expr/ast.ts';
import { argsOfCall, isIdentifier, someNode } from '../../../lang/expr/tree.ts';
import { bothConditions } from '../advice.ts';
import { isIndexOfResult, isLengthOfResult } from '../conditions.ts';
import { ASKED, GOOD_METRIC } from '../example.ts';
import type { ConditionFacts, Rule } from '../types.ts';

export const indexOfEmpty: Rule = {
  name: 'index-of-empty',
  severity: 'warning',
  summary:
    '`result[0]` of an empty vector is an error, and five of them abort a healthy release that got no traffic.',
  bad: {
    metric: 'successCondition: result[0] < 5\nfailureCondition: result[0] >= 5\n' + ASKED,
  },
  good: {
    metric: GOOD_METRIC,
  },
  check: ({ metrics }) =>
    metrics.flatMap((metric) => {
      if (metric.provider !== 'prometheus' || metric.query?.mayBeEmpty !== true) return [];
      const conditions = [metric.success, metric.failure].filter((each) => each !== undefined);
      return conditions.filter(indexesUnguarded).map(({ path, source }) => ({
        path,
        message: `\`${source}\` looks into the result without asking whether there is one: an empty vector is an Error, not a verdict`,
        write: bothConditions(metric),
      }));
    }),
};

const indexesUnguarded = ({ tree }: ConditionFacts): boolean =>
  tree !== undefined && someNode(tree, isIndex) && !someNode(tree, isLengthOfResult);

const isIndex = (node: Node): boolean =>
  isIndexOfResult(node) ||
  isIdentifier(argsOfCall(node, 'first')?.[0], 'result') ||
  isIdentifier(argsOfCall(node, 'last')?.[0], 'result');
