/** Identities of resources, and the annotation that ties an object to its Application. Spec 11 section 4. */

import { objectOf, type JsonObject } from '../../lang/json.ts';
import type { ResourceIdentity } from './types.ts';

export const TRACKING_ANNOTATION = 'argocd.argoproj.io/tracking-id';

/** Without the version: the same object whatever version it is written in. */
export function resourceKey(identity: Omit<ResourceIdentity, 'version'>): string {
  return `${identity.group}/${identity.kind}:${identity.namespace}/${identity.name}`;
}

/** Key with version, as the inventory stores it. */
export const inventoryKey = (identity: ResourceIdentity): string =>
  `${identity.version}|${resourceKey(identity)}`;

/** undefined for a text of another shape. */
export function parseInventoryKey(text: string): ResourceIdentity | undefined {
  const parts = /^(?<version>[^|]*)\|(?<group>[^/]*)\/(?<kind>[^:]+):(?<namespace>[^/]*)\/(?<name>.+)$/.exec(
    text,
  );
  // Each of them takes part in every match.
  return parts === null ? undefined : ({ ...parts.groups } as unknown as ResourceIdentity);
}

export function identityOf(object: JsonObject): ResourceIdentity {
  const metadata = objectOf(object['metadata']);
  const text = (field: string): string => String(object[field] ?? '');
  const named = (field: string): string => (typeof metadata[field] === 'string' ? metadata[field] : '');
  const apiVersion = text('apiVersion');
  const slash = apiVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: slash < 0 ? apiVersion : apiVersion.slice(slash + 1),
    kind: text('kind'),
    namespace: named('namespace'),
    name: named('name'),
  };
}

/** `Deployment prod/web` */
export const describe = (identity: ResourceIdentity): string =>
  `${identity.kind} ${identity.namespace === '' ? '' : `${identity.namespace}/`}${identity.name}`;

/** `app:group/kind:namespace/name` */
export const trackingId = (application: string, identity: ResourceIdentity): string =>
  `${application}:${resourceKey(identity)}`;

export function annotationsOf(object: JsonObject | undefined): Record<string, string> {
  return objectOf(objectOf(object?.['metadata'])['annotations']) as Record<string, string>;
}

/** Name of the Application that the object says it belongs to. */
export function trackedBy(object: JsonObject | undefined): string | undefined {
  const id = annotationsOf(object)[TRACKING_ANNOTATION];
  return id?.slice(0, id.indexOf(':'));
}

/** Whether the object's tracking id is exactly that of this Application and this identity (a copy's is not). */
export const isOurs = (application: string, identity: ResourceIdentity, object: JsonObject): boolean =>
  annotationsOf(object)[TRACKING_ANNOTATION] === trackingId(application, identity);

/** Options of an annotation such as `Prune=false,Replace=true`. */
export function syncOptionsOf(object: JsonObject | undefined): string[] {
  return (annotationsOf(object)['argocd.argoproj.io/sync-options'] ?? '')
    .split(',')
    .map((option) => option.trim())
    .filter((option) => option !== '');
}
