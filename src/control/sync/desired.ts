/** Rendered manifests as they are to be applied: with their namespace, their kind on this server, and our mark. */

import { isObject, type JsonObject } from '../../lang/json.ts';
import { apiVersionOf, type ResourceType } from '../../kube/api.ts';
import {
  describe,
  identityOf,
  resourceKey,
  trackingId,
  TRACKING_ANNOTATION,
} from '../../plan/sync/identity.ts';
import { isSkipped, manifestProblems } from '../../plan/sync/spec-problems.ts';
import type { Problem, ResourceIdentity } from '../../plan/sync/index.ts';
import { kindsOfDefinition, type KindLookup } from './kinds.ts';

export interface DesiredObject {
  readonly identity: ResourceIdentity;
  readonly manifest: JsonObject;
  /** The same before anything of the live object went into it; undefined: it is `manifest`. */
  readonly fromGit?: JsonObject | undefined;
  /** undefined: the server doesn't know the kind. */
  readonly type: ResourceType | undefined;
  /** Why no dry run is possible yet, or why it's refused whatever the server says. */
  readonly unready?: string | undefined;
  readonly refused?: string | undefined;
}

interface DesiredObjects {
  readonly objects: readonly DesiredObject[];
  readonly warnings: readonly Problem[];
  readonly fatal: Problem | undefined;
}

export async function desiredObjects(
  manifests: readonly JsonObject[],
  trackingName: string,
  destinationNamespace: string,
  kinds: KindLookup,
): Promise<DesiredObjects> {
  const coming = new Map<string, ResourceType>();
  for (const manifest of manifests) {
    if (manifest['kind'] !== 'CustomResourceDefinition') continue;
    for (const type of kindsOfDefinition(manifest)) coming.set(`${apiVersionOf(type)}/${type.kind}`, type);
  }
  const byKey = new Map<string, DesiredObject>();
  const warnings: Problem[] = [];
  for (const manifest of manifests) {
    if (isSkipped(manifest)) continue;
    const raw = identityOf(manifest);
    const served = await kinds.find(raw.group, raw.version, raw.kind);
    const announced = coming.get(`${String(manifest['apiVersion'])}/${raw.kind}`);
    const type = served ?? announced;
    const namespaced = type?.namespaced ?? raw.namespace !== '';
    const identity: ResourceIdentity = {
      ...raw,
      namespace: namespaced ? raw.namespace || destinationNamespace : '',
    };
    const problems = manifestProblems(identity, manifest);
    if (problems.fatal !== undefined) return { objects: [], warnings, fatal: problems.fatal };
    warnings.push(...problems.warnings);
    const key = resourceKey(identity);
    if (byKey.has(key)) {
      warnings.push({
        type: 'RepeatedResourceWarning',
        message: `${describe(identity)} is in the source more than once; the last one wins`,
      });
    }
    byKey.set(key, {
      identity,
      manifest: marked(manifest, identity, trackingId(trackingName, identity)),
      type,
      ...(served === undefined && announced !== undefined ? { unready: 'its CRD comes with this sync' } : {}),
      ...(type === undefined
        ? {
            refused: `no matches for kind "${raw.kind}" in version "${String(manifest['apiVersion'])}": install its CRD, or put it into the source`,
          }
        : namespaced && identity.namespace === ''
          ? { refused: 'it has no namespace: set metadata.namespace or spec.destination.namespace' }
          : {}),
    });
  }
  return { objects: [...byKey.values()], warnings, fatal: undefined };
}

/** Without status and what only a server writes: those are not Git's to apply. */
function marked(manifest: JsonObject, identity: ResourceIdentity, id: string): JsonObject {
  const { status: _status, metadata, ...rest } = manifest;
  const {
    namespace: _namespace,
    managedFields: _managed,
    resourceVersion: _version,
    uid: _uid,
    creationTimestamp: _created,
    generation: _generation,
    annotations,
    ...kept
  } = isObject(metadata) ? metadata : {};
  return {
    ...rest,
    metadata: {
      ...kept,
      ...(identity.namespace === '' ? {} : { namespace: identity.namespace }),
      annotations: { ...(isObject(annotations) ? annotations : {}), [TRACKING_ANNOTATION]: id },
    },
  };
}
