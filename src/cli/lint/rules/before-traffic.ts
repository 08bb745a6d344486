import { ASKED, JUDGED } from '../example.ts';
import type { Rule } from '../types.ts';

const WAITING = `evidence: {waitForTraffic: true}\n${JUDGED}${ASKED}`;
const GATE = '- analysis: {templates: [{templateName: example}], args: [{name: hash, value: x}]}';

export const beforeTraffic: Rule = {
  name: 'before-traffic',
  severity: 'warning',
  summary: 'A metric waits for traffic in a step that comes before any: the release stands there for ever.',
  bad: { metric: WAITING, canary: `steps:\n- setCanaryScale: {replicas: 1}\n${GATE}\n- setWeight: 20` },
  good: { metric: WAITING, canary: `steps:\n- setWeight: 20\n- pause: {duration: 1m}\n${GATE}` },
  check: ({ metrics, uses }) =>
    metrics
      .filter(({ filled }) => filled.evidence?.waitForTraffic === true)
      .flatMap(({ filled }) =>
        uses
          .filter(({ weight }) => weight === 0)
          .map(({ manifest, path }) => ({
            manifest,
            path,
            message: `the metric ${JSON.stringify(filled.name)} waits for traffic, and the canary has none in this step: the release is held here until somebody promotes`,
            write: '- setWeight: 5   # before this step',
          })),
      ),
};
