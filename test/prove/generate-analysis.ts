/**
 * Worlds whose gates are as people write them: several templates, some of the cluster and some inside of others, arguments
 * of every origin, metrics of every provider, limit and policy; and runs that no Rollout has made.
 */

import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { applyMergePatch } from '../../src/lang/patch/merge.ts';
import { podTemplateHash } from '../../src/lang/pod-hash.ts';
import { rolloutRunName } from '../../src/plan/analysis/run-object.ts';
import { Dice } from './dice.ts';
import type { History, HistoryEvent, Setup } from './history.ts';
import { analysisOf, analysisTemplate, NAME, SHOP, templateOf } from './manifests.ts';
import { oddMetric } from './odd-metrics.ts';
import { oddRun } from './odd-runs.ts';

const STREAM = 0x676174;
const SECOND = 1_000;
/** One history in so many. */
const EACH = 4;
const METRICS_EACH = 8;
const RUNS_EACH = 6;
const STRICT = { 'sluice.dev/evidence': 'strict' };

export function withAnalysis(history: History): History {
  const { seed, setup, events } = history;
  if (seed % EACH !== 3) return history;
  const dice = new Dice(seed ^ STREAM);
  const turn = Math.floor(seed / EACH);
  const changed = setupWith(dice, turn, setup);
  const span = (events.at(-1)?.at ?? 0) + 30 * SECOND;
  const made = Array.from({ length: RUNS_EACH }, (_, i): HistoryEvent => {
    const { what, object } = oddRun(turn * RUNS_EACH + i, `by-hand-${i}`);
    return { at: dice.int(0, span), do: 'make', what, object };
  });
  const first = events.find((event) => event.do === 'image');
  if (first !== undefined && dice.chance(0.25)) made.push(...taken(dice, changed, first));
  const ended = Array.from({ length: dice.pick([0, 0, 1, 2]) }, (): HistoryEvent => ({
    at: (first?.at ?? 0) + dice.int(0, 60) * SECOND,
    do: 'terminate',
  }));
  return {
    ...history,
    setup: { ...changed, crds: dice.chance(0.6) ? 'open' : setup.crds },
    events: [...events, ...made, ...ended].toSorted((a, b) => a.at - b.at),
  };
}

/** Somebody's runs have the names that those of the first release were to have. */
function taken(
  dice: Dice,
  { rollout }: Setup,
  { at, tag }: Extract<HistoryEvent, { do: 'image' }>,
): HistoryEvent[] {
  const spec = rollout['spec'] as JsonObject;
  if (spec['template'] === undefined) return [];
  const { template } = applyMergePatch(spec, templateOf(tag)) as { template: JsonObject };
  const name = rolloutRunName(NAME, podTemplateHash(template), 2);
  return ['', '-0', '-1', '-pre', '-post'].map((infix): HistoryEvent => {
    const metadata = { name: `${name}${infix}`, namespace: SHOP };
    const object = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata,
      spec: dice.pick<JsonObject>([{}, { metrics: [] }, { metrics: [{ name: 'success' }] }]),
      status: { phase: 'Failed' },
    };
    return { at: at - SECOND, do: 'make', what: 'a name that is wanted', object };
  });
}

