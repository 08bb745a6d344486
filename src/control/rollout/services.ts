/**
 * Services that a Rollout managed and no longer does: it was deleted, or names others now. Their selector and the mark
 * are taken back, so that they select what their owner wrote (spec 02 section 15).
 */

import type { KubeObject } from '../../kube/api.ts';
import { isNotFound, keyOf } from '../../kube/api.ts';
import { ROLLOUT, SERVICE } from '../../kube/kinds.ts';
import { isObject } from '../../lang/json.ts';
import { HASH_LABEL, MANAGED_BY } from '../../plan/rollout/names.ts';
import { serviceReferences } from '../../plan/rollout/validate-references.ts';
import type { Change, ControlContext, Controller, ReconcileResult } from '../controller.ts';
import { decodeRollout } from './decode.ts';
import { REFERENCES, referencesTo } from './indexes.ts';

const DEFAULT_WORKERS = 10;

export function serviceController(context: ControlContext, deps: { workers?: number } = {}): Controller {
  const { stores } = context;
  return {
    name: 'Services',
    workers: deps.workers ?? DEFAULT_WORKERS,
    informers: [{ type: SERVICE }],
    primary: SERVICE,
    watches: [
      { type: SERVICE, wakes: ({ key, after }) => (after !== undefined && isMarked(after) ? [key] : []) },
      { type: ROLLOUT, wakes: dropped },
    ],
    async reconcile(key, signal): Promise<ReconcileResult> {
      const service = stores.of(SERVICE).get(key);
      if (service === undefined || !isMarked(service) || (await isManaged(service, signal))) return {};
      const { uid, resourceVersion } = service.metadata;
      await context.writer.patch(
        SERVICE,
        service.metadata,
        {
          type: 'merge',
          body: {
            metadata: {
              ...(uid === undefined ? {} : { uid }),
              ...(resourceVersion === undefined ? {} : { resourceVersion }),
              annotations: { [MANAGED_BY]: null },
            },
            spec: { selector: { [HASH_LABEL]: null } },
          },
        },
        { signal },
      );
      context.log.info({ service: key }, 'the Service is no longer managed: its selector is its own again');
      return {};
    },
  };

  /** By the cache, and where that says no, by a live look: an informer may not have caught up with a new Rollout. */
  async function isManaged(service: KubeObject, signal: AbortSignal): Promise<boolean> {
    if (stores.of(ROLLOUT).byIndex(REFERENCES, referencesTo(SERVICE, service)).length > 0) return true;
    const name = service.metadata.annotations?.[MANAGED_BY];
    if (name === undefined) return false;
    try {
      const live = await context.live.get(
        ROLLOUT,
        { namespace: service.metadata.namespace, name },
        { signal },
      );
      return live.metadata.deletionTimestamp === undefined && refersTo(live, service.metadata.name);
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }
}

/** A Rollout that can't be read keeps its Services: nobody knows what it meant. */
function refersTo(rollout: KubeObject, service: string): boolean {
  const decoded = decodeRollout(rollout);
  return !decoded.ok || serviceReferences(decoded.value).some(({ name }) => name === service);
}

function isMarked(service: KubeObject): boolean {
  const spec = service['spec'];
  const selector = isObject(spec) && isObject(spec['selector']) ? spec['selector'] : {};
  return service.metadata.annotations?.[MANAGED_BY] !== undefined || Object.hasOwn(selector, HASH_LABEL);
}

function servicesOf(object: KubeObject | undefined): string[] {
  const decoded = object === undefined ? undefined : decodeRollout(object);
  return decoded?.ok === true ? serviceReferences(decoded.value).map(({ name }) => name) : [];
}

/** Services that the Rollout named before the change, and those of one that is gone. */
function* dropped({ before, after }: Change): Iterable<string> {
  // Versions share the spec that they have in common.
  if (before === undefined || before['spec'] === after?.['spec']) return;
  const still = new Set(servicesOf(after));
  for (const name of servicesOf(before))
    if (!still.has(name)) yield keyOf({ namespace: before.metadata.namespace, name });
}
