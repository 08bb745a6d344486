import { verdictOnNumber } from '../judged.ts';
import { JUDGED } from '../example.ts';
import type { Rule } from '../types.ts';

export const filledWithZero: Rule = {
  name: 'filled-with-zero',
  severity: 'warning',
  summary: '`or vector(0)` around the whole query makes a good number of no data.',
  bad: {
    metric:
      JUDGED +
      'provider: {prometheus: {query: \'sum(rate(errors{hash="{{args.hash}}"}[1m])) or vector(0)\'}}',
  },
  good: {
    metric:
      JUDGED +
      'provider:\n' +
      '  prometheus:\n' +
      '    query: |\n' +
      '      (sum(rate(errors{hash="{{args.hash}}"}[1m])) or vector(0))\n' +
      '        and on() sum(rate(requests{hash="{{args.hash}}"}[1m])) > 0',
  },
  check: ({ metrics }) =>
    metrics.flatMap((metric) => {
      const { query, path } = metric;
      // Where other parts may still be empty, the number stands in for a part only.
      if (query === undefined || query.mayBeEmpty || query.isScalar) return [];
      const passing = query.fills.filter((fill) => verdictOnNumber(metric, fill) === 'Successful');
      return passing.slice(0, 1).map((fill) => ({
        path: [...path, 'provider', 'prometheus', 'query'],
        message: `no data becomes ${fill}, which is a success: a canary that nobody called is promoted`,
        write: '(<query> or vector(0)) and on() sum(rate(<requests>[...])) > 0',
      }));
    }),
};