function setupWith(dice: Dice, turn: number, setup: Setup): Setup {
  const metrics = (place: string, from: number, count: number): { metrics: JsonObject[]; dry: string[] } => {
    const made = Array.from({ length: count }, (_, i) =>
      oddMetric(dice, `${place}-${i}`, turn * METRICS_EACH + from + i, waits),
    );
    return {
      metrics: made.map(({ metric }) => metric),
      dry: made.flatMap(({ metric, dry }) => (dry ? [String(metric['name'])] : [])),
    };
  };
  // A step that waits for traffic before there is a weight waits for ever, and says so.
  const waits = !JSON.stringify(setup.rollout['spec']).includes('{"analysis":{"templates"');
  const enriched = setup.objects.map((object, i): KubeObject =>
    object.kind === 'AnalysisTemplate'
      ? rich(dice, object, metrics(object.metadata.name, 2 * (i % 2), 2))
      : object,
  );
  const extra = rich(dice, analysisTemplate('extra'), metrics('extra', 4, 2), { own: false });
  const shared = rich(dice, analysisTemplate('shared'), metrics('shared', 6, 2), { own: false });
  const cluster: KubeObject = { ...shared, kind: 'ClusterAnalysisTemplate', metadata: { name: 'shared' } };
  // Nothing but other templates.
  const bundle: KubeObject = {
    ...analysisTemplate('bundle'),
    spec: { templates: [{ templateName: 'extra' }, { templateName: 'extra' }] },
  };
  const secret: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'web-secret', namespace: SHOP },
    data: { token: btoa('top secret+1'), limit: btoa('0.5') },
  };
  return {
    ...setup,
    objects: [...enriched, extra, bundle, ...(setup.source === 'git' ? [] : [cluster]), secret],
    rollout: withGates(dice, setup.rollout, setup.source !== 'git'),
  };
}

/** The metrics beside the one that is there, with what they need. */
function rich(
  dice: Dice,
  template: KubeObject,
  { metrics, dry }: { metrics: JsonObject[]; dry: string[] },
  { own } = { own: true },
): KubeObject {
  const spec = template['spec'] as { metrics: JsonObject[] };
  const rules = dry.length > 0 && dice.chance(0.2) ? [`(${dry.join('|')})$`] : dry;
  return {
    ...template,
    metadata: { ...template.metadata, ...(dice.chance(0.1) ? { annotations: STRICT } : {}) },
    spec: {
      args: [
        { name: 'hash' },
        { name: 'limit', value: '0.5' },
        { name: 'count', value: '3' },
        { name: 'token', valueFrom: { secretKeyRef: { name: 'web-secret', key: 'token' } } },
        ...(dice.chance(0.1) ? [{ name: 'unused', value: dice.pick(['a', 'b']) }] : []),
      ],
      metrics: [...(own ? spec.metrics : []), ...metrics],
      ...(rules.length === 0 ? {} : { dryRun: rules.map((metricName) => ({ metricName })) }),
      ...dice.maybe(0.3, 'measurementRetention', () => [
        {
          metricName: `^${own ? `(${template.metadata.name}-.*|success)` : `${template.metadata.name}-.*`}$`,
          limit: dice.int(0, 3),
        },
      ]),
      ...(own && dice.chance(0.3) ? { templates: [{ templateName: 'extra' }] } : {}),
    } as unknown as JsonObject,
  };
}

