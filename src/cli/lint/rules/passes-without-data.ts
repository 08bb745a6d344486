import { bothConditions } from '../advice.ts';
import { verdictOnNothing } from '../judged.ts';
import { ASKED } from '../example.ts';
import type { Rule } from '../types.ts';

export const passesWithoutData: Rule = {
  name: 'passes-without-data',
  severity: 'warning',
  summary: 'The conditions hold for an answer without any data.',
  bad: {
    metric: 'successCondition: len(result) == 0 || result[0] < 0.05\n' + ASKED,
  },
  good: {
    metric:
      'successCondition: len(result) > 0 && result[0] < 0.05\n' +
      'failureCondition: len(result) > 0 && result[0] >= 0.05\n' +
      ASKED,
  },
  check: ({ metrics }) =>
    metrics.flatMap((metric) => {
      const condition = metric.success ?? metric.failure;
      if (condition === undefined || verdictOnNothing(metric) !== 'Successful') return [];
      return [
        {
          path: condition.path,
          message: `no data at all is a success by \`${condition.source}\`: a canary that nobody called is promoted`,
          write: bothConditions(metric),
        },
      ];
    }),
};
