import { GOOD_ITEM } from '../example.ts';
import type { Rule } from '../types.ts';

export const duplicateArg: Rule = {
  name: 'duplicate-arg',
  severity: 'error',
  summary: 'An argument is declared twice: with two values the run is refused, else one of them is lost.',
  bad: {
    spec: 'args: [{name: hash}, {name: hash, value: abc}]\nmetrics:\n' + GOOD_ITEM,
  },
  good: {
    spec: 'args: [{name: hash, value: abc}]\nmetrics:\n' + GOOD_ITEM,
  },
  check: ({ args }) =>
    args.flatMap(({ name }, i) =>
      args.findIndex((arg) => arg.name === name) < i
        ? [{ path: ['spec', 'args', i], message: `the argument ${JSON.stringify(name)} is declared twice` }]
        : [],
    ),
};
