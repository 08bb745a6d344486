/**
 * Reads the objects that Rollouts refer to. Stores hold of them only what tells of a change; the template itself is
 * read live, once for each generation, and kept for as long as the Rollout refers to it.
 */

import type { Rollout } from '../../api/rollout.ts';
import type { KubeObject, ResourceType } from '../../kube/api.ts';
import { isNotFound, keyOf } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { DEPLOYMENT, POD_TEMPLATE, REPLICA_SET } from '../../kube/kinds.ts';
import type { WorkloadView } from '../../plan/rollout/workload-ref.ts';
import { refersToWorkload, workloadTemplate } from '../../plan/rollout/workload-ref.ts';
import type { ControlContext, InformerSpec } from '../controller.ts';

/** Kinds whose changes are watched. A ReplicaSet's template hardly ever changes; it is looked at now and then. */
export const WATCHED_WORKLOADS: readonly ResourceType[] = [DEPLOYMENT, POD_TEMPLATE];
const KINDS: Readonly<Record<string, ResourceType>> = {
  'apps/Deployment': DEPLOYMENT,
  'apps/ReplicaSet': REPLICA_SET,
  '/PodTemplate': POD_TEMPLATE,
};
/** How long a read of what is not watched is believed. */
const UNWATCHED_MS = 60_000;

export const WORKLOAD_INFORMERS: readonly InformerSpec[] = WATCHED_WORKLOADS.map((type) => ({
  type,
  optional: true,
  trim: sizeOnly,
}));

function sizeOnly(object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, generation } = object.metadata;
  const { replicas } = workloadTemplate(object as { kind: string });
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(generation === undefined ? {} : { generation }),
    },
    spec: { replicas },
  };
}

interface Known {
  readonly name: string;
  readonly at: number;
  readonly object: KubeObject;
}

type Context = Pick<ControlContext, 'live' | 'stores'> & { readonly clock: Pick<Clock, 'now'> };

export class WorkloadReader {
  readonly #context: Context;
  /** By key of the Rollout. */
  readonly #known = new Map<string, Known>();

  constructor(context: Context) {
    this.#context = context;
  }

  forget(key: string): void {
    this.#known.delete(key);
  }

  /** Undefined where there is no reference. Rejects only where the API can't be asked and nothing is known. */
  async read(rollout: Rollout, signal: AbortSignal): Promise<WorkloadView | undefined> {
    const key = keyOf(rollout.metadata);
    const ref = rollout.spec.workloadRef;
    if (ref === undefined || !refersToWorkload(rollout)) {
      this.#known.delete(key);
      return undefined;
    }
    const { apiVersion = '', kind = '', name = '' } = ref;
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    const type = KINDS[`${group}/${kind}`];
    if (type === undefined) return { error: `workload of type ${group}/${kind} is not supported` };
    const object = await this.#object(key, type, { namespace: rollout.metadata.namespace, name }, signal);
    if (object === undefined) {
      this.#known.delete(key);
      const resource = type.group === '' ? type.plural : `${type.plural}.${type.group}`;
      return { error: `${resource} "${name}" not found` };
    }
    return {
      kind,
      name,
      generation: object.metadata.generation ?? 0,
      ...workloadTemplate(object),
      scaleDown: ref.scaleDown,
    };
  }

  async #object(
    key: string,
    type: ResourceType,
    ref: { namespace: string | undefined; name: string },
    signal: AbortSignal,
  ): Promise<KubeObject | undefined> {
    const { clock, live, stores } = this.#context;
    const known = this.#known.get(key);
    const name = `${type.kind}/${ref.name}`;
    const own = known?.name === name ? known : undefined;
    const seen = type === REPLICA_SET ? undefined : stores.of(type).get(keyOf(ref));
    if (own !== undefined && isCurrent(own, seen, clock.now())) return own.object;
    try {
      const object = await live.get(type, ref, { signal });
      this.#known.set(key, { name, at: clock.now(), object });
      return object;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (own !== undefined) return own.object;
      throw error;
    }
  }
}

function isCurrent({ object, at }: Known, seen: KubeObject | undefined, now: number): boolean {
  if (seen === undefined) return now - at < UNWATCHED_MS && now >= at && object.kind === 'ReplicaSet';
  if (seen.metadata.uid !== object.metadata.uid) return false;
  // Never back to an older one: the cache may be behind our own live read.
  return (seen.metadata.generation ?? 0) <= (object.metadata.generation ?? 0);
}

/** When to look again at a workload of which no news come. */
export const unwatchedUntil = (workload: WorkloadView | undefined, now: number): number | undefined =>
  workload !== undefined && 'kind' in workload && workload.kind === 'ReplicaSet'
    ? now + UNWATCHED_MS
    : undefined;

/** What a Rollout refers to, as the index of references has it. */
export function workloadReference(rollout: Rollout): { kind: string; name: string } | undefined {
  const { kind, name } = rollout.spec.workloadRef ?? {};
  return kind === undefined || name === undefined ? undefined : { kind, name };
}
