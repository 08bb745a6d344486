/** One look at one Rollout, with what stands in the cluster at this moment: for people who ask, without any watch. */

import type { KubeApi, KubeObject, ResourceType } from '../../kube/api.ts';
import { ApiError, isNotFound } from '../../kube/api.ts';
import { ROLLOUT } from '../../kube/kinds.ts';
import { listAll } from '../../kube/list-all.ts';
import { MemoryStore } from '../../kube/memory-store.ts';
import type { RolloutSnapshot, RouteView } from '../../plan/rollout/index.ts';
import type { Router } from '../../routers/index.ts';
import type { Stores } from '../controller.ts';
import { recordOf } from './confirmations.ts';
import { decodeRollout } from './decode.ts';
import { gatherRollout } from './gather.ts';
import { rolloutInformers } from './informers.ts';
import { withPods } from './pods.ts';
import { meshObjects } from './mesh-objects.ts';
import { inDecidedForm } from './status-form.ts';
import { WorkloadReader } from './workload-ref.ts';

export interface LookOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
  /** A kind that one may not read: what is decided from it is decided as if there were none of it. */
  readonly onDenied: (type: ResourceType, error: ApiError) => void;
  /** Those that the controller drives; all that there are where absent. */
  readonly routers?: readonly Router[] | undefined;
}

/** What the controller would know if it had looked at `object` just now. Reads only. Rejects with `ApiError`. */
export async function gatherOnce(
  live: Pick<KubeApi, 'get' | 'list'>,
  object: KubeObject,
  { now, signal, onDenied, routers }: LookOptions,
): Promise<RolloutSnapshot> {
  const { namespace } = object.metadata;
  const stores = new Map<string, MemoryStore>();
  const wanted = rolloutInformers(undefined, routers).filter(({ type }) => type.kind !== ROLLOUT.kind);
  await Promise.all(
    wanted.map(async ({ type, labelSelector, indexes, trim }) => {
      const store = new MemoryStore(type, { indexes, labelSelector, trim });
      stores.set(type.kind, store);
      try {
        const scope = type.namespaced ? { namespace } : {};
        for (const item of await listAll(live, type, { ...scope, labelSelector, signal })) store.apply(item);
      } catch (error) {
        if (isNotFound(error)) return;
        if (!(error instanceof ApiError) || error.code !== 403) throw error;
        onDenied(type, error);
      }
    }),
  );
  const look: Stores = { of: (type) => stores.get(type.kind) ?? new MemoryStore(type) };
  const clock = { now: () => now };
  const stored = inDecidedForm(object);
  const decoded = decodeRollout(stored);
  const workload = decoded.ok
    ? await new WorkloadReader({ live, stores: look, clock }).read(decoded.value, signal)
    : undefined;
  const known = gatherRollout(look, stored, { now, workload, routers });
  const meshes = known.rollout === undefined ? {} : await meshObjects(live, known.rollout, signal);
  const gathered = { ...known, references: Object.freeze({ ...known.references, ...meshes }) };
  const { snapshot, podsError } = await withPods({ live }, gathered, signal);
  if (podsError !== undefined) throw podsError;
  return { ...snapshot, routes: snapshot.routes.map((view) => withRecord(view, snapshot)) };
}

/** Data planes are asked by the controller: what they answered for this weight stands in the status. */
function withRecord(view: RouteView, { rollout }: RolloutSnapshot): RouteView {
  const isOpen = view.confirms === true && view.verified === undefined;
  return isOpen && rollout !== undefined ? { ...view, verified: recordOf(rollout, view.weight) } : view;
}
