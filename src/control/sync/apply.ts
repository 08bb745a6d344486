/** Carries out the intents of a sync, in order, and tells what became of each. Stops at the first failure. */

import type { JsonObject } from '../../lang/json.ts';
import type { KubeObject, ResourceType } from '../../kube/api.ts';
import { ApiError, ApiUnreachable, isConflict, isNotFound } from '../../kube/api.ts';
import { sleep, type Clock } from '../../kube/clock.ts';
import { CUSTOM_RESOURCE_DEFINITION, NAMESPACE } from '../../kube/kinds.ts';
import { besideRollouts, isBoundToVersion, onSeenVersion } from '../../plan/sync/beside-rollouts.ts';
import { resourceHealth } from '../../plan/sync/health/index.ts';
import { describe } from '../../plan/sync/identity.ts';
import type { ApplyIntent, IntentResult, ResourceIdentity, SyncIntent } from '../../plan/sync/index.ts';
import type { Hands } from './accounts.ts';
import { FIELD_MANAGER } from './dry-run.ts';
import type { KindLookup } from './kinds.ts';

export interface ApplyTools {
  readonly hands: Pick<Hands, 'api' | 'writer' | 'objects'>;
  readonly kinds: KindLookup;
  readonly clock: Clock;
}

const ESTABLISHED_MS = 30_000;
/** How often what has changed since it was seen is read and applied again in one operation. */
const MAX_FRESH_LOOKS = 3;

const refOf = (identity: ResourceIdentity): { namespace: string | undefined; name: string } => ({
  namespace: identity.namespace === '' ? undefined : identity.namespace,
  name: identity.name,
});

export async function applyIntents(
  tools: ApplyTools,
  intents: readonly SyncIntent[],
  options: { readonly validate: boolean; readonly signal: AbortSignal },
): Promise<IntentResult[]> {
  const results: IntentResult[] = [];
  const pendingDefinitions = new Set<string>();
  for (const intent of intents) {
    try {
      if (
        intent.kind === 'apply' &&
        pendingDefinitions.size > 0 &&
        intent.identity.kind !== 'CustomResourceDefinition'
      ) {
        await untilEstablished(tools, [...pendingDefinitions], options.signal);
        pendingDefinitions.clear();
        tools.kinds.refresh();
      }
      results.push(await carryOut(tools, intent, options));
      if (intent.kind === 'apply' && intent.identity.kind === 'CustomResourceDefinition') {
        pendingDefinitions.add(intent.identity.name);
      }
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof ApiUnreachable) && !(error instanceof NotNow))
        throw error;
      const about = intent.kind === 'create-namespace' ? intent.key : describe(intent.identity);
      results.push({ key: intent.key, ok: false, message: `${about}: ${error.message}` });
      break;
    }
  }
  return results;
}

class NotNow extends Error {}

async function carryOut(
  tools: ApplyTools,
  intent: SyncIntent,
  { validate, signal }: { readonly validate: boolean; readonly signal: AbortSignal },
): Promise<IntentResult> {
  const apply = {
    fieldManager: FIELD_MANAGER,
    fieldValidation: validate ? ('Warn' as const) : ('Ignore' as const),
    // The dry run has told them already.
    onWarning: () => {},
    signal,
  };
  if (intent.kind === 'create-namespace') {
    const name = (intent.manifest['metadata'] as JsonObject)['name'] as string;
    await tools.hands.writer.patch(
      NAMESPACE,
      { name },
      { type: 'apply', body: intent.manifest, force: true },
      apply,
    );
    return { key: intent.key, ok: true, message: `namespace/${name} created` };
  }
  const { identity } = intent;
  const type = await tools.kinds.find(identity.group, identity.version, identity.kind);
  if (type === undefined) throw new NotNow(`no matches for kind "${identity.kind}"`);
  const ref = refOf(identity);
  if (intent.kind === 'prune') {
    try {
      await tools.hands.writer.delete(type, ref, {
        preconditions: { uid: intent.uid },
        propagationPolicy: intent.propagation,
        signal,
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const { kind, name } = identity;
    return { key: intent.key, ok: true, message: `${kind.toLowerCase()}/${name} pruned` };
  }
  const before =
    type.namespaced && ref.namespace === undefined ? undefined : await tools.hands.objects.get(type, ref);
  const object = await applyAsSeen(tools, type, intent, apply);
  tools.hands.objects.remember(type, object);
  const done = before === undefined ? 'created' : 'configured';
  return {
    key: intent.key,
    ok: true,
    message: `${type.plural}${type.group === '' ? '' : `.${type.group}`}/${identity.name} ${done}`,
    object: object as unknown as JsonObject,
  };
}

/**
 * Whoever writes the object in between (a load balancer's status, somebody's annotation, a Rollout that switches) must
 * not make the sync fail: the object is read, and what is applied is made anew for what it is now.
 */
async function applyAsSeen(
  { hands }: ApplyTools,
  type: ResourceType,
  { identity, manifest, fromGit }: ApplyIntent,
  options: NonNullable<Parameters<Hands['writer']['patch']>[3]> & { readonly signal: AbortSignal },
): Promise<KubeObject> {
  const ref = refOf(identity);
  let body = manifest;
  for (let looks = 0; ; looks += 1) {
    try {
      return await hands.writer.patch(type, ref, { type: 'apply', body, force: true }, options);
    } catch (error) {
      if (!isBoundToVersion(body) || !(isConflict(error) || isGoneService(error))) throw error;
      if (looks >= MAX_FRESH_LOOKS) {
        throw new NotNow(
          `somebody else changed it each of the ${looks + 1} times that it was to be applied (${error.message}); its metadata.managedFields tell who writes it: end that, and sync again`,
        );
      }
    }
    const fresh = await readNow(hands, type, ref, options.signal);
    body = onSeenVersion(besideRollouts(fromGit, fresh), fresh);
  }
}

/** What a server answers, as a 500, to an apply with the version of a Service that is no longer there. */
const isGoneService = (error: unknown): error is ApiError =>
  error instanceof ApiError &&
  /resourceVersion should not be set on objects to be created/.test(error.message);

/** From the server, since the watch may not have heard of it yet. A list of one: accounts have no other right to read. */
async function readNow(
  { api }: ApplyTools['hands'],
  type: ResourceType,
  { namespace, name }: ReturnType<typeof refOf>,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const { items } = await api.list(type, { namespace, fieldSelector: `metadata.name=${name}`, signal });
  return items[0] as unknown as JsonObject | undefined;
}

/** Objects of a CRD can be written only once it is established. */
async function untilEstablished(
  tools: ApplyTools,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const deadline = tools.clock.monotonic() + ESTABLISHED_MS;
  for (const name of names) {
    for (let pause = 100; ; pause = Math.min(pause * 2, 2_000)) {
      const definition: KubeObject = await tools.hands.api.get(
        CUSTOM_RESOURCE_DEFINITION,
        { name },
        { signal },
      );
      if (resourceHealth(definition as unknown as JsonObject)?.status === 'Healthy') break;
      if (tools.clock.monotonic() >= deadline) {
        throw new NotNow(
          `CustomResourceDefinition ${name} was not established within ${ESTABLISHED_MS / 1000} s`,
        );
      }
      await sleep(tools.clock, pause, signal);
    }
  }
}
