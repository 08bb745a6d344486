import { GOOD_METRIC } from '../example.ts';
import type { Hit, Rule, Subject, Use } from '../types.ts';

export const givenArgs: Rule = {
  name: 'given-args',
  severity: 'error',
  summary:
    'A Rollout leaves out an argument without a default, or gives one that the template does not have.',
  bad: {
    metric: GOOD_METRIC,
    canary: 'analysis: {templates: [{templateName: example}], args: [{name: hsh, value: x}]}',
  },
  good: {
    metric: GOOD_METRIC,
    canary: 'analysis: {templates: [{templateName: example}], args: [{name: hash, value: x}]}',
  },
  check: (subject) => (subject.nests ? [] : subject.uses.flatMap((use) => hitsOf(subject, use))),
};

function hitsOf({ args, manifest: template }: Subject, use: Use): Hit[] {
  const { manifest, path } = use;
  const name = String((template['metadata'] as { name?: unknown } | undefined)?.name ?? '');
  const missing = args
    .filter(({ name: arg, value, valueFrom }) => {
      const isGiven = use.args.some((given) => given.name === arg);
      return (value ?? undefined) === undefined && (valueFrom ?? undefined) === undefined && !isGiven;
    })
    .map((arg) => ({
      manifest,
      path,
      message: `the template ${JSON.stringify(name)} needs the argument ${JSON.stringify(arg.name)}: args.${arg.name} was not resolved`,
      write: `args:\n- name: ${arg.name}\n  value: ...`,
    }));
  // Another template of the same run may be the one that declares it.
  const strangers = use.alone ? use.args.filter((given) => !args.some((arg) => arg.name === given.name)) : [];
  return [
    ...missing,
    ...strangers.map((given) => ({
      manifest,
      path: [...path, 'args', use.args.indexOf(given)],
      message: `the template ${JSON.stringify(name)} has no argument ${JSON.stringify(given.name)}: it is dropped`,
    })),
  ];
}
