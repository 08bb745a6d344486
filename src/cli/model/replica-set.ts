/** A ReplicaSet with its pods, as the tree shows it (spec 09 section 6.3). Pure. */

import type { KubeObject } from '../../kube/api.ts';
import { type PodModel, podModel } from './pod.ts';
import { at, byName, countAt, createdAt, HASH_LABEL, listAt, ownedBy, revisionOf, textAt } from './read.ts';

export interface ReplicaSetModel {
  readonly name: string;
  readonly status: string;
  readonly createdAt: string;
  readonly revision: number;
  readonly hash: string;
  /** `stable`, `canary`, `active`, `preview`, `ping`, `pong`, in the order in which they are shown. */
  readonly tags: readonly string[];
  /** When its pods go away; '' where nothing is planned. */
  readonly scaleDownDeadline: string;
  readonly replicas: number;
  readonly available: number;
  readonly images: readonly string[];
  readonly pods: readonly PodModel[];
}

export function replicaSetModel(
  rs: KubeObject,
  tags: readonly string[],
  pods: ReadonlyMap<string, readonly KubeObject[]>,
): ReplicaSetModel {
  return {
    name: rs.metadata.name,
    status: statusOf(rs),
    createdAt: createdAt(rs),
    revision: revisionOf(rs),
    hash: hashOf(rs),
    tags,
    scaleDownDeadline: textAt(rs, 'metadata', 'annotations', 'scale-down-deadline'),
    replicas: countAt(rs, 'status', 'replicas'),
    available: countAt(rs, 'status', 'availableReplicas'),
    images: listAt(rs, 'spec', 'template', 'spec', 'containers').map((container) =>
      textAt(container, 'image'),
    ),
    pods: ownedBy(rs, pods).map(podModel).toSorted(byName),
  };
}

export const hashOf = (rs: KubeObject): string => textAt(rs, 'metadata', 'labels', HASH_LABEL);

function statusOf(rs: KubeObject): string {
  const desired = at(rs, 'spec', 'replicas') === undefined ? 1 : countAt(rs, 'spec', 'replicas');
  if (countAt(rs, 'status', 'observedGeneration') < countAt(rs, 'metadata', 'generation'))
    return 'Progressing';
  const failed = listAt(rs, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'ReplicaFailure' && textAt(condition, 'status') === 'True',
  );
  if (failed) return 'ReplicaFailure';
  if (countAt(rs, 'status', 'availableReplicas') < desired) return 'Progressing';
  return desired === 0 ? 'ScaledDown' : 'Healthy';
}

export const byRevisionThenName = (a: ReplicaSetModel, b: ReplicaSetModel): number =>
  b.revision - a.revision || byName(a, b);

/** The part that a ReplicaSet plays in a Rollout. */
export function rolesOf(rs: KubeObject, rollout: KubeObject): string[] {
  const hash = hashOf(rs);
  if (hash === '') return [];
  const status = (...path: string[]): string => textAt(rollout, 'status', ...path);
  const tags: string[] = [];
  const isStable = hash === status('stableRS');
  if (isStable) tags.push('stable');
  const { canary, blueGreen } = (at(rollout, 'spec', 'strategy') ?? {}) as {
    canary?: unknown;
    blueGreen?: unknown;
  };
  if (canary !== undefined && canary !== null) {
    const isCanary = !isStable && hash === status('currentPodHash');
    if (isCanary) tags.push('canary');
    if (at(canary, 'pingPong') !== undefined && (isStable || isCanary)) {
      const stablePings = status('canary', 'stablePingPong') === 'ping';
      tags.push(isStable === stablePings ? 'ping' : 'pong');
    }
  } else if (blueGreen !== undefined && blueGreen !== null) {
    if (hash === status('blueGreen', 'activeSelector')) tags.push('active');
    else if (hash === status('blueGreen', 'previewSelector')) tags.push('preview');
  }
  return tags;
}
