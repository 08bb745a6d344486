/** AnalysisTemplates that a Rollout runs (spec 01 section 3.4, spec 05 section 2). Pure. */

import {
  decodeTemplate,
  type AnalysisTemplate,
  type ClusterAnalysisTemplate,
  type Metric,
} from '../../../../api/analysis.ts';
import type { Argument, RolloutAnalysis } from '../../../../api/analysis-args.ts';
import { formatIssues } from '../../../../api/decode.ts';
import { invalid, type FieldError } from '../../../../api/field-error.ts';
import type { Rollout } from '../../../../api/rollout.ts';
import {
  buildRunSpec,
  collectTemplates,
  effectiveCount,
  resolveMetrics,
  resolveRolloutArgs,
} from '../../../analysis/build.ts';
import { DUMMY, validateExpressions, withValue } from './expressions.ts';
import { get, type AnalysisReference, type Found } from './objects.ts';
import { templatesOf } from '../../defaults.ts';
import { listedMetrics } from '../../../analysis/resolve.ts';

type Template = AnalysisTemplate | ClusterAnalysisTemplate;

/** The templates of one analysis, nested ones too, or the error that stops the search. */
export function findTemplates(
  reference: AnalysisReference,
  objects: { analysisTemplates?: Found | undefined; clusterAnalysisTemplates?: Found | undefined },
): { templates: Template[]; clusterTemplates: Template[] } | { error: FieldError } {
  const unreadable: FieldError[] = [];
  const read = (found: Found | undefined, kind: string, name: string): Template | undefined => {
    const raw = found === undefined ? undefined : get(found, name);
    if (raw === undefined) return undefined;
    const decoded = decodeTemplate(raw);
    if (decoded.ok) return decoded.value;
    unreadable.push(invalid(reference.field, name, `${kind} ${name}: ${formatIssues(decoded.issues)}`));
    return undefined;
  };
  const collected = collectTemplates<Template>(templatesOf(reference.analysis), {
    template: (name) => read(objects.analysisTemplates, 'AnalysisTemplate', name),
    clusterTemplate: (name) => read(objects.clusterAnalysisTemplates, 'ClusterAnalysisTemplate', name),
  });
  const [first] = unreadable;
  if (first !== undefined) return { error: first };
  if ('error' in collected) {
    const field = collected.nested ? 'spec.templates' : reference.field;
    return { error: invalid(field, collected.templateName, collected.error) };
  }
  return collected;
}

/** Whether a run can be made of the templates, and ends where the release waits for it. */
export function validateTemplates(
  reference: AnalysisReference,
  templates: readonly Template[],
  clusterTemplates: readonly Template[],
  rollout: Rollout,
): FieldError[] {
  const given = resolveRolloutArgs(reference.analysis.args, rollout, {
    latestHash: DUMMY,
    stableHash: DUMMY,
  });
  if ('error' in given)
    return [invalid(reference.field, namesOf([...templates, ...clusterTemplates]), given.error)];
  const { args } = given;
  const judge = (): FieldError[] => judgeTemplates(reference, templates, clusterTemplates, args, rollout);
  const of = [rollout.spec.strategy, ...templates, undefined, ...clusterTemplates];
  if (![reference.analysis, ...of].every((part) => Object.isFrozen(part))) return judge();
  const text = JSON.stringify(args);
  const last = verdicts.get(reference.analysis);
  const same = last?.of.length === of.length && last.of.every((part, i) => part === of[i]);
  if (same && last.args === text) return last.errors;
  const errors = judge();
  verdicts.set(reference.analysis, { of, args: text, errors });
  return errors;
}

/** What was found last of an analysis: it is looked at with every pass, and seldom has anything changed. */
const verdicts = new WeakMap<
  RolloutAnalysis,
  { readonly of: readonly unknown[]; readonly args: string; readonly errors: FieldError[] }
>();

function judgeTemplates(
  reference: AnalysisReference,
  templates: readonly Template[],
  clusterTemplates: readonly Template[],
  args: readonly Argument[],
  rollout: Rollout,
): FieldError[] {
  const all = [...templates, ...clusterTemplates];
  const build = { templates, clusterTemplates, args };
  // Rules of the steps are tried on every template: a clash shows itself before the first step runs.
  const steps = (rollout.spec.strategy?.canary?.steps ?? []).map(({ analysis }) => analysis);
  const none: RolloutAnalysis = {};
  for (const rules of [none, ...steps.filter((analysis) => analysis !== undefined)]) {
    const { dryRun, measurementRetention } = rules;
    const built = buildRunSpec({ ...build, dryRun, measurementRetention });
    if ('error' in built) return [invalid(reference.field, namesOf(all), built.error)];
  }
  return all.flatMap((template) => [
    ...(reference.role === 'background'
      ? validateBackground(reference, template, rollout)
      : validateFinite(reference, template, args)),
    ...validateExpressions(reference, template, args),
  ]);
}

const namesOf = (templates: readonly Template[]): string =>
  `templateNames: [${templates.map(({ metadata }) => metadata.name).join(' ')}]`;

function validateBackground(
  { field, analysis }: AnalysisReference,
  { metadata, spec }: Template,
  rollout: Rollout,
): FieldError[] {
  const open = (spec.args ?? []).filter(
    ({ value, valueFrom }) => value === undefined && valueFrom === undefined,
  );
  const args = rollout.spec.strategy?.canary === undefined ? undefined : analysis.args;
  return open.flatMap(({ name }) => {
    if (args === undefined) {
      return [invalid(field, metadata.name, 'missing analysis arguments in rollout spec')];
    }
    return args.some((arg) => arg.name === name) ? [] : [invalid(field, metadata.name, name)];
  });
}

/** The release waits for this run, so each metric must come to an end. */
function validateFinite(
  { field }: AnalysisReference,
  { metadata, spec }: Template,
  given: readonly Argument[],
): FieldError[] {
  const fail = (detail: string): FieldError[] => [invalid(field, metadata.name, detail)];
  const both = (spec.args ?? []).find(
    ({ value, valueFrom }) => value !== undefined && valueFrom !== undefined,
  );
  if (both !== undefined) {
    return fail(`AnalysisTemplate ${metadata.name}: arg '${both.name}' has both Value and ValueFrom fields`);
  }
  const args = (spec.args ?? []).map((arg) => withValue(arg, given));
  const resolved = resolveMetrics(listedMetrics(spec), args);
  if ('error' in resolved) return fail(`AnalysisTemplate ${metadata.name}: ${resolved.error}`);
  return resolved.metrics.flatMap((metric, index) => {
    if (effectiveCount(metric) !== undefined || isOpen(spec.metrics?.[index], metric)) return [];
    const count = metric.count === undefined ? '<nil>' : String(metric.count);
    return fail(
      `AnalysisTemplate ${metadata.name} has metric ${metric.name} which runs indefinitely. Invalid value for count: ${count}`,
    );
  });
}

/** A count that stands in a Secret, or comes with the run, is judged when the run is made. */
function isOpen(template: Metric | undefined, resolved: Metric): boolean {
  return template?.count !== resolved.count && !/^\d+$/.test(String(resolved.count));
}