const ARGS: readonly JsonObject[] = [
  { name: 'stable', valueFrom: { podTemplateHashValue: 'Stable' } },
  { name: 'namespace', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
  { name: 'team', valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } },
  { name: 'nobody', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['no/such']" } } },
  { name: 'labels', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
  { name: 'annotations', valueFrom: { fieldRef: { fieldPath: 'metadata.annotations' } } },
  { name: 'replicas', valueFrom: { fieldRef: { fieldPath: 'spec.replicas' } } },
  { name: 'image', valueFrom: { fieldRef: { fieldPath: 'spec.template.spec.containers[0].image' } } },
  { name: 'none', valueFrom: { podTemplateHashValue: 'Middle' } },
  { name: 'paused', valueFrom: { fieldRef: { fieldPath: 'spec.paused' } } },
  { name: 'limit', value: '0.4' },
  { name: 'empty' },
  { name: 'token', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  { name: 'least', valueFrom: { fieldRef: { fieldPath: 'spec.minReadySeconds' } } },
];

/** Each of these makes the run impossible, and the gate with it. */
const WRONG_ARGS: readonly JsonObject[] = [
  { name: 'wrong', valueFrom: { fieldRef: { fieldPath: 'metadata.generation' } } },
  { name: 'wrong', valueFrom: { fieldRef: { fieldPath: 'spec.nowhere' } } },
  { name: 'wrong', valueFrom: { fieldRef: { fieldPath: 'spec.template' } } },
  { name: 'wrong', valueFrom: { fieldRef: { fieldPath: 'spec.template.spec.containers[7].image' } } },
  { name: 'wrong', valueFrom: { fieldRef: { fieldPath: 'spec.template.spec.containers[x].image' } } },
];

/** Whether the path of this argument leads somewhere. */
const isThere = (rollout: KubeObject, name: unknown): boolean => {
  const spec = rollout['spec'] as JsonObject;
  if (name === 'image') return spec['template'] !== undefined;
  return name === 'paused' || name === 'least'
    ? spec[name === 'least' ? 'minReadySeconds' : name] !== undefined
    : true;
};

function withGates(dice: Dice, rollout: KubeObject, hasCluster: boolean): KubeObject {
  const gate = (analysis: JsonObject): JsonObject => ({
    ...analysis,
    templates: [
      ...(analysis['templates'] as JsonObject[]),
      ...(dice.chance(0.35) ? [{ templateName: dice.pick(['extra', 'bundle']) }] : []),
      ...(hasCluster && dice.chance(0.4) ? [{ templateName: 'shared', clusterScope: true }] : []),
    ],
    args: [
      ...(analysis['args'] as JsonObject[]),
      ...ARGS.filter(({ name }) => isThere(rollout, name) && dice.chance(0.3)),
      ...(dice.chance(0.03) ? [dice.pick(WRONG_ARGS)] : []),
    ],
    ...dice.maybe(0.15, 'dryRun', () => [{ metricName: 'success' }]),
    ...dice.maybe(0.15, 'measurementRetention', () => [{ metricName: 'success', limit: dice.int(1, 4) }]),
    ...dice.maybe(0.2, 'analysisRunMetadata', () => ({
      labels: { gate: 'yes' },
      annotations: { note: 'a gate' },
    })),
  });
  const spec = rollout['spec'] as { strategy: Readonly<Record<string, JsonObject>> };
  const strategy = Object.fromEntries(
    Object.entries(spec.strategy).map(([name, fields]) => [name, gated(dice, name, fields, gate)]),
  );
  return {
    ...rollout,
    metadata: {
      ...rollout.metadata,
      labels: { team: 'shop', app: 'web' },
      annotations: { 'example.com/note': 'a "quoted" one', ...(dice.chance(0.3) ? STRICT : {}) },
    },
    spec: { ...(dice.chance(0.2) ? { paused: false } : {}), ...(rollout['spec'] as JsonObject), strategy },
  };
}

/** Every gate of the strategy; one where there is none. */
function gated(
  dice: Dice,
  name: string,
  fields: JsonObject,
  gate: (analysis: JsonObject) => JsonObject,
): JsonObject {
  const places = ['analysis', 'prePromotionAnalysis', 'postPromotionAnalysis'];
  const missing = !JSON.stringify(fields).includes('"templates"');
  const added: JsonObject = !missing
    ? {}
    : name === 'canary'
      ? { analysis: { ...analysisOf('success-a'), ...dice.maybe(0.5, 'startingStep', () => 1) } }
      : { [dice.pick(['prePromotionAnalysis', 'postPromotionAnalysis'])]: analysisOf('success-a') };
  const all: JsonObject = { ...fields, ...added };
  const steps = all['steps'];
  return {
    ...all,
    ...Object.fromEntries(
      places.flatMap((place) => (all[place] === undefined ? [] : [[place, gate(all[place] as JsonObject)]])),
    ),
    ...(Array.isArray(steps)
      ? {
          steps: (steps as JsonObject[]).map((step) =>
            step['analysis'] === undefined ? step : { analysis: gate(step['analysis'] as JsonObject) },
          ),
        }
      : {}),
  };
}
