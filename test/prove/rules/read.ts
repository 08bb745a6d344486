/** Reading raw JSON without believing it: a field of another type counts as absent. */

import type { KubeObject } from '../../../src/kube/api.ts';
import { keyOf } from '../../../src/kube/api.ts';
import { isObject } from '../../../src/lang/json.ts';

export const HASH = 'rollouts-pod-template-hash';
export const DEADLINE = 'scale-down-deadline';
export const MANAGED_BY = 'argo-rollouts.argoproj.io/managed-by-rollouts';
export const TRACKING = 'argocd.argoproj.io/tracking-id';

export type Path = readonly (string | number)[];

export function at(value: unknown, ...path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here) && typeof step === 'number') here = here[step] as unknown;
    else if (isObject(here) && Object.hasOwn(here, step)) here = here[step];
    else return undefined;
  }
  return here;
}

export function numberAt(value: unknown, ...path: Path): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

export function textAt(value: unknown, ...path: Path): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function listAt(value: unknown, ...path: Path): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function recordAt(value: unknown, ...path: Path): Readonly<Record<string, unknown>> {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

/** Milliseconds of an RFC 3339 time. */
export function timeAt(value: unknown, ...path: Path): number | undefined {
  const text = textAt(value, ...path);
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

export const nameOf = (object: KubeObject): string => `${object.kind} ${keyOf(object.metadata)}`;

/** Key of another object in the namespace of this one. */
export const beside = (key: string, name: string): string => {
  const slash = key.indexOf('/');
  return slash < 0 ? name : `${key.slice(0, slash)}/${name}`;
};

/** `spec.replicas`; Kubernetes fills in 1. */
export const sizeOf = (object: KubeObject | undefined): number =>
  object === undefined ? 0 : (numberAt(object, 'spec', 'replicas') ?? 1);

export const hashOf = (object: KubeObject | undefined): string | undefined => object?.metadata.labels?.[HASH];

export function ownerOf(object: KubeObject, kind: string): { name: string; uid: string } | undefined {
  const owner = object.metadata.ownerReferences?.find((ref) => ref.controller === true && ref.kind === kind);
  return owner === undefined ? undefined : { name: owner.name, uid: owner.uid };
}

/** An int, or a percentage of `whole` rounded `down` or up. What can't be read counts as 0, as in the reference. */
export function intOrPercent(value: unknown, whole: number, round: 'down' | 'up'): number {
  if (typeof value === 'number') return value;
  const percent = typeof value === 'string' ? /^(\d+)%?$/.exec(value)?.[1] : undefined;
  if (percent === undefined) return 0;
  const exact = (Number(percent) * whole) / 100;
  return round === 'down' ? Math.floor(exact) : Math.ceil(exact);
}

export const isReadyPod = (pod: KubeObject | undefined): boolean =>
  listAt(pod, 'status', 'conditions').some(
    (item) => textAt(item, 'type') === 'Ready' && textAt(item, 'status') === 'True',
  );
