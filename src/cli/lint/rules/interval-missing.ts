import { intValue } from '../../../plan/analysis/limits.ts';
import { GOOD_METRIC } from '../example.ts';
import type { Rule } from '../types.ts';

export const intervalMissing: Rule = {
  name: 'interval-missing',
  severity: 'error',
  summary: 'A count above 1 needs an interval: the run is refused.',
  bad: {
    metric: 'count: 3\n' + GOOD_METRIC,
  },
  good: {
    metric: 'count: 3\ninterval: 30s\n' + GOOD_METRIC,
  },
  check: ({ metrics }) =>
    metrics.flatMap(({ filled, path }) => {
      const count = filled.count === undefined || filled.count === null ? 0 : intValue(filled.count);
      return count > 1 && (filled.interval ?? '') === ''
        ? [
            {
              path: [...path, 'count'],
              message: `${count} measurements without an interval between them: the run is refused`,
              write: 'interval: 30s',
            },
          ]
        : [];
    }),
};
