/** The template that a Rollout takes from another object, and whether its status knows the newest one. */

import type { KubeObject } from '../../../src/kube/api.ts';
import { beside, textAt } from './read.ts';
import type { RolloutScene, Scene } from './types.ts';

/** The status was written with the template that is wanted now. */
export function knowsNewest(rollout: RolloutScene, scene: Scene): boolean {
  const { status, metadata } = rollout.rollout;
  if (String(status?.observedGeneration) !== String(metadata.generation)) return false;
  const workload = workloadOf(rollout, scene);
  return (
    workload === undefined ||
    textAt(status, 'workloadObservedGeneration') === String(workload.metadata.generation)
  );
}

/** Of `spec.workloadRef`. */
export function workloadOf({ key, rollout }: RolloutScene, scene: Scene): KubeObject | undefined {
  const named = workloadNamed(key, rollout);
  return named && scene.get(named.kind, named.key);
}

export function workloadNamed(key: string, rollout: unknown): { kind: string; key: string } | undefined {
  const [kind, name] = ['kind', 'name'].map((field) => textAt(rollout, 'spec', 'workloadRef', field));
  return name === undefined || kind === undefined ? undefined : { kind, key: beside(key, name) };
}
