import { consecutiveSuccessLimit, effectiveCount } from '../../../plan/analysis/limits.ts';
import { GOOD_METRIC } from '../example.ts';
import type { Rule } from '../types.ts';

export const endlessStep: Rule = {
  name: 'endless-step',
  severity: 'warning',
  summary:
    'A metric with an interval and no count never ends: a step or a gate that runs it stands for ever.',
  bad: {
    metric: 'interval: 1m\n' + GOOD_METRIC,
    canary:
      'steps:\n- setWeight: 20\n- analysis: {templates: [{templateName: example}], args: [{name: hash, value: x}]}',
  },
  good: {
    metric: 'interval: 1m\n' + GOOD_METRIC,
    canary: 'analysis: {templates: [{templateName: example}], args: [{name: hash, value: x}]}',
  },
  check: ({ metrics, uses }) =>
    metrics.flatMap(({ filled }) =>
      effectiveCount(filled) !== undefined || consecutiveSuccessLimit(filled) > 0
        ? []
        : uses
            .filter(({ kind }) => kind !== 'background')
            .map(({ manifest, path }) => ({
              manifest,
              path,
              message: `the metric ${JSON.stringify(filled.name)} has no count, so that this analysis ends only when it fails`,
              write: 'count: 5   # in the metric',
            })),
    ),
};
