import { GOOD_METRIC } from '../example.ts';
import type { Rule } from '../types.ts';

const OUTCOMES = ['noData', 'nan', 'staleSample', 'multipleSeries', 'providerError'] as const;

export const passingPolicy: Rule = {
  name: 'passing-policy',
  severity: 'warning',
  summary: 'A policy of `evidence` makes a success of no clear answer.',
  bad: { metric: `evidence: {noData: pass}\n${GOOD_METRIC}` },
  good: { metric: `evidence: {noData: hold}\n${GOOD_METRIC}` },
  check: ({ metrics }) =>
    metrics.flatMap(({ filled, path }) =>
      OUTCOMES.filter((outcome) => filled.evidence?.[outcome] === 'pass').map((outcome) => ({
        path: [...path, 'evidence', outcome],
        message: `evidence.${outcome}: pass lets a measurement pass without a clear answer`,
        write: `${outcome}: hold   # waits for answers; or inconclusive, which pauses the release`,
      })),
    ),
};
