/** Everything that a sync is decided from, as one snapshot: Git's wishes, live objects, dry runs, inventory. */

import type { Application } from '../../api/application.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { KubeObject } from '../../kube/api.ts';
import { NAMESPACE } from '../../kube/kinds.ts';
import type {
  InventoryResource,
  Problem,
  ResourceIdentity,
  SyncSnapshotWithNamespace,
  Target,
} from '../../plan/sync/index.ts';
import { besideRollouts } from '../../plan/sync/beside-rollouts.ts';
import { resourceKey } from '../../plan/sync/identity.ts';
import { specProblems } from '../../plan/sync/spec-problems.ts';
import { ApiError } from '../../kube/api.ts';
import type { Hands } from './accounts.ts';
import { desiredObjects, type DesiredObject } from './desired.ts';
import type { KindLookup } from './kinds.ts';
import { NotInStep } from './live-objects.ts';
import type { RenderRequest, Renderings } from './rendering.ts';

interface GatherTools {
  readonly renderings: Renderings;
  readonly kinds: KindLookup;
  readonly hands: Pick<Hands, 'objects' | 'dryRuns'>;
}

interface Gathered {
  readonly snapshot: SyncSnapshotWithNamespace;
  /** Everything that is looked at: what wakes the Application when it changes. */
  readonly watched: readonly string[];
  readonly nextPollAt: number;
  /** The comparison failed for a reason that may pass: look again with the queue's back-off. */
  readonly retry: boolean;
}

interface GatherInput {
  readonly key: string;
  readonly application: Application;
  readonly trackingName: string;
  readonly inventory: readonly ResourceIdentity[];
  readonly request: RenderRequest;
  /** Nothing may be looked at, and nothing is decided. `passing`: it may be over the next time. */
  readonly obstacle: { readonly problem: Problem; readonly passing: boolean } | undefined;
  readonly now: number;
}

const asJson = (object: KubeObject | undefined): JsonObject | undefined =>
  object as unknown as JsonObject | undefined;

export const validates = (application: Application): boolean =>
  !(application.spec.syncPolicy?.syncOptions ?? []).includes('Validate=false');

/** undefined: Git is slow, and the Application is woken when it has answered. */
export async function gatherSync(
  tools: GatherTools,
  input: GatherInput,
  signal: AbortSignal,
): Promise<Gathered | undefined> {
  const { application, key, obstacle } = input;
  if (obstacle !== undefined) {
    const { now, trackingName } = input;
    const inventory = input.inventory.map((identity) => ({ identity, live: undefined }));
    const target = { ok: false, problem: obstacle.problem } as const;
    const snapshot = { now, application, trackingName, target, inventory };
    return { snapshot, watched: [], nextPollAt: Number.POSITIVE_INFINITY, retry: obstacle.passing };
  }
  const { fatal } = specProblems(application);
  const source = application.spec.source;
  let nextPollAt = Number.POSITIVE_INFINITY;
  let retry = false;
  let target: Target;
  let namespace: JsonObject | undefined;
  if (fatal !== undefined || source === undefined) {
    target = { ok: false, problem: fatal ?? { type: 'InvalidSpecError', message: 'spec.source is missing' } };
  } else {
    const asked = application.operation?.sync?.revision || source.targetRevision || 'HEAD';
    let outcome = await tools.renderings.target(key, source, asked, input.request);
    const synced = application.status?.operationState;
    const isNews = (): boolean => {
      const known = outcome?.ok === true ? outcome.target : outcome?.last;
      return synced?.syncResult !== undefined && known?.revision !== synced.syncResult.revision;
    };
    // Another process may know a newer commit than we do, and must not be answered with an older one.
    if (outcome !== undefined && isNews()) {
      const token = input.request?.token ?? `synced ${synced?.syncResult?.revision} ${synced?.startedAt}`;
      outcome = await tools.renderings.target(key, source, asked, { ...input.request, token });
    }
    if (outcome === undefined) return undefined;
    nextPollAt = outcome.nextPollAt;
    const wanted = outcome.ok ? outcome.target : isNews() ? undefined : outcome.last;
    if (wanted === undefined) {
      target = { ok: false, problem: outcome.ok ? unknownTarget : outcome.problem };
    } else {
      const { revision, rendered } = wanted;
      const destination = application.spec.destination.namespace ?? '';
      try {
        const desired = await desiredObjects(rendered.objects, input.trackingName, destination, tools.kinds);
        if (desired.fatal !== undefined) {
          target = { ok: false, problem: desired.fatal, revision };
        } else {
          const created = (application.spec.syncPolicy?.syncOptions ?? []).includes('CreateNamespace=true');
          namespace =
            created && destination !== ''
              ? asJson(await tools.hands.objects.get(NAMESPACE, { name: destination }))
              : undefined;
          const ready = await withReadiness(tools, desired.objects, created ? destination : '');
          target = {
            ok: true,
            revision,
            sourceType: rendered.sourceType,
            resources: await tools.hands.dryRuns.compare(key, ready, validates(application), signal),
            warnings: [...(outcome.ok ? [] : [outcome.problem]), ...desired.warnings],
          };
        }
      } catch (error) {
        if (!(error instanceof ApiError) && !(error instanceof NotInStep)) throw error;
        retry = true;
        target = { ok: false, problem: comparisonFailed(error), revision };
      }
    }
  }
  let inventory: InventoryResource[];
  try {
    inventory = await liveInventory(tools, input.inventory);
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof NotInStep)) throw error;
    // What could not be read must not be taken for gone: nothing is decided in this pass.
    retry = true;
    inventory = input.inventory.map((identity) => ({ identity, live: undefined }));
    target = { ok: false, problem: comparisonFailed(error) };
  }
  return {
    snapshot: {
      now: input.now,
      application,
      trackingName: input.trackingName,
      target,
      inventory,
      ...(namespace === undefined ? {} : { namespace }),
    },
    watched: [
      ...(target.ok ? target.resources.map(({ identity }) => resourceKey(identity)) : []),
      ...inventory.map(({ identity }) => resourceKey(identity)),
    ],
    nextPollAt,
    retry,
  };
}

