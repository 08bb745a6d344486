/** From manifests to what the rules look at. Pure. */

import { type AnalysisTemplateSpec, analysisTemplateSpecSchema, type Metric } from '../../api/analysis.ts';
import type { RolloutAnalysis } from '../../api/analysis-args.ts';
import { decode, formatIssues } from '../../api/decode.ts';
import { rolloutSchema } from '../../api/rollout.ts';
import type { CanaryStep } from '../../api/rollout-steps.ts';
import { treeOf } from '../../lang/expr/tree.ts';
import { isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { substituteArgsInJson, TemplateArgsError } from '../../lang/template-args.ts';
import { pauseSeconds } from '../../plan/rollout/step-text.ts';
import { at, listAt, textAt } from '../model/read.ts';
import { queryFacts } from './promql.ts';
import type { ConditionFacts, MetricFacts, Path, Subject, Use } from './types.ts';

const TEMPLATE_KINDS = new Set(['AnalysisTemplate', 'ClusterAnalysisTemplate', 'AnalysisRun']);
/** For an argument without a default. */
const STAND_IN = '1';

export const isTemplate = (manifest: JsonObject): boolean =>
  textAt(manifest, 'apiVersion').startsWith('argoproj.io/') && TEMPLATE_KINDS.has(textAt(manifest, 'kind'));

/** The subjects among the manifests, each with the Rollouts among them that use it; or what of one can't be read. */
export function subjectsOf(
  manifests: readonly JsonObject[],
): (Subject | { readonly manifest: JsonObject; readonly unreadable: string })[] {
  const uses = manifests.flatMap((manifest) => usesIn(manifest, manifests));
  return manifests.filter(isTemplate).map((manifest) => {
    const read = decode(analysisTemplateSpecSchema, manifest['spec'] ?? {});
    if (!read.ok) return { manifest, unreadable: formatIssues(read.issues) };
    const kind = textAt(manifest, 'kind');
    const name = textAt(manifest, 'metadata', 'name');
    const own = uses.filter((use) => use.kind === kind && use.name === name);
    return subjectOf(
      manifest,
      kind,
      read.value,
      own.map(({ use }) => use),
    );
  });
}

function subjectOf(
  manifest: JsonObject,
  kind: string,
  spec: AnalysisTemplateSpec,
  uses: readonly Use[],
): Subject {
  const args = spec.args ?? [];
  const valueOf = (name: string): string | undefined =>
    args.find((arg) => arg.name === name && typeof arg.value === 'string')?.value;
  return {
    kind,
    manifest,
    args,
    metrics: (spec.metrics ?? []).map((metric, i) => metricFacts(metric, ['spec', 'metrics', i], valueOf)),
    nests: (spec.templates ?? []).length > 0,
    usedArgs: usedArgs(at(manifest, 'spec', 'metrics'), ['spec', 'metrics']),
    uses,
  };
}

function metricFacts(metric: Metric, path: Path, valueOf: (arg: string) => string | undefined): MetricFacts {
  const filled = filledIn(metric, valueOf);
  const provider =
    Object.entries(metric.provider ?? {}).find(([, config]) => isObject(config as Json))?.[0] ?? '';
  const query = metric.provider?.prometheus?.query;
  const condition = (which: 'successCondition' | 'failureCondition'): ConditionFacts | undefined => {
    const source = filled[which];
    if (source === undefined || source === '') return undefined;
    return { source, tree: treeOf(source), path: [...path, which] };
  };
  return {
    metric,
    filled,
    path,
    provider,
    success: condition('successCondition'),
    failure: condition('failureCondition'),
    query: provider === 'prometheus' ? queryFacts(query ?? '', valueOf) : undefined,
  };
}

function filledIn(metric: Metric, valueOf: (arg: string) => string | undefined): Metric {
  try {
    return substituteArgsInJson(
      metric as unknown as Json,
      (name) => valueOf(name) ?? STAND_IN,
    ) as unknown as Metric;
  } catch (error) {
    // A tag that is not closed, or names no argument: a rule of its own tells of it.
    if (error instanceof TemplateArgsError) return metric;
    throw error;
  }
}

const TAG = /\{\{\s*args\.([^}]*?)\s*\}\}/g;
const MAX_DEPTH = 100;

