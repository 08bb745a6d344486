import { GOOD_ITEM } from '../example.ts';
import type { Rule } from '../types.ts';

export const unusedArg: Rule = {
  name: 'unused-arg',
  severity: 'warning',
  summary: 'A declared argument is used nowhere: what it was meant to select is not selected.',
  bad: {
    spec: 'args: [{name: hash}, {name: namespace}]\nmetrics:\n' + GOOD_ITEM,
  },
  good: {
    spec: 'args: [{name: hash}]\nmetrics:\n' + GOOD_ITEM,
  },
  check: ({ args, usedArgs, nests }) =>
    nests
      ? []
      : args.flatMap(({ name }, i) =>
          usedArgs.has(name)
            ? []
            : [
                {
                  path: ['spec', 'args', i],
                  message: `the argument ${JSON.stringify(name)} is used nowhere`,
                },
              ],
        ),
};
