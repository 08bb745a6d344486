import { bothConditions } from '../advice.ts';
import { ASKED, GOOD_METRIC } from '../example.ts';
import type { Rule } from '../types.ts';

/** These judge by themselves. */
const JUDGES = new Set(['', 'job', 'kayenta', 'plugin', 'judge']);

export const noCondition: Rule = {
  name: 'no-condition',
  severity: 'error',
  summary: 'A metric without any condition succeeds whatever is measured.',
  bad: {
    metric: ASKED,
  },
  good: {
    metric: GOOD_METRIC,
  },
  check: ({ metrics }) =>
    metrics
      .filter(({ success, failure, provider }) => !success && !failure && !JUDGES.has(provider))
      .map((metric) => ({
        path: metric.path,
        message:
          'it has neither successCondition nor failureCondition: every answer is a success, an empty one too',
        write: bothConditions(metric),
      })),
};
