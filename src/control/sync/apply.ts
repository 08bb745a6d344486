/** Carries out the intents of a sync, in order, and tells what became of each. Stops at the first failure. */

import type { JsonObject } from '../../lang/json.ts';
import type { KubeObject } from '../../kube/api.ts';
import { ApiError, ApiUnreachable, isNotFound } from '../../kube/api.ts';
import { sleep, type Clock } from '../../kube/clock.ts';
import { CUSTOM_RESOURCE_DEFINITION, NAMESPACE } from '../../kube/kinds.ts';
import { resourceHealth } from '../../plan/sync/health/index.ts';
import { describe } from '../../plan/sync/identity.ts';
import type { IntentResult, ResourceIdentity, SyncIntent } from '../../plan/sync/index.ts';
import type { Hands } from './accounts.ts';
import { FIELD_MANAGER } from './dry-run.ts';
import type { KindLookup } from './kinds.ts';

export interface ApplyTools {
  readonly hands: Pick<Hands, 'api' | 'writer' | 'objects'>;
  readonly kinds: KindLookup;
  readonly clock: Clock;
}

const ESTABLISHED_MS = 30_000;

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
      if (!(error instanceof ApiError) && !(error instanceof ApiUnreachable) && !(error instanceof NotReady))
        throw error;
      const about = intent.kind === 'create-namespace' ? intent.key : describe(intent.identity);
      results.push({ key: intent.key, ok: false, message: `${about}: ${error.message}` });
      break;
    }
  }
  return results;
}

class NotReady extends Error {}

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
  if (type === undefined) throw new NotReady(`no matches for kind "${identity.kind}"`);
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
  const object = await tools.hands.writer.patch(
    type,
    ref,
    { type: 'apply', body: intent.manifest, force: true },
    apply,
  );
  tools.hands.objects.remember(type, object);
  const done = before === undefined ? 'created' : 'configured';
  return {
    key: intent.key,
    ok: true,
    message: `${type.plural}${type.group === '' ? '' : `.${type.group}`}/${identity.name} ${done}`,
    object: object as unknown as JsonObject,
  };
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
        throw new NotReady(
          `CustomResourceDefinition ${name} was not established within ${ESTABLISHED_MS / 1000} s`,
        );
      }
      await sleep(tools.clock, pause, signal);
    }
  }
}