export async function liveInventory(
  tools: { readonly kinds: KindLookup; readonly hands: Pick<Hands, 'objects'> },
  identities: readonly ResourceIdentity[],
): Promise<InventoryResource[]> {
  return await Promise.all(
    identities.map(async (identity): Promise<InventoryResource> => {
      const type = await tools.kinds.find(identity.group, identity.version, identity.kind);
      if (type === undefined) return { identity, live: undefined };
      return { identity, live: asJson(await tools.hands.objects.get(type, refOf(identity))) };
    }),
  );
}

const comparisonFailed = (error: Error): Problem => ({
  type: 'ComparisonError',
  message: `the live state could not be compared: ${error.message}; it is tried again`,
});
const unknownTarget: Problem = { type: 'UnknownError', message: 'nothing is known about the source' };

const refOf = (identity: ResourceIdentity): { namespace: string | undefined; name: string } => ({
  namespace: identity.namespace === '' ? undefined : identity.namespace,
  name: identity.name,
});

/** Live objects, and what can't be tried yet because its namespace comes with the same sync. */
async function withReadiness(
  tools: GatherTools,
  objects: readonly DesiredObject[],
  createdNamespace: string,
): Promise<(DesiredObject & { live: KubeObject | undefined })[]> {
  const coming = new Set(
    objects
      .filter(({ identity }) => identity.group === '' && identity.kind === 'Namespace')
      .map(({ identity }) => identity.name),
  );
  if (createdNamespace !== '') coming.add(createdNamespace);
  const missing = new Set<string>();
  for (const name of coming) {
    const found = await tools.hands.objects.get(NAMESPACE, { name });
    if (found === undefined) missing.add(name);
  }
  return await Promise.all(
    objects.map(async (object) => {
      const { identity, type } = object;
      if (type === undefined || object.unready !== undefined || object.refused !== undefined) {
        return { ...object, live: undefined };
      }
      if (missing.has(identity.namespace)) {
        return { ...object, unready: 'its namespace comes with this sync', live: undefined };
      }
      const live = await tools.hands.objects.get(type, refOf(identity));
      const manifest = besideRollouts(object.manifest, asJson(live));
      return { ...object, manifest, fromGit: object.manifest, live };
    }),
  );
}

/** The annotation that asks for a comparison now; `hard` also forgets what was remembered. */
export function refreshAsked(application: KubeObject): 'normal' | 'hard' | undefined {
  const asked = application.metadata.annotations?.['argocd.argoproj.io/refresh'];
  return asked === undefined ? undefined : asked === 'hard' ? 'hard' : 'normal';
}
