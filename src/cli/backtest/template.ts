/** The template of a backtest, with those that it refers to, as the spec of a run. */

import { analysisTemplateSpecSchema } from '../../api/analysis.ts';
import { decode, formatIssues } from '../../api/decode.ts';
import type { PrometheusMetric } from '../../api/metric-provider.ts';
import { isNotFound } from '../../kube/api.ts';
import { ANALYSIS_TEMPLATE, CLUSTER_ANALYSIS_TEMPLATE } from '../../kube/kinds.ts';
import type { JsonObject } from '../../lang/json.ts';
import {
  type BuiltRunSpec,
  buildRunSpec,
  collectTemplates,
  resolveMetrics,
  selectDryRun,
  selectRetention,
  validateMetrics,
} from '../../plan/analysis/build.ts';
import { type EvidenceMode, inheritedMode } from '../../plan/analysis/outcomes.ts';
import type { AnalysisTemplateRef, Metric, TemplateObject } from '../../plan/analysis/types.ts';
import { CliError } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import { checkFields, labelOf, nameOf, readManifests } from '../manifests.ts';
import { textAt, textsAt } from '../model/read.ts';

export interface TemplateSource {
  /** Absent: the only template of the file. */
  readonly name: string | undefined;
  readonly file: string | undefined;
  /** A ClusterAnalysisTemplate. */
  readonly global: boolean;
  readonly args: readonly { readonly name: string; readonly value: string }[];
  /** In the place of the metrics' own addresses. */
  readonly prometheus: string | undefined;
}

export interface BacktestTemplate {
  /** `AnalysisTemplate "error-rate"`. */
  readonly label: string;
  readonly spec: BuiltRunSpec;
  /** Those of `spec` with their arguments. */
  readonly metrics: readonly Metric[];
  /** What the templates say of evidence; undefined: nothing. */
  readonly mode: EvidenceMode | undefined;
  /** Names of metrics that have no past that could be asked. */
  readonly leftOut: readonly string[];
}

type Annotated = TemplateObject & {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
};
type Found = ReadonlyMap<string, Annotated>;

const keyOf = (clusterScope: boolean, name: string): string =>
  `${clusterScope ? 'cluster' : 'namespace'}/${name}`;

/** Rejects with `CliError`. */
export async function readBacktestTemplate(
  invocation: Invocation,
  source: TemplateSource,
): Promise<BacktestTemplate> {
  const { root, label, found } =
    source.file === undefined
      ? await fromCluster(invocation, source)
      : await fromFile(invocation, source, source.file);
  const collected = collectTemplates([root], {
    template: (name) => found.get(keyOf(false, name)),
    clusterTemplate: (name) => found.get(keyOf(true, name)),
  });
  if ('error' in collected) throw new CliError(collected.error);
  const built = buildRunSpec({ ...collected, args: source.args });
  if ('error' in built)
    throw new CliError(built.error, 'give it a value with --arg NAME=VALUE, as the Rollout would');
  const secret = built.spec.args?.find(({ value }) => value === undefined);
  if (secret !== undefined)
    throw new CliError(
      `the argument ${JSON.stringify(secret.name)} comes from the cluster (a Secret or a field), which a backtest does not read`,
      `give it with --arg ${secret.name}=VALUE`,
    );
  const mode = inheritedMode([...collected.templates, ...collected.clusterTemplates]);
  return { label, mode, ...askable(built.spec, source.prometheus) };
}

/** How Prometheus is asked by a metric that asks it, also for the sequential judge. */
export const prometheusOf = ({ provider }: Metric): PrometheusMetric | undefined =>
  provider?.judge === undefined ? provider?.prometheus : (provider.judge.prometheus ?? {});

function movedTo(address: string, metric: Metric): Metric {
  const prometheus = { ...prometheusOf(metric), address };
  const { judge } = metric.provider ?? {};
  return {
    ...metric,
    provider: {
      ...metric.provider,
      ...(judge === undefined ? { prometheus } : { judge: { ...judge, prometheus } }),
    },
  };
}

