/** Intents in words, for stories that people read. */

import { formatPath } from '../../api/decode.ts';
import type { RolloutIntent } from '../rollout/index.ts';
import type { RoutesWanted } from '../rollout/intents.ts';
import { SCALE_DOWN_DEADLINE } from '../rollout/names.ts';
import { routeNameOf } from '../rollout/defaults.ts';

export interface Names {
  /** What a ReplicaSet is called in the story, by its name. */
  readonly replicaSet: (name: string) => string;
  /** The same by the hash of its pod template. */
  readonly version: (hash: string) => string;
}

export const podsText = (count: number): string => `${count} pod${count === 1 ? '' : 's'}`;

/** Undefined for what is not worth a line. */
export function intentText(intent: RolloutIntent, names: Names): string | undefined {
  switch (intent.kind) {
    case 'patchRolloutMeta':
      return intent.patch === 'revision' ? `Rollout is revision ${intent.revision}` : undefined;
    case 'removeRolloutFields':
      return `take out ${intent.paths.map(formatPath).join(', ')}`;
    case 'scaleWorkload':
      return `scale ${intent.name} to ${intent.replicas}`;
    case 'createReplicaSet':
      return `create ${names.replicaSet(intent.object.metadata.name)} with ${podsText(intent.object.spec.replicas ?? 0)}`;
    case 'scaleReplicaSet':
      return `scale ${names.replicaSet(intent.target.name)} from ${intent.from} to ${intent.to}`;
    case 'annotateReplicaSet':
      return `annotate ${names.replicaSet(intent.target.name)}: ${annotationsText(intent.annotations)}`;
    case 'setTemplateMetadata':
      return `metadata for pods to come of ${names.replicaSet(intent.target.name)}`;
    case 'setPodMetadata':
      return `metadata of ${podsText(intent.pods.length)} of ${names.replicaSet(intent.target.name)}`;
    case 'evictPods':
      return `evict ${podsText(intent.pods.length)}`;
    case 'deleteReplicaSet':
    case 'adoptReplicaSet':
    case 'releaseReplicaSet':
      return `${intent.kind.replace('ReplicaSet', '')} ${names.replicaSet(intent.target.name)}`;
    case 'setServiceSelector':
      return `Service ${intent.service} selects ${names.version(intent.hash)}`;
    case 'setRoute':
      return `route: ${routeText(intent)}`;
    case 'createAnalysisRun':
      return `start AnalysisRun ${intent.object.metadata.name}`;
    case 'terminateAnalysisRun':
      return `end AnalysisRun ${intent.target.name}`;
    case 'deleteAnalysisRun':
      return `delete AnalysisRun ${intent.target.name}`;
    default:
      return intent satisfies never;
  }
}

function routeText(wanted: RoutesWanted): string {
  const { weight, max, managed } = wanted;
  const beside = managed.map(({ setHeaderRoute, setMirrorRoute }) =>
    setHeaderRoute === undefined
      ? `mirror ${routeNameOf(setMirrorRoute)}`
      : `header ${routeNameOf(setHeaderRoute)}`,
  );
  return [`canary ${weight} of ${max}`, ...beside].join(', ');
}

function annotationsText(annotations: Readonly<Record<string, string | null>>): string {
  if (typeof annotations[SCALE_DOWN_DEADLINE] === 'string') return 'scale-down deadline';
  return Object.entries(annotations)
    .map(([key, value]) => `${key.replace(/^.*\//, '')}=${value?.replace(/^.*T/, '') ?? '-'}`)
    .join(' ');
}
