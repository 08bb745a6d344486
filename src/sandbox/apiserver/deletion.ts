/** What a delete does: at once, after a grace period, or as soon as the finalizers are gone. */

import { deepFreeze, isObject, type JsonObject } from '../../lang/json.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import type { DeleteOptions, KubeObject } from '../../kube/api.ts';
import { conflict } from './errors.ts';
import type { Draft, Resource } from './resource.ts';

export interface DeletionContext {
  readonly now: number;
  put(resource: Resource, draft: KubeObject, old: KubeObject): KubeObject;
  /** Answers with the last state, at the revision of the deletion. */
  remove(resource: Resource, old: KubeObject): KubeObject;
  /** The objects of the kinds that a CRD defines. */
  instances(definition: KubeObject): { resource: Resource; objects: KubeObject[] }[];
}

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

export function deleteObject(
  context: DeletionContext,
  resource: Resource,
  old: KubeObject,
  options: DeleteOptions,
): KubeObject {
  checkPreconditions(resource, old, options);
  const { type } = resource;
  const { metadata } = old;
  const grace = gracePeriod(resource, old, options);
  const finalizers = finalizersFor(resource, old, options);
  const terminating = metadata.deletionTimestamp !== undefined;

  if (type.kind === 'Namespace') return deleteNamespace(context, resource, old, finalizers, options);
  if (type.kind === 'CustomResourceDefinition' && options.dryRun !== true) {
    for (const { resource: custom, objects } of context.instances(old)) {
      for (const object of objects) deleteObject(context, custom, object, {});
    }
    const left = context.instances(old).some(({ objects }) => objects.length > 0);
    if (left && !finalizers.includes(CLEANUP)) finalizers.push(CLEANUP);
  }

  if (grace > 0 || finalizers.length > 0) {
    const sooner = terminating && grace < (metadata.deletionGracePeriodSeconds ?? 0);
    const sameFinalizers = finalizers.join() === (metadata.finalizers ?? []).join();
    if (terminating && !sooner && sameFinalizers) return old;
    const draft = { ...old, metadata: { ...metadata } } as Draft;
    if (finalizers.length > 0) draft.metadata.finalizers = finalizers;
    else delete draft.metadata.finalizers;
    if (!terminating || sooner) {
      const from = terminating
        ? (parseTime(metadata.deletionTimestamp) ?? context.now) -
          (metadata.deletionGracePeriodSeconds ?? 0) * 1000
        : context.now;
      draft.metadata.deletionTimestamp = formatTime(from + grace * 1000);
      draft.metadata.deletionGracePeriodSeconds = grace;
    }
    if (!terminating && metadata.generation !== undefined && metadata.generation > 0) {
      draft.metadata.generation = metadata.generation + 1;
    }
    if (options.dryRun === true) return deepFreeze(draft);
    return context.put(resource, draft, old);
  }
  let last = old;
  if (resource.rules.gracePeriod !== undefined && metadata.deletionGracePeriodSeconds !== 0) {
    // Kinds with a grace period are marked first, even when there is nothing to wait for.
    const draft = { ...old, metadata: { ...metadata } } as Draft;
    draft.metadata.deletionTimestamp = formatTime(context.now);
    draft.metadata.deletionGracePeriodSeconds = 0;
    if (!terminating) draft.metadata.generation = (metadata.generation ?? 0) + 1;
    last = options.dryRun === true ? deepFreeze(draft) : context.put(resource, draft, old);
  }
  if (options.dryRun !== true) last = context.remove(resource, last);
  return resource.returnsDeleted ? last : success(resource, old);
}

const success = (resource: Resource, old: KubeObject): KubeObject =>
  deepFreeze({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: old.metadata.name,
      ...(resource.type.group === '' ? {} : { group: resource.type.group }),
      kind: resource.type.plural,
      uid: old.metadata.uid,
    },
  }) as unknown as KubeObject;

function checkPreconditions(resource: Resource, old: KubeObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = old.metadata;
  const of = {
    group: resource.type.group,
    plural: resource.custom ? resource.type.plural : resource.type.kind,
  };
  const wanted = options.preconditions;
  if (wanted?.uid !== undefined && wanted.uid !== uid) {
    throw conflict(
      of,
      name,
      `the UID in the precondition (${wanted.uid}) does not match the UID in record (${uid ?? ''}). The object might have been deleted and then recreated`,
    );
  }
  if (wanted?.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
    throw conflict(
      of,
      name,
      `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion ?? ''}). The object might have been modified`,
    );
  }
}

/** Seconds; 0 for kinds that are deleted at once. */
function gracePeriod(resource: Resource, old: KubeObject, options: DeleteOptions): number {
  const natural = resource.rules.gracePeriod?.(old);
  if (natural === undefined) return 0;
  if (natural === 0) return 0;
  const asked = options.gracePeriodSeconds ?? natural;
  return Math.max(asked, 0);
}

function finalizersFor(resource: Resource, old: KubeObject, options: DeleteOptions): string[] {
  const present = old.metadata.finalizers ?? [];
  const others = present.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  switch (options.propagationPolicy) {
    case 'Orphan':
      return [...others, ORPHAN];
    case 'Foreground':
      return [...others, FOREGROUND];
    case 'Background':
      return others;
    default:
      // What was asked for earlier holds; Jobs orphan their pods when nothing is said.
      if (present.length > others.length) return [...present];
      return resource.type.kind === 'Job' ? [...others, ORPHAN] : others;
  }
}

function deleteNamespace(
  context: DeletionContext,
  resource: Resource,
  old: KubeObject,
  finalizers: string[],
  options: DeleteOptions,
): KubeObject {
  if (old.metadata.deletionTimestamp !== undefined) {
    const spec = old['spec'];
    const held = isObject(spec) && Array.isArray(spec['finalizers']) && spec['finalizers'].length > 0;
    if (!held && finalizers.length === 0 && options.dryRun !== true) context.remove(resource, old);
    return old;
  }
  const status: JsonObject = { ...(isObject(old['status']) ? old['status'] : {}), phase: 'Terminating' };
  const draft: Draft = {
    ...old,
    metadata: { ...old.metadata, deletionTimestamp: formatTime(context.now) },
    status,
  } as unknown as Draft;
  if (options.dryRun === true) return deepFreeze(draft);
  return context.put(resource, draft, old);
}
