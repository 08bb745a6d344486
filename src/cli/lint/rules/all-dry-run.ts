import { listAt, textAt } from '../../model/read.ts';
import { selectDryRun } from '../../../plan/analysis/select.ts';
import { GOOD_ITEM } from '../example.ts';
import type { Rule } from '../types.ts';

export const allDryRun: Rule = {
  name: 'all-dry-run',
  severity: 'warning',
  summary: 'Every metric runs dry: the analysis decides nothing.',
  bad: {
    spec: `args: [{name: hash}]\ndryRun: [{metricName: '.*'}]\nmetrics:\n${GOOD_ITEM}`,
  },
  good: {
    spec:
      'args: [{name: hash}]\n' +
      'dryRun: [{metricName: latency}]\n' +
      'metrics:\n' +
      GOOD_ITEM +
      '\n- name: latency\n' +
      '  successCondition: len(result) > 0 && result[0] < 0.5\n' +
      '  failureCondition: len(result) > 0 && result[0] >= 0.5\n' +
      '  provider: {prometheus: {query: \'sum(latency{hash="{{args.hash}}"})\'}}',
  },
  check: ({ manifest, metrics }) => {
    const rules = listAt(manifest, 'spec', 'dryRun').map((rule) => ({
      metricName: textAt(rule, 'metricName'),
    }));
    const dry = selectDryRun(
      metrics.map(({ filled }) => filled),
      rules,
    );
    if ('error' in dry) return [{ path: ['spec', 'dryRun'], message: `${dry.error}: the run is refused` }];
    return metrics.length > 0 && metrics.every(({ filled }) => dry.names.has(filled.name))
      ? [
          {
            path: ['spec', 'dryRun'],
            message: 'every metric runs dry, so that the analysis is always a success',
          },
        ]
      : [];
  },
};
