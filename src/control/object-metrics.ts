/** The gauges of spec 08 section 5 that describe objects: computed from the stores when they are scraped. */

import type { RolloutSpec, RolloutStatus } from '../api/rollout.ts';
import type { KubeObject, ResourceType } from '../kube/api.ts';
import { ANALYSIS_RUN, ANALYSIS_TEMPLATE, CLUSTER_ANALYSIS_TEMPLATE, ROLLOUT } from '../kube/kinds.ts';
import { isObject } from '../lang/json.ts';
import { infoPhase, routerLabel, strategyLabel } from '../plan/rollout/info-phase.ts';
import { analysisRunSamples, analysisTemplateSamples, type MetricSample } from './analysis/metrics.ts';
import type { Stores } from './controller.ts';
import type { LazyMetric } from './series.ts';

interface Family {
  readonly type: ResourceType;
  readonly samples: (object: KubeObject) => MetricSample[];
  readonly gauges: readonly { name: string; help: string; labels: readonly string[] }[];
}

const OBJECT = ['namespace', 'name'];
const ROLLOUT_PHASES = ['Completed', 'Progressing', 'Paused', 'Timeout', 'Error', 'Abort'];

const TEMPLATE_GAUGES = [
  {
    name: 'analysis_template_info',
    help: 'Analysis templates; cluster-wide ones have no namespace.',
    labels: OBJECT,
  },
  {
    name: 'analysis_template_metric_info',
    help: 'Metrics of analysis templates.',
    labels: [...OBJECT, 'type', 'metric'],
  },
];

const FAMILIES: readonly Family[] = [
  {
    type: ROLLOUT,
    samples: rolloutSamples,
    gauges: [
      {
        name: 'rollout_info',
        help: 'Rollouts, with their strategy, router and phase.',
        labels: [...OBJECT, 'strategy', 'traffic_router', 'phase'],
      },
      ...['available', 'unavailable', 'desired', 'updated'].map((which) => ({
        name: `rollout_info_replicas_${which}`,
        help: `Number of ${which} replicas of a Rollout.`,
        labels: OBJECT,
      })),
      {
        name: 'rollout_phase',
        help: 'Deprecated: use rollout_info.',
        labels: [...OBJECT, 'strategy', 'phase'],
      },
    ],
  },
  {
    type: ANALYSIS_RUN,
    samples: analysisRunSamples,
    gauges: [
      { name: 'analysis_run_info', help: 'Analysis runs, with their phase.', labels: [...OBJECT, 'phase'] },
      {
        name: 'analysis_run_phase',
        help: 'Deprecated: use analysis_run_info.',
        labels: [...OBJECT, 'phase'],
      },
      {
        name: 'analysis_run_metric_type',
        help: 'Metrics of analysis runs, with their provider.',
        labels: [...OBJECT, 'metric', 'type'],
      },
      {
        name: 'analysis_run_metric_phase',
        help: 'Phase of each metric of an analysis run.',
        labels: [...OBJECT, 'metric', 'type', 'dry_run', 'phase'],
      },
    ],
  },
];

/** For `Metrics.collectFrom`. A type that no controller watches gives no series. */
export function objectGauges(stores: Stores): LazyMetric[] {
  const gauges = FAMILIES.flatMap((family) => {
    const samples = once(() => byName([...values(stores, family.type)].flatMap(family.samples)));
    return family.gauges.map((gauge) => ({ ...gauge, samples: () => samples().get(gauge.name) ?? [] }));
  });
  const templates = once(() =>
    byName(
      [...values(stores, ANALYSIS_TEMPLATE), ...values(stores, CLUSTER_ANALYSIS_TEMPLATE)].flatMap(
        analysisTemplateSamples,
      ),
    ),
  );
  return [
    ...gauges,
    ...TEMPLATE_GAUGES.map((gauge) => ({ ...gauge, samples: () => templates().get(gauge.name) ?? [] })),
  ];
}

function* values(stores: Stores, type: ResourceType): Generator<KubeObject, void, void> {
  let store: ReturnType<Stores['of']>;
  try {
    store = stores.of(type);
    yield* store.values();
  } catch {
    // Nobody watches this type here.
  }
}

/** All gauges of one scrape are collected in one turn; the objects are gone through once for all of them. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    if (made === undefined) {
      made = { value: make() };
      queueMicrotask(() => (made = undefined));
    }
    return made.value;
  };
}

function byName(samples: readonly MetricSample[]): Map<string, MetricSample[]> {
  const groups = new Map<string, MetricSample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.name);
    if (group === undefined) groups.set(sample.name, [sample]);
    else group.push(sample);
  }
  return groups;
}

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

function rolloutSamples(rollout: KubeObject): MetricSample[] {
  const labels = { namespace: rollout.metadata.namespace ?? '', name: rollout.metadata.name };
  // As they stand in the store: another CRD may have let anything through, so only what has the right type counts.
  const spec = (isObject(rollout['spec']) ? rollout['spec'] : {}) as RolloutSpec;
  const raw = isObject(rollout['status']) ? rollout['status'] : {};
  const status = {
    ...raw,
    conditions: Array.isArray(raw['conditions']) ? raw['conditions'] : [],
  } as RolloutStatus;
  const strategy = strategyLabel(spec);
  const phase = infoPhase(status);
  const replicas = count(status.replicas);
  const available = count(status.availableReplicas);
  const gauge = (name: string, value: number): MetricSample => ({
    name: `rollout_info_replicas_${name}`,
    labels,
    value,
  });
  return [
    {
      name: 'rollout_info',
      labels: { ...labels, strategy, traffic_router: routerLabel(spec), phase },
      value: 1,
    },
    gauge('available', available),
    gauge('unavailable', replicas - available),
    gauge('desired', typeof spec.replicas === 'number' ? spec.replicas : 1),
    gauge('updated', count(status.updatedReplicas)),
    ...ROLLOUT_PHASES.map((each) => ({
      name: 'rollout_phase',
      labels: { ...labels, strategy, phase: each },
      value: each === phase ? 1 : 0,
    })),
  ];
}
