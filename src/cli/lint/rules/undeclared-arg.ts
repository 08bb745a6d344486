import { GOOD_ITEM } from '../example.ts';
import type { Rule } from '../types.ts';

export const undeclaredArg: Rule = {
  name: 'undeclared-arg',
  severity: 'error',
  summary: 'A metric uses an argument that is not declared: the run is an Error.',
  bad: {
    spec: 'metrics:\n' + GOOD_ITEM,
  },
  good: {
    spec: 'args: [{name: hash}]\nmetrics:\n' + GOOD_ITEM,
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
