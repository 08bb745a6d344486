import type { Rule } from '../types.ts';

export const undeclaredArg: Rule = {
  name: 'undeclared-arg',
  severity: 'error',
  summary: 'A metric uses an argument that is not declared: the run is an Error.',
  bad: {
    spec:
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
      : [...usedArgs]
          .filter(([name]) => !args.some((arg) => arg.name === name))
          .map(([name, path]) => ({
            path,
            message: `{{args.${name}}} is used and not declared: failed to resolve`,
            write: `args:\n- name: ${name}`,
          })),
};
