import { argsOfCall, someNode } from '../../../lang/expr/tree.ts';
import type { Node } from '../../../lang/expr/ast.ts';
import { isIndexOfResult } from '../conditions.ts';
import { JUDGED } from '../example.ts';
import type { Rule } from '../types.ts';

export const severalSeries: Rule = {
  name: 'several-series',
  severity: 'warning',
  summary: 'The query may give several series, and only one of them is judged.',
  bad: {
    metric: JUDGED + 'provider: {prometheus: {query: \'rate(errors{hash="{{args.hash}}"}[1m])\'}}',
  },
  good: {
    metric:
      'successCondition: "len(result) > 0 && all(result, # < 5)"\n' +
      'failureCondition: "any(result, # >= 5)"\n' +
      'provider: {prometheus: {query: \'rate(errors{hash="{{args.hash}}"}[1m])\'}}',
  },
  check: ({ metrics }) =>
    metrics.flatMap(({ query, success, failure }) => {
      if (query?.mayHaveSeveral !== true) return [];
      return [success, failure].flatMap((condition) => {
        const { tree } = condition ?? {};
        if (condition === undefined || tree === undefined) return [];
        if (!someNode(tree, isIndexOfResult) || someNode(tree, looksAtAll)) return [];
        return [
          {
            path: condition.path,
            message: 'the query may answer with several series, and the condition looks at one of them',
            write:
              'sum(...) or max(...) around the query; or all(result, # < limit) and any(result, # >= limit)',
          },
        ];
      });
    }),
};

const ALL = ['all', 'any', 'none', 'one', 'map', 'filter', 'sum', 'max', 'min', 'mean', 'median', 'count'];

/** The whole list, or exactly how long it is. */
const looksAtAll = (node: Node): boolean =>
  ALL.some((name) => argsOfCall(node, name) !== undefined) ||
  (node.kind === 'binary' && node.operator === '==' && argsOfCall(node.left, 'len') !== undefined);
