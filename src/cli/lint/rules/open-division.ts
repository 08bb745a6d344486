import type { Rule } from '../types.ts';

export const openDivision: Rule = {
  name: 'open-division',
  severity: 'warning',
  summary: 'A division by a rate is NaN when there is no traffic: neither a number nor an empty answer.',
  bad: {
    metric:
      'successCondition: len(result) > 0 && result[0] < 0.05\n' +
      'failureCondition: len(result) > 0 && result[0] >= 0.05\n' +
      'provider:\n' +
      '  prometheus:\n' +
      '    query: |\n' +
      '      sum(rate(errors{hash="{{args.hash}}"}[1m]))\n' +
      '        / sum(rate(requests{hash="{{args.hash}}"}[1m]))',
  },
  good: {
    metric:
      'successCondition: len(result) > 0 && result[0] < 0.05\n' +
      'failureCondition: len(result) > 0 && result[0] >= 0.05\n' +
      'provider:\n' +
      '  prometheus:\n' +
      '    query: |\n' +
      '      sum(rate(errors{hash="{{args.hash}}"}[1m]))\n' +
      '        / (sum(rate(requests{hash="{{args.hash}}"}[1m])) > 0)',
  },
  check: ({ metrics }) =>
    metrics.flatMap(({ query, path }) =>
      (query?.openDivisors ?? []).map((divisor) => {
        const bare = divisor.replaceAll(/\s+/g, ' ');
        return {
          path: [...path, 'provider', 'prometheus', 'query'],
          message: `the divisor \`${bare}\` is 0 when there is no traffic, and 0/0 is NaN`,
          write: `/ (${bare} > 0)   # then the answer is empty, and len(result) > 0 is false`,
        };
      }),
    ),
};
