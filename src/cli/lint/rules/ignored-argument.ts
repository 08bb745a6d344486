import type { Node } from '../../../lang/expr/ast.ts';
import { argsOfCall, childrenOf, isIdentifier } from '../../../lang/expr/tree.ts';
import { bothConditions } from '../advice.ts';
import { ASKED, GOOD_METRIC } from '../example.ts';
import type { ConditionFacts, Hit, MetricFacts, Rule } from '../types.ts';

export const ignoredArgument: Rule = {
  name: 'ignored-argument',
  severity: 'warning',
  summary:
    '`isNil` and `default` look at the whole result whatever they are given, and a vector is never nil.',
  bad: {
    metric:
      'successCondition: default(result[0], 0) < 5 && len(result) > 0\n' +
      'failureCondition: len(result) > 0 && result[0] >= 5\n' +
      ASKED,
  },
  good: {
    metric: GOOD_METRIC,
  },
  check: ({ metrics }) =>
    metrics.flatMap((metric) => [...hitsIn(metric, metric.success), ...hitsIn(metric, metric.failure)]),
};

function hitsIn(metric: MetricFacts, condition: ConditionFacts | undefined): Hit[] {
  const hits: Hit[] = [];
  const visit = (node: Node): void => {
    for (const name of ['isNil', 'default']) {
      const args = argsOfCall(node, name);
      if (args === undefined || condition === undefined) continue;
      const isVector = metric.provider === 'prometheus' || metric.provider === 'graphite';
      if (isVector)
        hits.push({
          path: condition.path,
          message: `${name}() guards nothing here: the result is ${metric.query?.isScalar === true ? 'a number' : 'a vector, empty or not'}, and never nil`,
          write: bothConditions(metric),
        });
      else if (!isIdentifier(args[0], 'result'))
        hits.push({
          path: condition.path,
          message: `${name}() ignores what it is given and looks at the whole result`,
          write: `${name}(result${name === 'default' ? ', <value>' : ''}), or compare the field with nil: result.field != nil`,
        });
    }
    for (const child of childrenOf(node)) visit(child);
  };
  if (condition?.tree !== undefined) visit(condition.tree);
  return hits;
}
