import { validateMetric } from '../../../plan/analysis/validate.ts';
import type { Rule } from '../types.ts';
import { intervalMissing } from './interval-missing.ts';

export const invalidMetric: Rule = {
  name: 'invalid-metric',
  severity: 'error',
  summary:
    'The controller refuses the metric: limits that contradict each other, durations that are none, no provider.',
  bad: { metric: 'interval: 5 minutes\nprovider: {job: {spec: {}}}' },
  good: { metric: 'interval: 5m\ncount: 2\nprovider: {job: {spec: {}}}' },
  check: (subject) =>
    subject.metrics.flatMap(({ filled, path }, i) => {
      if (subject.metrics.some((other, n) => n < i && other.filled.name === filled.name))
        return [{ path: [...path, 'name'], message: `two metrics are named ${JSON.stringify(filled.name)}` }];
      const fault = validateMetric(filled);
      const told = intervalMissing.check({ ...subject, metrics: subject.metrics.slice(i, i + 1) });
      return fault === undefined || told.length > 0 ? [] : [{ path, message: fault }];
    }),
};
