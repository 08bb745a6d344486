/** Small readings of pods and owners that several controllers need. */

import { isObject, type JsonObject } from '../../lang/json.ts';
import { parseTime } from '../../lang/time.ts';
import type { KubeObject, OwnerReference } from '../../kube/api.ts';

export const record = (value: unknown): JsonObject => (isObject(value) ? value : {});
export const list = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.filter((item): item is JsonObject => isObject(item)) : [];
export const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

export const phaseOf = (pod: KubeObject): string => String(record(pod['status'])['phase'] ?? '');
export const isTerminal = (pod: KubeObject): boolean =>
  phaseOf(pod) === 'Succeeded' || phaseOf(pod) === 'Failed';
export const isTerminating = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;
/** Neither ended nor being deleted. */
export const isActive = (pod: KubeObject): boolean => !isTerminal(pod) && !isTerminating(pod);

export function conditionOf(object: KubeObject, type: string): JsonObject | undefined {
  return list(record(object['status'])['conditions']).find((item) => item['type'] === type);
}

export const isReady = (pod: KubeObject): boolean => conditionOf(pod, 'Ready')?.['status'] === 'True';

/** When the pod became ready, in milliseconds; undefined when it is not. */
export function readySince(pod: KubeObject): number | undefined {
  const condition = conditionOf(pod, 'Ready');
  return condition?.['status'] === 'True' ? (parseTime(condition['lastTransitionTime']) ?? 0) : undefined;
}

export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true);

export const controllerReference = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid as string,
  controller: true,
  blockOwnerDeletion: true,
});
