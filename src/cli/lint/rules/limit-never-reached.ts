import {
  consecutiveSuccessLimit,
  effectiveCount,
  failureLimit,
  inconclusiveLimit,
} from '../../../plan/analysis/limits.ts';
import { JUDGED } from '../example.ts';
import type { Hit, MetricFacts, Rule } from '../types.ts';

export const limitNeverReached: Rule = {
  name: 'limit-never-reached',
  severity: 'error',
  summary:
    'failureLimit or inconclusiveLimit is not below count: the metric ends as a success whatever it measures.',
  bad: {
    metric:
      'count: 3\n' +
      'interval: 10s\n' +
      'failureLimit: 3\n' +
      JUDGED +
      'provider: {prometheus: {query: \'sum(rate(errors{hash="{{args.hash}}"}[10s]))\'}}',
  },
  good: {
    metric:
      'count: 3\n' +
      'interval: 10s\n' +
      'failureLimit: 1\n' +
      JUDGED +
      'provider: {prometheus: {query: \'sum(rate(errors{hash="{{args.hash}}"}[10s]))\'}}',
  },
  check: ({ metrics }) => metrics.flatMap(hitsOf),
};

function hitsOf({ filled, path }: MetricFacts): Hit[] {
  const count = effectiveCount(filled);
  // With successes in a row to be reached, running out of measurements is no success.
  if (count === undefined || count <= 0 || consecutiveSuccessLimit(filled) > 0) return [];
  const hits: Hit[] = [];
  const failures = failureLimit(filled);
  if (failures >= count)
    hits.push({
      path: [...path, 'failureLimit'],
      message: `of ${count} measurement${count === 1 ? '' : 's'} all may fail (failureLimit ${failures}): the metric can't fail`,
      write: `failureLimit: ${Math.floor((count - 1) / 3)}`,
    });
  const inconclusive = inconclusiveLimit(filled);
  if (inconclusive >= count)
    hits.push({
      path: [...path, 'inconclusiveLimit'],
      message: `of ${count} measurement${count === 1 ? '' : 's'} all may be inconclusive (inconclusiveLimit ${inconclusive}): knowing nothing passes`,
      write: `inconclusiveLimit: ${Math.floor((count - 1) / 2)}`,
    });
  return hits;
}
