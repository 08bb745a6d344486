/** An Experiment with what belongs to it (spec 09 sections 6.4 and 7). Pure. */

import type { KubeObject } from '../../kube/api.ts';
import { DurationError, parseDuration } from '../../lang/duration.ts';
import { type AnalysisRunModel, analysisRunModels } from './analysis-run.ts';
import { type ImageModel, imagesOf } from './images.ts';
import { createdAt, ownedBy, revisionOf, textAt } from './read.ts';
import { byRevisionThenName, type ReplicaSetModel, replicaSetModel } from './replica-set.ts';

export interface ExperimentModel {
  readonly name: string;
  readonly namespace: string;
  readonly status: string;
  readonly message: string;
  readonly createdAt: string;
  readonly revision: number;
  readonly images: readonly ImageModel[];
  readonly replicaSets: readonly ReplicaSetModel[];
  readonly analysisRuns: readonly AnalysisRunModel[];
}

/** What belongs to somebody, by the uid of the owner. */
export interface Owned {
  readonly replicaSets: ReadonlyMap<string, readonly KubeObject[]>;
  readonly pods: ReadonlyMap<string, readonly KubeObject[]>;
  readonly experiments: ReadonlyMap<string, readonly KubeObject[]>;
  readonly analysisRuns: ReadonlyMap<string, readonly KubeObject[]>;
}

const TEMPLATE_NAME = 'experiment.argoproj.io/template-name';

export function experimentModel(experiment: KubeObject, owned: Owned): ExperimentModel {
  const sets = ownedBy(experiment, owned.replicaSets);
  const templates = new Map(
    sets.map((rs) => [rs.metadata.name, textAt(rs, 'metadata', 'annotations', TEMPLATE_NAME)]),
  );
  const replicaSets = sets.map((rs) => replicaSetModel(rs, [], owned.pods)).toSorted(byRevisionThenName);
  return {
    name: experiment.metadata.name,
    namespace: experiment.metadata.namespace ?? '',
    status: textAt(experiment, 'status', 'phase') || 'Pending',
    message: textAt(experiment, 'status', 'message'),
    createdAt: createdAt(experiment),
    revision: revisionOf(experiment),
    images: imagesOf(replicaSets, (rs) => {
      const template = templates.get(rs.name) ?? '';
      return template === '' ? undefined : `Σ:${template}`;
    }),
    replicaSets,
    analysisRuns: analysisRunModels(ownedBy(experiment, owned.analysisRuns)),
  };
}

/** Milliseconds; undefined where the experiment has no duration or one that nobody can read. */
export function durationOf(experiment: KubeObject): number | undefined {
  const text = textAt(experiment, 'spec', 'duration');
  if (text === '') return undefined;
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}

const COMPLETED = new Set(['Successful', 'Failed', 'Error', 'Inconclusive']);
export const isCompleted = (phase: string): boolean => COMPLETED.has(phase);