function usedArgs(value: unknown, path: Path): Map<string, Path> {
  const found = new Map<string, Path>();
  const visit = (part: unknown, where: Path): void => {
    if (where.length > MAX_DEPTH) return;
    if (typeof part === 'string') {
      for (const [, name = ''] of part.matchAll(TAG)) if (!found.has(name)) found.set(name, where);
    } else if (Array.isArray(part)) {
      for (const [i, item] of part.entries()) visit(item, [...where, i]);
    } else if (isObject(part as Json)) {
      for (const [key, item] of Object.entries(part as JsonObject)) {
        visit(key, where);
        visit(item, [...where, key]);
      }
    }
  };
  visit(value, path);
  return found;
}

interface NamedUse {
  readonly kind: string;
  readonly name: string;
  readonly use: Use;
}

function usesIn(manifest: JsonObject, manifests: readonly JsonObject[]): NamedUse[] {
  if (textAt(manifest, 'kind') !== 'Rollout') return [];
  const read = decode(rolloutSchema, manifest);
  if (!read.ok) return [];
  const { canary, blueGreen } = read.value.spec.strategy ?? {};
  const steps = canary?.steps ?? [];
  const of = (
    analysis: RolloutAnalysis | undefined,
    kind: Use['kind'],
    path: Path,
    before: readonly CanaryStep[] = [],
  ): NamedUse[] => {
    const refs = (analysis?.templates ?? []).map(({ templateName = '', clusterScope = false }) => ({
      kind: clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate',
      name: templateName,
    }));
    const alone = refs.length === 1 && refs.every((ref) => isSelfContained(ref, manifests));
    const use = { manifest, path, kind, args: analysis?.args ?? [], ...weightOf(kind, before), alone };
    return refs.map((ref) => ({ ...ref, use }));
  };
  const strategy: Path = ['spec', 'strategy'];
  return [
    ...steps.flatMap((step, i) =>
      of(step.analysis, 'step', [...strategy, 'canary', 'steps', i, 'analysis'], steps.slice(0, i)),
    ),
    ...of(canary?.analysis, 'background', [...strategy, 'canary', 'analysis']),
    ...of(blueGreen?.prePromotionAnalysis, 'gate', [...strategy, 'blueGreen', 'prePromotionAnalysis']),
    ...of(blueGreen?.postPromotionAnalysis, 'gate', [...strategy, 'blueGreen', 'postPromotionAnalysis']),
  ];
}

function isSelfContained(
  { kind, name }: { kind: string; name: string },
  manifests: readonly JsonObject[],
): boolean {
  const found = manifests.find(
    (each) => textAt(each, 'kind') === kind && textAt(each, 'metadata', 'name') === name,
  );
  return found !== undefined && listAt(found, 'spec', 'templates').length === 0;
}

/** After these steps: what the canary has, and for how long, by the pauses since. */
function weightOf(kind: Use['kind'], before: readonly CanaryStep[]): Pick<Use, 'weight' | 'heldMs'> {
  if (kind !== 'step') return { weight: undefined, heldMs: undefined };
  const last = before.findLastIndex(({ setWeight }) => setWeight !== undefined);
  return {
    weight: before[last]?.setWeight ?? 0,
    heldMs: last < 0 ? undefined : pausesIn(before.slice(last + 1)),
  };
}

/** Milliseconds; undefined: nobody knows how long an analysis takes, or a person, or a plug-in. */
function pausesIn(steps: readonly CanaryStep[]): number | undefined {
  let held = 0;
  for (const { pause } of steps) {
    const seconds = pause === undefined ? undefined : pauseSeconds(pause);
    if (seconds === undefined || seconds < 0) return undefined;
    held += seconds * 1000;
  }
  return held;
}