/** Without the metrics of other providers, and at the address that was given. */
function askable(
  built: BuiltRunSpec,
  prometheus: string | undefined,
): Pick<BacktestTemplate, 'spec' | 'metrics' | 'leftOut'> {
  const isPast = (metric: Metric): boolean => prometheusOf(metric) !== undefined;
  const kept = built.metrics.filter(isPast);
  const leftOut = built.metrics.filter((metric) => !isPast(metric)).map(({ name }) => name);
  if (kept.length === 0)
    throw new CliError('none of its metrics can be asked about the past: only those of Prometheus can');
  const moved = prometheus === undefined ? kept : kept.map((metric) => movedTo(prometheus, metric));
  const resolved = resolveMetrics(moved, built.args);
  if ('error' in resolved) throw new CliError(resolved.error);
  const { metrics } = resolved;
  const fault = validateMetrics(metrics);
  if (fault !== undefined) throw new CliError(`the controller would refuse it: ${fault}`);
  const signed = metrics.find((metric) =>
    Object.values(prometheusOf(metric)?.authentication?.sigv4 ?? {}).some(Boolean),
  );
  if (signed !== undefined)
    throw new CliError(
      `metric ${JSON.stringify(signed.name)} signs its requests with the time (sigv4): they can't be sent for the past`,
    );
  const spec: BuiltRunSpec = {
    ...built,
    metrics: moved,
    // Rules for metrics that were left out match nothing, which would be an error.
    dryRun: (built.dryRun ?? []).filter((rule) => !('error' in selectDryRun(metrics, [rule]))),
    measurementRetention: (built.measurementRetention ?? []).filter(
      (rule) => !('error' in selectRetention(metrics, [rule])),
    ),
  };
  return { spec, metrics, leftOut };
}

interface Origin {
  readonly root: AnalysisTemplateRef;
  readonly label: string;
  readonly found: Found;
}

async function fromFile({ io }: Invocation, source: TemplateSource, path: string): Promise<Origin> {
  const manifests = await readManifests(io, path);
  const templates = manifests.filter((manifest) =>
    /^(Cluster)?AnalysisTemplate$/.test(textAt(manifest, 'kind')),
  );
  for (const template of templates) checkFields(template, path);
  const named = templates.filter(
    (template) => source.name === undefined || textAt(template, 'metadata', 'name') === source.name,
  );
  const [chosen, ...others] = named;
  if (chosen === undefined)
    throw new CliError(
      source.name === undefined
        ? `${labelOf(path)} has no AnalysisTemplate`
        : `${labelOf(path)} has no template ${JSON.stringify(source.name)}`,
    );
  if (others.length > 0)
    throw new CliError(
      `${labelOf(path)} has ${named.length} templates: say which one, as in backtest NAME -f FILE`,
    );
  const found = new Map(templates.map((template) => [placeOf(template), read(template)]));
  return { root: refOf(chosen), label: nameOf(chosen), found };
}

const isCluster = (manifest: JsonObject): boolean => textAt(manifest, 'kind') === 'ClusterAnalysisTemplate';
const placeOf = (manifest: JsonObject): string =>
  keyOf(isCluster(manifest), textAt(manifest, 'metadata', 'name'));
const refOf = (manifest: JsonObject): AnalysisTemplateRef => ({
  templateName: textAt(manifest, 'metadata', 'name'),
  clusterScope: isCluster(manifest),
});

function read(manifest: JsonObject): Annotated {
  const decoded = decode(analysisTemplateSpecSchema, manifest['spec'] ?? {});
  if (!decoded.ok) throw new CliError(`${nameOf(manifest)} can't be read: ${formatIssues(decoded.issues)}`);
  const annotations = textsAt(manifest, 'metadata', 'annotations');
  return { metadata: { name: textAt(manifest, 'metadata', 'name'), annotations }, spec: decoded.value };
}

async function fromCluster(invocation: Invocation, source: TemplateSource): Promise<Origin> {
  const { name } = source;
  if (name === undefined) throw new CliError('name a template of the cluster, or give -f FILE');
  const session = await invocation.session();
  const found = new Map<string, Annotated>();
  const load = async (ref: AnalysisTemplateRef): Promise<JsonObject | undefined> => {
    const clusterScope = ref.clusterScope === true;
    const key = keyOf(clusterScope, ref.templateName ?? '');
    if (found.has(key)) return undefined;
    const type = clusterScope ? CLUSTER_ANALYSIS_TEMPLATE : ANALYSIS_TEMPLATE;
    const place = clusterScope ? {} : { namespace: session.namespace };
    try {
      const object = await session.api.get(
        type,
        { ...place, name: ref.templateName ?? '' },
        { signal: invocation.signal },
      );
      const manifest = object as unknown as JsonObject;
      const template = read({ ...manifest, kind: type.kind });
      found.set(key, template);
      for (const nested of template.spec.templates ?? []) await load(nested);
      return manifest;
    } catch (error) {
      // What is referred to and not there is told with the reference.
      if (isNotFound(error) && ref !== root) return undefined;
      throw error;
    }
  };
  const root: AnalysisTemplateRef = { templateName: name, clusterScope: source.global };
  await load(root);
  const kind = source.global ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
  return { root, label: `${kind} ${JSON.stringify(name)}`, found };
}
