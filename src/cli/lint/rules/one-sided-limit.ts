import { limitText } from '../../../lang/condition-limits.ts';
import { valueOf, wantedLimit } from '../advice.ts';
import { verdictOnNumber } from '../judged.ts';
import type { Rule } from '../types.ts';

export const oneSidedLimit: Rule = {
  name: 'one-sided-limit',
  severity: 'warning',
  summary: 'A ratio with a lower limit only: above 1, or infinite after a division by 0, it passes.',
  bad: {
    metric:
      'successCondition: len(result) > 0 && result[0] >= 0.95\n' +
      'failureCondition: len(result) > 0 && result[0] < 0.95\n' +
      'provider:\n' +
      '  prometheus:\n' +
      '    query: |\n' +
      '      sum(rate(requests{hash="{{args.hash}}", code!~"5.."}[1m]))\n' +
      '        / (sum(rate(requests{hash="{{args.hash}}"}[1m])) > 0)',
  },
  good: {
    metric:
      'successCondition: len(result) > 0 && result[0] >= 0.95 && result[0] <= 1\n' +
      'failureCondition: len(result) > 0 && result[0] < 0.95\n' +
      'provider:\n' +
      '  prometheus:\n' +
      '    query: |\n' +
      '      sum(rate(requests{hash="{{args.hash}}", code!~"5.."}[1m]))\n' +
      '        / (sum(rate(requests{hash="{{args.hash}}"}[1m])) > 0)',
  },
  check: ({ metrics }) =>
    metrics.flatMap((metric) => {
      const condition = metric.success ?? metric.failure;
      if (condition === undefined || metric.query?.divides !== true) return [];
      if (verdictOnNumber(metric, Infinity) !== 'Successful') return [];
      const limit = wantedLimit(metric);
      const lower = limit === undefined ? '>= 0.95' : limitText(limit);
      const value = valueOf(metric);
      return [
        {
          path: condition.path,
          message: `infinity is a success by \`${condition.source}\`: a ratio whose divisor lacks series, or is 0, grows without limit`,
          write: `successCondition: ${value === 'result' ? '' : 'len(result) > 0 && '}${value} ${lower} && ${value} <= 1`,
        },
      ];
    }),
};
