import { bothConditions } from '../advice.ts';
import { ASKED } from '../example.ts';
import type { Rule } from '../types.ts';

export const failureOnly: Rule = {
  name: 'failure-only',
  severity: 'warning',
  summary: 'With only a failureCondition, whatever is not proven bad passes.',
  bad: {
    metric: 'failureCondition: len(result) > 0 && result[0] > 0.05\n' + ASKED,
  },
  good: {
    metric:
      'successCondition: len(result) > 0 && result[0] <= 0.05\n' +
      'failureCondition: len(result) > 0 && result[0] > 0.05\n' +
      ASKED,
  },
  check: ({ metrics }) =>
    metrics.flatMap((metric) => {
      const { success, failure } = metric;
      if (success !== undefined || failure === undefined) return [];
      return [
        {
          path: failure.path,
          message: 'there is only a failureCondition: no data, NaN and nonsense are no failure, so they pass',
          write: bothConditions(metric),
        },
      ];
    }),
};
