/** A manifest on its way through a build, with what it was called before: names change, references follow. */

import type { JsonObject } from '../../../lang/json.ts';
import { RenderError } from '../../errors.ts';
import { asObject } from '../types.ts';

export interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ResourceId extends Gvk {
  readonly name: string;
  /** '' when none is written. */
  readonly namespace: string;
}

export interface Resource {
  object: JsonObject;
  /** Oldest first. */
  previous: ResourceId[];
  prefixes: string[];
  suffixes: string[];
  needsHash: boolean;
  /** Of generated objects. */
  behavior: 'create' | 'replace' | 'merge';
}

export const makeResource = (object: JsonObject): Resource => ({
  object,
  previous: [],
  prefixes: [],
  suffixes: [],
  needsHash: false,
  behavior: 'create',
});

function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function gvkOf(object: JsonObject): Gvk {
  return { ...splitApiVersion(String(object['apiVersion'] ?? '')), kind: String(object['kind'] ?? '') };
}

export function metadataOf(object: JsonObject): JsonObject {
  const known = asObject(object['metadata']);
  if (known !== undefined) return known;
  const made: JsonObject = {};
  object['metadata'] = made;
  return made;
}

export function idOfObject(object: JsonObject): ResourceId {
  const { name, namespace } = metadataOf(object);
  return {
    ...gvkOf(object),
    name: typeof name === 'string' ? name : '',
    namespace: typeof namespace === 'string' ? namespace : '',
  };
}

export const currentId = (resource: Resource): ResourceId => idOfObject(resource.object);
export const originalId = (resource: Resource): ResourceId => resource.previous[0] ?? currentId(resource);

/** Kinds of Kubernetes itself that live in no namespace; every other kind is taken for a namespaced one. */
const CLUSTER_SCOPED = new Set([
  '/ComponentStatus',
  '/Namespace',
  '/Node',
  '/PersistentVolume',
  'admissionregistration.k8s.io/MutatingWebhookConfiguration',
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apiregistration.k8s.io/APIService',
  'certificates.k8s.io/CertificateSigningRequest',
  'flowcontrol.apiserver.k8s.io/FlowSchema',
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration',
  'networking.k8s.io/IngressClass',
  'node.k8s.io/RuntimeClass',
  'policy/PodSecurityPolicy',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'scheduling.k8s.io/PriorityClass',
  'storage.k8s.io/CSIDriver',
  'storage.k8s.io/CSINode',
  'storage.k8s.io/StorageClass',
  'storage.k8s.io/VolumeAttachment',
]);

export const isClusterScoped = (gvk: Gvk): boolean => CLUSTER_SCOPED.has(`${gvk.group}/${gvk.kind}`);

/** No namespace and `default` are the same. */
export function effectiveNamespace(id: ResourceId): string {
  if (isClusterScoped(id)) return '_cluster_';
  return id.namespace === '' ? 'default' : id.namespace;
}

export function sameId(a: ResourceId, b: ResourceId): boolean {
  return (
    a.group === b.group &&
    a.version === b.version &&
    a.kind === b.kind &&
    a.name === b.name &&
    effectiveNamespace(a) === effectiveNamespace(b)
  );
}

/** Empty fields of the selector match anything. */
export function selectedBy(gvk: Gvk, selector: Partial<Gvk>): boolean {
  return (
    (!selector.group || selector.group === gvk.group) &&
    (!selector.version || selector.version === gvk.version) &&
    (!selector.kind || selector.kind === gvk.kind)
  );
}

export function rememberId(resource: Resource): void {
  const id = currentId(resource);
  resource.previous.push({ ...id, namespace: effectiveNamespace(id) });
}

/** Resources whose current or earlier id is `id`. */
export function findById(resources: readonly Resource[], id: ResourceId): Resource[] {
  return resources.filter((resource) =>
    [...resource.previous, currentId(resource)].some((known) => sameId(known, id)),
  );
}

export const describeId = (id: ResourceId): string =>
  `${id.group === '' ? id.version : `${id.group}/${id.version}`} ${id.kind} ${id.namespace === '' ? '' : `${id.namespace}/`}${id.name}`;

export function append(resources: Resource[], resource: Resource, where: string): void {
  const id = currentId(resource);
  if (resources.some((other) => sameId(currentId(other), id))) {
    throw new RenderError(where, `${describeId(id)} is there twice`);
  }
  resources.push(resource);
}
