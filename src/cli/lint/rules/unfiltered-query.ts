import { JUDGED } from '../example.ts';
import type { Rule } from '../types.ts';

const OF_THE_CANARY = /canary|preview|hash|version|revision|latest|pod|replica/i;

export const unfilteredQuery: Rule = {
  name: 'unfiltered-query',
  severity: 'warning',
  summary: 'The query selects all versions, so that the stable one hides what the canary does.',
  bad: {
    metric: JUDGED + 'provider: {prometheus: {query: \'sum(rate(errors{app="web"}[1m]))\'}}',
  },
  good: {
    metric:
      JUDGED +
      'provider: {prometheus: {query: \'sum(rate(errors{rollouts_pod_template_hash="{{args.hash}}"}[1m]))\'}}',
  },
  check: ({ metrics }) =>
    metrics.flatMap(({ query, path }) => {
      if (query === undefined || query.fault !== undefined || query.isScalar) return [];
      const isOfCanary = query.matchers.some(
        ({ label, value }) => OF_THE_CANARY.test(label) || OF_THE_CANARY.test(value),
      );
      // An argument may well name the canary's Service: whoever uses the template decides.
      if (isOfCanary || query.matchers.some(({ value }) => value.includes('{{'))) return [];
      return [
        {
          path: [...path, 'provider', 'prometheus', 'query'],
          message:
            'nothing in the query selects the new version: at 5 % weight, 95 % of what it sees is the old one',
          write:
            'a matcher such as rollouts_pod_template_hash="{{args.hash}}" or service="{{args.canary-service}}", with the argument from\n' +
            'valueFrom: {podTemplateHashValue: Latest}',
        },
      ];
    }),
};
