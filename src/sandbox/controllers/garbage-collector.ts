/** The garbage collector: dependents go with their owners, in the background, in the foreground, or not at all. */

import { keyOf, refOf, type KubeObject, type OwnerReference, type ResourceType } from '../../kube/api.ts';
import type { Located } from '../apiserver/storage.ts';
import { MANAGER, type BuiltinController, type ControllerContext } from './loop.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

export function garbageCollector(context: ControllerContext): BuiltinController {
  const { storage } = context.server;
  return {
    name: 'garbage-collector',
    *wakes(change, type) {
      const { object } = change;
      const uid = object.metadata.uid ?? '';
      if (change.type === 'DELETED') {
        for (const dependent of storage.ownedBy(uid)) yield keyFor(dependent);
        // Owners in foreground deletion wait for their last dependent.
        for (const owner of object.metadata.ownerReferences ?? []) {
          const located = storage.byUid(owner.uid);
          if (located?.object.metadata.deletionTimestamp !== undefined) yield keyFor(located);
        }
        return;
      }
      const owners = object.metadata.ownerReferences;
      const finalizers = object.metadata.finalizers;
      const dying = object.metadata.deletionTimestamp !== undefined;
      if (owners !== undefined && owners !== change.before?.metadata.ownerReferences)
        yield keyFor({ type, object });
      else if (
        dying &&
        finalizers !== undefined &&
        (finalizers.includes(ORPHAN) || finalizers.includes(FOREGROUND))
      ) {
        yield keyFor({ type, object });
      }
    },
    sync(key) {
      const uid = key.slice(key.lastIndexOf('|') + 1);
      const located = storage.byUid(uid);
      if (located !== undefined) collect(context, located);
      return undefined;
    },
  };
}

const keyFor = ({ type, object }: Located): string =>
  `${type.group}/${type.plural}|${keyOf(object.metadata)}|${object.metadata.uid ?? ''}`;

function collect(context: ControllerContext, located: Located): void {
  const { object } = located;
  const finalizers = object.metadata.finalizers ?? [];
  if (object.metadata.deletionTimestamp !== undefined) {
    if (finalizers.includes(ORPHAN)) return orphanDependents(context, located);
    if (finalizers.includes(FOREGROUND)) return deleteDependents(context, located);
  }
  checkOwners(context, located);
}

function orphanDependents(context: ControllerContext, owner: Located): void {
  const uid = owner.object.metadata.uid as string;
  for (const dependent of context.server.storage.ownedBy(uid))
    dropOwners(context, dependent, (ref) => ref.uid === uid);
  dropFinalizer(context, owner, ORPHAN);
}

function deleteDependents(context: ControllerContext, owner: Located): void {
  const { server } = context;
  const uid = owner.object.metadata.uid as string;
  const blocking = (dependent: Located): boolean =>
    dependent.object.metadata.ownerReferences?.some(
      (ref) => ref.uid === uid && ref.blockOwnerDeletion === true,
    ) === true;
  for (const dependent of server.storage.ownedBy(uid)) {
    if (dependent.object.metadata.deletionTimestamp === undefined) checkOwners(context, dependent);
  }
  if (server.storage.ownedBy(uid).some(blocking)) return;
  const current = server.storage.byUid(uid);
  if (current !== undefined) dropFinalizer(context, current, FOREGROUND);
}

/** Deletes an object whose owners are all gone or going; forgets gone owners beside living ones. */
function checkOwners(context: ControllerContext, located: Located): void {
  const { server, request } = context;
  const { type, object } = located;
  const { ownerReferences = [], finalizers = [], namespace } = object.metadata;
  if (ownerReferences.length === 0 || object.metadata.deletionTimestamp !== undefined) return;
  const dangling = new Set<string>();
  const waiting = new Set<string>();
  let solid = 0;
  for (const ref of ownerReferences) {
    const owner = server.storage.byUid(ref.uid);
    const fits =
      owner !== undefined &&
      owner.object.kind === ref.kind &&
      owner.object.metadata.name === ref.name &&
      (!owner.type.namespaced || owner.object.metadata.namespace === namespace);
    if (!fits) dangling.add(ref.uid);
    else if (
      owner.object.metadata.deletionTimestamp !== undefined &&
      owner.object.metadata.finalizers?.includes(FOREGROUND) === true
    ) {
      waiting.add(ref.uid);
    } else solid++;
  }
  if (dangling.size === 0 && waiting.size === 0) return;
  if (solid > 0) {
    dropOwners(context, located, (ref) => dangling.has(ref.uid) || waiting.has(ref.uid));
    return;
  }
  const dependents = server.storage.ownedBy(object.metadata.uid as string).length > 0;
  const policy =
    waiting.size > 0 && dependents
      ? 'Foreground'
      : finalizers.includes(ORPHAN)
        ? 'Orphan'
        : finalizers.includes(FOREGROUND)
          ? 'Foreground'
          : 'Background';
  server.delete(
    type,
    refOf(keyOf(object.metadata)),
    { propagationPolicy: policy, preconditions: { uid: object.metadata.uid } },
    request,
  );
}

function dropOwners(
  context: ControllerContext,
  located: Located,
  gone: (ref: OwnerReference) => boolean,
): void {
  const kept = (located.object.metadata.ownerReferences ?? []).filter((ref) => !gone(ref));
  patchMetadata(context, located.type, located.object, {
    ownerReferences: kept.length > 0 ? (kept as never) : null,
  });
}

function dropFinalizer(context: ControllerContext, located: Located, name: string): void {
  const kept = (located.object.metadata.finalizers ?? []).filter((item) => item !== name);
  patchMetadata(context, located.type, located.object, { finalizers: kept.length > 0 ? kept : null });
}

function patchMetadata(
  context: ControllerContext,
  type: ResourceType,
  object: KubeObject,
  metadata: Record<string, unknown>,
): void {
  const resource = [...context.server.resources()].find(
    (item) => item.type.group === type.group && item.type.plural === type.plural,
  );
  if (resource === undefined) return;
  context.server.patch(
    resource.type,
    refOf(keyOf(object.metadata)),
    { type: 'merge', body: { metadata: { uid: object.metadata.uid, ...metadata } as never } },
    { fieldManager: MANAGER },
    context.request,
  );
}
