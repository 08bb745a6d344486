import { checkCondition } from '../../../lang/condition.ts';
import { ASKED, GOOD_METRIC } from '../example.ts';
import type { Rule } from '../types.ts';

/** In YAML without quotes a ` #` begins a comment, which takes the rest of the condition along. */
const CUT_OFF = { write: '"all(result, # < 5)"   # with quotes: else YAML takes the # for a comment' };

export const badCondition: Rule = {
  name: 'bad-condition',
  severity: 'error',
  summary: 'A condition can never be evaluated: every measurement is an Error.',
  bad: {
    metric:
      'successCondition: len(result) > 0 && reslt[0] < 5\n' +
      'failureCondition: len(result) > 0 && result[0] >= 5\n' +
      ASKED,
  },
  good: {
    metric: GOOD_METRIC,
  },
  check: ({ metrics }) =>
    metrics.flatMap(({ success, failure }) =>
      [success, failure].flatMap((condition) => {
        const fault = condition === undefined ? undefined : checkCondition(condition.source);
        return condition === undefined || fault === undefined
          ? []
          : [
              {
                path: condition.path,
                message: fault.message.split('\n')[0] ?? '',
                ...(/[,(&|]$/.test(condition.source.trim()) ? CUT_OFF : {}),
              },
            ];
      }),
    ),
};
