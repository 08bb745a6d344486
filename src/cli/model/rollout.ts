/** A Rollout with all that belongs to it, as one value: the tree draws it, `-o json` prints it. Pure. */

import { decode, formatIssues } from '../../api/decode.ts';
import { type RolloutSpec, type RolloutStatus, rolloutSchema } from '../../api/rollout.ts';
import type { KubeObject } from '../../kube/api.ts';
import { clientPhase } from '../../plan/rollout/phase.ts';
import { shownWeights } from '../../plan/rollout/weights.ts';
import { type AnalysisRunModel, analysisRunModels } from './analysis-run.ts';
import { type ExperimentModel, experimentModel, type Owned } from './experiment.ts';
import { type ImageModel, imagesOf } from './images.ts';
import { at, byOwner, byRevisionThenAge, countAt, createdAt, numberAt, ownedBy, textAt } from './read.ts';
import { byRevisionThenName, type ReplicaSetModel, replicaSetModel, rolesOf } from './replica-set.ts';

/** All of one namespace; what belongs together is found by owner. */
export interface ClusterObjects {
  readonly replicaSets: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly experiments: readonly KubeObject[];
  readonly analysisRuns: readonly KubeObject[];
}

export interface RolloutSummary {
  readonly name: string;
  readonly namespace: string;
  readonly status: string;
  readonly message: string;
  readonly strategy: 'Canary' | 'BlueGreen' | 'unknown';
  /** `1/8`; '' without steps. Only of a canary, as are the weights. */
  readonly step?: string;
  readonly setWeight?: number;
  readonly actualWeight?: number;
  readonly createdAt: string;
  readonly replicas: ReplicaCounts;
}

export interface ReplicaCounts {
  readonly desired: number;
  readonly current: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
}

export interface RevisionModel {
  readonly revision: number;
  readonly replicaSets: readonly ReplicaSetModel[];
  readonly experiments: readonly ExperimentModel[];
  readonly analysisRuns: readonly AnalysisRunModel[];
}

export interface RolloutModel extends RolloutSummary {
  readonly images: readonly ImageModel[];
  /** Newest first; revision 0 holds what has none. */
  readonly revisions: readonly RevisionModel[];
}

export function ownedIn(objects: ClusterObjects): Owned {
  return {
    replicaSets: byOwner(objects.replicaSets),
    pods: byOwner(objects.pods),
    experiments: byOwner(objects.experiments),
    analysisRuns: byOwner(objects.analysisRuns),
  };
}

export function rolloutModel(rollout: KubeObject, objects: ClusterObjects): RolloutModel {
  const owned = ownedIn(objects);
  const replicaSets = ownedBy(rollout, owned.replicaSets)
    .map((rs) => replicaSetModel(rs, rolesOf(rs, rollout), owned.pods))
    .toSorted(byRevisionThenName);
  const experiments = ownedBy(rollout, owned.experiments)
    .map((experiment) => experimentModel(experiment, owned))
    .toSorted(byRevisionThenAge);
  const analysisRuns = analysisRunModels(ownedBy(rollout, owned.analysisRuns));
  const canary = replicaSets.find(({ tags }) => tags.includes('canary'));
  const revisions = [
    ...new Set([...replicaSets, ...experiments, ...analysisRuns].map(({ revision }) => revision)),
  ].toSorted((a, b) => b - a);
  const all = [...replicaSets, ...experiments.flatMap((experiment) => experiment.replicaSets)];
  const templates = new Map(
    experiments.flatMap(({ images }) => images.map(({ image, tags }) => [image, tags] as const)),
  );
  return {
    ...rolloutSummary(rollout, canary?.available),
    images: withExperiments(imagesOf(all), templates),
    revisions: revisions.map((revision) => ({
      revision,
      replicaSets: replicaSets.filter((object) => object.revision === revision),
      experiments: experiments.filter((object) => object.revision === revision),
      analysisRuns: analysisRuns.filter((object) => object.revision === revision),
    })),
  };
}

/** Adds the tags of experiments to images that others use as well. */
function withExperiments(
  images: readonly ImageModel[],
  experiments: ReadonlyMap<string, readonly string[]>,
): ImageModel[] {
  return images.map(({ image, tags }) => {
    const more = experiments.get(image) ?? [];
    if (more.length === 0) return { image, tags };
    return { image, tags: tags.length === 0 ? more : [...new Set([...tags, ...more])].toSorted() };
  });
}

/** `canaryAvailable`: available pods of the canary's ReplicaSet, where it is known. */
export function rolloutSummary(rollout: KubeObject, canaryAvailable?: number): RolloutSummary {
  const { spec, status, issues } = readRollout(rollout);
  const phase =
    issues === undefined
      ? clientPhase({ spec, status, metadata: rollout.metadata })
      : { phase: textAt(rollout, 'status', 'phase') || 'Unknown', message: issues };
  const weights = shownWeights(spec, status, canaryAvailable);
  return {
    name: rollout.metadata.name,
    namespace: rollout.metadata.namespace ?? '',
    status: phase.phase,
    message: phase.message,
    strategy: strategyOf(rollout),
    ...(weights === undefined ? {} : weights),
    createdAt: createdAt(rollout),
    replicas: {
      desired: numberAt(rollout, 'spec', 'replicas') ?? 1,
      current: countAt(rollout, 'status', 'replicas'),
      updated: countAt(rollout, 'status', 'updatedReplicas'),
      ready: countAt(rollout, 'status', 'readyReplicas'),
      available: countAt(rollout, 'status', 'availableReplicas'),
    },
  };
}

/** Of a Rollout that our schema can't read, phase and message are all that is believed. */
function readRollout(rollout: KubeObject): { spec: RolloutSpec; status: RolloutStatus; issues?: string } {
  const read = decode(rolloutSchema, rollout);
  if (read.ok) return { spec: read.value.spec, status: read.value.status ?? {} };
  return { spec: {}, status: {}, issues: `the object can't be read: ${formatIssues(read.issues)}` };
}

function strategyOf(rollout: KubeObject): RolloutSummary['strategy'] {
  const has = (name: string): boolean => (at(rollout, 'spec', 'strategy', name) ?? null) !== null;
  if (has('blueGreen')) return 'BlueGreen';
  return has('canary') ? 'Canary' : 'unknown';
}
