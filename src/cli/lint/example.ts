/** What the examples of the rules share. */

/** Lines of a metric: either verdict needs a value. */
export const JUDGED =
  'successCondition: len(result) > 0 && result[0] < 5\nfailureCondition: len(result) > 0 && result[0] >= 5\n';

export const ASKED = 'provider: {prometheus: {query: \'sum(rate(errors{hash="{{args.hash}}"}[1m]))\'}}';

export const GOOD_METRIC = JUDGED + ASKED;

/** The same as an item of `metrics`. */
export const GOOD_ITEM = `- name: errors\n  ${GOOD_METRIC.replaceAll('\n', '\n  ')}`;
