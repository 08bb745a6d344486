/** Named indexes of the stores that rollouts read, and what wakes which Rollout. */

import type { KubeObject, ResourceType } from '../../kube/api.ts';
import { keyOf } from '../../kube/api.ts';
import { isObject } from '../../lang/json.ts';
import type { IndexFunction } from '../../kube/store.ts';
import { serviceReferences, templateReferences } from '../../plan/rollout/validate-references.ts';
import type { Router } from '../../routers/index.ts';
import { controllerOf } from '../controller.ts';
import { decodeRollout } from './decode.ts';
import { workloadReference } from './workload-ref.ts';

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? '';

/** By the uid of the controller. */
export const BY_OWNER = 'rollout/owner';
export const byOwner: IndexFunction = (object) => {
  const owner = controllerOf(object);
  return owner === undefined ? [] : [owner.uid];
};

/** ReplicaSets without a controller, by namespace: candidates for adoption. */
export const ORPHANS = 'rollout/orphans';
export const orphans: IndexFunction = (object) =>
  controllerOf(object) === undefined ? [namespaceOf(object)] : [];

export const BY_NAMESPACE = 'rollout/namespace';
export const byNamespace: IndexFunction = (object) => [namespaceOf(object)];

/**
 * Rollouts by what they refer to: `Service/ns/name`, `AnalysisTemplate/ns/name`, `ingresses/ns/name`. Versions of an object
 * share the spec that they have in common, so most changes are not looked into at all.
 */
export const REFERENCES = 'rollout/references';
export function referencesBy(routers: readonly Router[]): IndexFunction {
  const known = new WeakMap<object, readonly string[]>();
  return (object) => {
    const { spec } = object;
    if (!isObject(spec) || !Object.isFrozen(spec)) return referencesOf(object);
    const found = known.get(spec) ?? referencesOf(object);
    known.set(spec, found);
    return found;
  };

  function referencesOf(object: KubeObject): readonly string[] {
    const decoded = decodeRollout(object);
    if (!decoded.ok) return [];
    const rollout = decoded.value;
    const at = (kind: string, name: string): string => referenceKey(kind, namespaceOf(object), name);
    return [
      ...[workloadReference(rollout)].flatMap((ref) => (ref === undefined ? [] : [at(ref.kind, ref.name)])),
      ...serviceReferences(rollout).map(({ name }) => at('Service', name)),
      ...templateReferences(rollout).map((ref) =>
        ref.clusterScope === true
          ? referenceKey('ClusterAnalysisTemplate', '', ref.templateName ?? '')
          : at('AnalysisTemplate', ref.templateName ?? ''),
      ),
      ...routers
        .filter((router) => router.isConfigured(rollout))
        .flatMap((router) => router.references(rollout).map(({ type, name }) => at(type.kind, name))),
    ];
  }
}

export const referenceKey = (kind: string, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`;

export const referencesTo = (type: ResourceType, object: KubeObject): string =>
  referenceKey(type.kind, namespaceOf(object), object.metadata.name);

/** The key of the Rollout that controls an object, if one does. */
export function rolloutOwning(object: KubeObject | undefined): string | undefined {
  if (object === undefined) return undefined;
  const owner = controllerOf(object);
  return owner?.kind === 'Rollout' && owner.apiVersion.startsWith('argoproj.io/')
    ? keyOf({ namespace: object.metadata.namespace, name: owner.name })
    : undefined;
}
