import { GOOD_METRIC, JUDGED } from '../example.ts';
import type { Rule } from '../types.ts';

export const badQuery: Rule = {
  name: 'bad-query',
  severity: 'error',
  summary: 'The query is no PromQL: every measurement is an Error.',
  bad: {
    metric: JUDGED + 'provider: {prometheus: {query: \'sum(rate(errors{hash="{{args.hash}}"}[1m])\'}}',
  },
  good: {
    metric: GOOD_METRIC,
  },
  check: ({ metrics }) =>
    metrics.flatMap(({ query, path }) =>
      query?.fault === undefined
        ? []
        : [
            {
              path: [...path, 'provider', 'prometheus', 'query'],
              message: `the query can't be asked: ${query.fault}`,
            },
          ],
    ),
};
