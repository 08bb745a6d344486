import type { Rule } from '../types.ts';

export const unusedArg: Rule = {
  name: 'unused-arg',
  severity: 'warning',
  summary: 'A declared argument is used nowhere: what it was meant to select is not selected.',
  bad: {
    spec:
      'args: [{name: hash}, {name: namespace}]\n' +
      'metrics:\n' +
      '- name: errors\n' +
      '  successCondition: len(result) > 0 && result[0] < 5\n' +
      '  failureCondition: len(result) > 0 && result[0] >= 5\n' +
      '  provider: {prometheus: {query: \'sum(rate(errors{hash="{{args.hash}}"}[1m]))\'}}',
  },
  good: {
    spec:
      'args: [{name: hash}]\n' +
      'metrics:\n' +
      '- name: errors\n' +
      '  successCondition: len(result) > 0 && result[0] < 5\n' +
      '  failureCondition: len(result) > 0 && result[0] >= 5\n' +
      '  provider: {prometheus: {query: \'sum(rate(errors{hash="{{args.hash}}"}[1m]))\'}}',
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
