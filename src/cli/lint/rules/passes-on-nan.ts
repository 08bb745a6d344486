import { bothConditions, valueOf } from '../advice.ts';
import { verdictOnNumber } from '../judged.ts';
import { ASKED } from '../example.ts';
import type { Rule } from '../types.ts';

export const passesOnNan: Rule = {
  name: 'passes-on-nan',
  severity: 'warning',
  summary: 'The conditions hold for NaN: a comparison with NaN is false, and its negation true.',
  bad: {
    metric:
      'successCondition: len(result) > 0 && !(result[0] > 0.05)\n' +
      'failureCondition: len(result) > 0 && result[0] > 0.05\n' +
      ASKED,
  },
  good: {
    metric:
      'successCondition: len(result) > 0 && result[0] <= 0.05\n' +
      'failureCondition: len(result) > 0 && result[0] > 0.05\n' +
      ASKED,
  },
  check: ({ metrics }) =>
    metrics.flatMap((metric) => {
      const condition = metric.success ?? metric.failure;
      if (condition === undefined || verdictOnNumber(metric, Number.NaN) !== 'Successful') return [];
      return [
        {
          path: condition.path,
          message: `NaN is a success by \`${condition.source}\`: 0 errors of 0 requests is NaN`,
          write: `${bothConditions(metric)}\n# or ask for it: !isNaN(${valueOf(metric)}) && ...`,
        },
      ];
    }),
};
