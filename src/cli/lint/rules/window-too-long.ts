import { formatDuration } from '../../../lang/duration.ts';
import { GOOD_METRIC, JUDGED } from '../example.ts';
import type { Hit, MetricFacts, Rule, Use } from '../types.ts';
import { lastMeasurementAfter } from '../windows.ts';

export const windowTooLong: Rule = {
  name: 'window-too-long',
  severity: 'warning',
  summary: 'The query looks back beyond the beginning of the step: it judges what was before.',
  bad: {
    metric: JUDGED + 'provider: {prometheus: {query: \'sum(rate(errors{hash="{{args.hash}}"}[10m]))\'}}',
    canary:
      'steps:\n' +
      '- setWeight: 20\n' +
      '- pause: {duration: 1m}\n' +
      '- analysis: {templates: [{templateName: example}], args: [{name: hash, value: x}]}',
  },
  good: {
    metric: GOOD_METRIC,
    canary:
      'steps:\n' +
      '- setWeight: 20\n' +
      '- pause: {duration: 1m}\n' +
      '- analysis: {templates: [{templateName: example}], args: [{name: hash, value: x}]}',
  },
  check: ({ metrics, uses }) =>
    metrics.flatMap((metric) => {
      const steps = uses.filter(({ kind, heldMs }) => kind === 'step' && heldMs !== undefined);
      return steps.length > 0 ? steps.flatMap((use) => hitsOf(metric, use)) : hitsOf(metric, undefined);
    }),
};

function hitsOf(metric: MetricFacts, use: Use | undefined): Hit[] {
  const window = Math.max(0, ...(metric.query?.windowsMs ?? []));
  const runs = lastMeasurementAfter(metric.filled);
  // A single look without a delay follows a pause; how long that is, only the Rollout says.
  if (runs === undefined || (use === undefined && runs === 0)) return [];
  const watched = runs + (use?.heldMs ?? 0);
  if (window <= watched) return [];
  const last = formatDuration(watched);
  const since = use === undefined ? 'the run began' : 'the weight was set';
  return [
    {
      path: [...metric.path, 'provider', 'prometheus', 'query'],
      message: `it looks back ${formatDuration(window)}, but its last measurement is taken ${last} after ${since}: part of what it judges was before`,
      write: `a range of at most [${last}]; or initialDelay: ${formatDuration(window - runs)}${use === undefined ? '' : ', or a longer pause'}`,
    },
  ];
}
