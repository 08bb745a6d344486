/**
 * Carries out a plan: wave after wave, the status between them. What fails is reported, so that the plan can be made
 * again with the failure as a fact; what conflicts means that the plan was made on an older view.
 */

import type { Rollout } from '../../api/rollout.ts';
import type { KubeObject, ObjectRef, ResourceType } from '../../kube/api.ts';
import { ApiError, isAlreadyExists, isConflict, isNotFound, keyOf } from '../../kube/api.ts';
import { ANALYSIS_RUN, DEPLOYMENT, POD, REPLICA_SET, ROLLOUT, SERVICE } from '../../kube/kinds.ts';
import type { JsonObject } from '../../lang/json.ts';
import { isObject } from '../../lang/json.ts';
import { createMergePatch } from '../../lang/patch/merge.ts';
import { podTemplatesEqual } from '../../lang/pod-template.ts';
import { ATTEMPT_ANNOTATION, isSameRun } from '../../plan/analysis/build.ts';
import {
  EPHEMERAL_METADATA,
  HASH_LABEL,
  MANAGED_BY,
  REVISION,
  WORKLOAD_GENERATION,
} from '../../plan/rollout/names.ts';
import type { FailedIntent, RolloutIntent, RolloutPlan, Target } from '../../plan/rollout/index.ts';
import { WAVES_AFTER_STATUS, WAVES_BEFORE_STATUS } from '../../plan/rollout/index.ts';
import type { ReplicaSet } from '../../plan/rollout/replica-set.ts';
import { ownTemplate } from '../../plan/rollout/strip.ts';
import type { Router, RouterEvent } from '../../routers/index.ts';
import type { ControlContext } from '../controller.ts';
import { controllerOf, controllerRef } from '../controller.ts';
import { NotLeading } from '../writer.ts';
import { routerObjects } from './gather.ts';
import { forEachPod } from './pods.ts';

/** Events that explain a status go before it, but never hold it up for longer. */
const FLUSH_MS = 250;

/** A plan is carried out by then, or made again: the times that it writes are those of its decision. */
const FRESH_MS = 10_000;

export interface Applied {
  /** Somebody else wrote first, or the plan has become old: gather and plan again. */
  readonly conflict: boolean;
  /** Writes before the status that failed; the status was then not written. */
  readonly failed: readonly (FailedIntent & { readonly error: unknown })[];
  /** The first failure after the status: the next pass tries again. */
  readonly error: unknown;
  readonly statusWritten: boolean;
}

export async function applyRolloutPlan(
  context: ControlContext,
  object: KubeObject,
  rollout: Rollout | undefined,
  plan: RolloutPlan,
  routers: readonly Router[],
  signal: AbortSignal,
): Promise<Applied> {
  const pass = new Pass(context, object, rollout, plan, routers, signal);
  return pass.run();
}

class Pass {
  readonly #context: ControlContext;
  readonly #rollout: Rollout | undefined;
  readonly #plan: RolloutPlan;
  readonly #routers: readonly Router[];
  readonly #options: { signal: AbortSignal; priority: 'high' | 'normal' };
  readonly #madeAt: number;
  /** The Rollout as our last write left it. */
  #object: KubeObject;
  readonly #done = new Set<string>();
  readonly #routerEvents = new Map<string, RouterEvent[]>();

  constructor(
    context: ControlContext,
    object: KubeObject,
    rollout: Rollout | undefined,
    plan: RolloutPlan,
    routers: readonly Router[],
    signal: AbortSignal,
  ) {
    this.#context = context;
    this.#madeAt = context.clock.monotonic();
    this.#object = object;
    this.#rollout = rollout;
    this.#plan = plan;
    this.#routers = routers;
    this.#options = { signal, priority: plan.urgent ? 'high' : 'normal' };
  }

  async run(): Promise<Applied> {
    const outcome = { conflict: false, failed: [], error: undefined, statusWritten: false };
    for (const wave of WAVES_BEFORE_STATUS) {
      const failures = await this.#wave(wave);
      if (failures.some(({ error }) => isConflict(error))) return { ...outcome, conflict: true };
      if (failures.length > 0) {
        // What did happen is told now: the next plan won't know of it.
        this.#record('before', true);
        return { ...outcome, failed: failures.map(asFailed) };
      }
      if (this.#isOld()) {
        this.#record('before', true);
        return { ...outcome, conflict: true };
      }
    }
    if (!this.#plan.urgent) {
      const recorded = this.#record('before', false);
      if (recorded) await this.#context.events.flushed(this.#object, FLUSH_MS);
    }
    let statusWritten = false;
    if (this.#plan.status !== undefined) {
      try {
        statusWritten = await this.#writeStatus(this.#plan.status as unknown as JsonObject);
      } catch (error) {
        if (isConflict(error)) return { ...outcome, conflict: true };
        throw error;
      }
    }
    if (this.#plan.urgent) this.#record('before', false);
    let error: unknown;
    let conflict = false;
    for (const wave of WAVES_AFTER_STATUS) {
      if (this.#isOld()) {
        conflict = true;
        break;
      }
      for (const failure of await this.#wave(wave)) {
        if (isConflict(failure.error)) conflict = true;
        else error ??= failure.error;
      }
      if (error !== undefined || conflict) break;
    }
    this.#record('after', false);
    return { conflict, failed: [], error, statusWritten };
  }

  /** The process stood still, or a write took its time. */
  #isOld(): boolean {
    return this.#context.clock.monotonic() - this.#madeAt > FRESH_MS;
  }

  /** All writes of a wave at once. */
  async #wave(wave: string): Promise<{ intent: RolloutIntent; error: unknown }[]> {
    const intents = this.#plan.intents.filter((intent) => intent.wave === wave);
    if (intents.length === 0) return [];
    const results = await Promise.allSettled(intents.map((intent) => this.#write(intent)));
    const failures: { intent: RolloutIntent; error: unknown }[] = [];
    results.forEach((result, i) => {
      const intent = intents[i];
      if (intent === undefined) return;
      if (result.status === 'fulfilled') {
        this.#done.add(intent.key);
      } else {
        if (result.reason instanceof NotLeading) throw result.reason;
        failures.push({ intent, error: result.reason });
      }
    });
    return failures;
  }

  async #write(intent: RolloutIntent): Promise<void> {
    const { writer } = this.#context;
    const options = this.#options;
    switch (intent.kind) {
      case 'patchRolloutMeta':
        await this.#patchRollout(
          intent.patch === 'revision'
            ? { metadata: { annotations: { [REVISION]: String(intent.revision) } } }
            : intent.patch === 'workload'
              ? { metadata: { annotations: { [WORKLOAD_GENERATION]: intent.generation } } }
              : { spec: { replicas: intent.replicas } },
        );
        return;
      case 'removeRolloutFields':
        return this.#removeFields(intent.paths);
      case 'scaleWorkload':
        await unlessGone(
          writer.patch(
            DEPLOYMENT,
            this.#ref(intent.name),
            { type: 'merge', body: { spec: { replicas: intent.replicas } } },
            { ...options, subresource: 'scale' },
          ),
        );
        return;
      case 'createReplicaSet':
        return this.#createReplicaSet(intent.object);
      case 'adoptReplicaSet':
      case 'releaseReplicaSet':
        return this.#setOwner(intent.target.name, intent.kind === 'adoptReplicaSet');
      case 'scaleReplicaSet':
        await this.#patch(REPLICA_SET, intent.target, {
          metadata: { annotations: { ...intent.annotations } },
          spec: { replicas: intent.to },
        });
        return;
      case 'annotateReplicaSet':
        await this.#patch(REPLICA_SET, intent.target, {
          metadata: { annotations: { ...intent.annotations } },
          ...replicaSetSpec(intent),
        });
        return;
      case 'setTemplateMetadata':
        await this.#patch(REPLICA_SET, intent.target, templateMetadata(intent));
        return;
      case 'evictPods':
        return this.#evict(intent.pods);
      case 'setPodMetadata':
        await this.#setPodMetadata(intent);
        return;
      case 'deleteReplicaSet':
      case 'deleteAnalysisRun': {
        const type = intent.kind === 'deleteReplicaSet' ? REPLICA_SET : ANALYSIS_RUN;
        const { name, uid, resourceVersion } = intent.target;
        await unlessGone(
          writer.delete(type, this.#ref(name), {
            ...options,
            propagationPolicy: 'Background',
            preconditions: { uid, resourceVersion },
          }),
        );
        return;
      }
      case 'setServiceSelector': {
        const { uid, resourceVersion } = this.#stored(SERVICE, intent.service)?.metadata ?? {};
        if (intent.restsOn !== undefined) await this.#unchanged(intent.restsOn);
        await this.#patch(
          SERVICE,
          { name: intent.service, uid, resourceVersion },
          {
            metadata: { annotations: { [MANAGED_BY]: this.#object.metadata.name } },
            spec: { selector: { [HASH_LABEL]: intent.hash } },
          },
        );
        return;
      }
      case 'setRoute':
        return this.#setRoute(intent);
      case 'createAnalysisRun':
        return this.#createRun(intent.object as unknown as KubeObject);
      case 'terminateAnalysisRun':
        await unlessGone(this.#patch(ANALYSIS_RUN, intent.target, { spec: { terminate: true } }));
        return;
    }
  }

  /** Each pod by itself: one that can't be written holds up no other, only the record. */
  async #setPodMetadata(intent: RolloutIntent & { kind: 'setPodMetadata' }): Promise<void> {
    await forEachPod(intent.pods, ({ target, metadata }) =>
      this.#patch(POD, target, { metadata: metadata as JsonObject }),
    );
    await this.#patch(REPLICA_SET, intent.target, {
      metadata: { annotations: { [EPHEMERAL_METADATA]: intent.record } },
    });
  }

  /** What a PodDisruptionBudget forbids now is asked for again later. */
  async #evict(pods: readonly { name: string; uid: string | undefined }[]): Promise<void> {
    await forEachPod(pods, async ({ name, uid }) => {
      const ref = this.#ref(name);
      try {
        await this.#context.writer.create(
          POD,
          {
            apiVersion: 'policy/v1',
            kind: 'Eviction',
            metadata: { name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) },
            deleteOptions: { preconditions: uid === undefined ? {} : { uid } },
          },
          { ...this.#options, subresource: 'eviction', ref },
        );
      } catch (error) {
        if (error instanceof ApiError && error.code === 429) {
          this.#context.log.debug({ pod: keyOf(ref), error }, 'the eviction must wait');
          return;
        }
        throw error;
      }
    });
  }

  /** Only while the Rollout is what the plan was made from. */
  async #patchRollout(body: JsonObject, subresource?: 'status'): Promise<void> {
    const before = this.#object;
    const metadata = isObject(body['metadata']) ? body['metadata'] : {};
    const written = await this.#context.writer.patch(
      ROLLOUT,
      this.#ref(before.metadata.name),
      {
        type: 'merge',
        body: { ...body, metadata: { ...metadata, resourceVersion: before.metadata.resourceVersion ?? '' } },
      },
      { ...this.#options, ...(subresource === undefined ? {} : { subresource }) },
    );
    this.#object = written;
  }

  /** Only while the Rollout is what the plan was made from: an index of a list means nothing in another one. */
  async #removeFields(paths: readonly (readonly (string | number)[])[]): Promise<void> {
    const { name, resourceVersion = '' } = this.#object.metadata;
    this.#object = await this.#context.writer.patch(
      ROLLOUT,
      this.#ref(name),
      {
        type: 'json',
        body: [
          { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
          ...paths.map((path) => ({ op: 'remove' as const, path: jsonPointer(path) })),
        ],
      },
      this.#options,
    );
  }

  async #writeStatus(wanted: JsonObject): Promise<boolean> {
    const present = isObject(this.#object['status']) ? this.#object['status'] : {};
    const patch = createMergePatch(present, withFalse(present, wanted));
    if (patch === undefined) return false;
    await this.#patchRollout({ status: patch }, 'status');
    return true;
  }

  async #patch(
    type: ResourceType,
    target: { name: string; uid: string | undefined; resourceVersion?: string | undefined },
    body: JsonObject,
  ): Promise<KubeObject> {
    const metadata = isObject(body['metadata']) ? body['metadata'] : {};
    const identity: JsonObject = {
      ...(target.uid === undefined ? {} : { uid: target.uid }),
      ...(target.resourceVersion === undefined ? {} : { resourceVersion: target.resourceVersion }),
    };
    return this.#context.writer.patch(
      type,
      this.#ref(target.name),
      { type: 'merge', body: { ...body, metadata: { ...metadata, ...identity } } },
      this.#options,
    );
  }

  async #createReplicaSet(wanted: ReplicaSet): Promise<void> {
    try {
      await this.#context.writer.create(REPLICA_SET, wanted as unknown as KubeObject, this.#options);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const live = await this.#live(REPLICA_SET, wanted.metadata.name);
      if (live !== undefined && this.#isOurs(live) && this.#hasTemplate(live)) return;
      throw error;
    }
  }

  #hasTemplate(live: KubeObject): boolean {
    const template = this.#rollout?.spec.template;
    return template !== undefined && podTemplatesEqual(ownTemplate(live as unknown as ReplicaSet), template);
  }

  async #createRun(wanted: KubeObject): Promise<void> {
    try {
      await this.#context.writer.create(ANALYSIS_RUN, wanted, this.#options);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const live = await this.#live(ANALYSIS_RUN, wanted.metadata.name);
      const same = {
        ownerUid: this.#object.metadata.uid ?? '',
        spec: wanted['spec'] as Parameters<typeof isSameRun>[1]['spec'],
        attempt: wanted.metadata.annotations?.[ATTEMPT_ANNOTATION],
      };
      if (live !== undefined && isSameRun(live as unknown as Parameters<typeof isSameRun>[0], same)) return;
      throw error;
    }
  }

  /** A conflict where the caches were behind the Rollout or this ReplicaSet of it. */
  async #unchanged({ name, resourceVersion }: Target): Promise<void> {
    const rollout = this.#object.metadata;
    const [seen, replicaSet] = await Promise.all([
      this.#live(ROLLOUT, rollout.name),
      this.#live(REPLICA_SET, name),
    ]);
    if (
      seen?.metadata.resourceVersion !== rollout.resourceVersion ||
      replicaSet?.metadata.resourceVersion !== resourceVersion
    )
      throw new ApiError({
        code: 409,
        reason: 'Conflict',
        message: `the plan rests on an older view of Rollout ${rollout.name} or ReplicaSet ${name}`,
      });
  }

  async #live(type: ResourceType, name: string): Promise<KubeObject | undefined> {
    try {
      return await this.#context.live.get(type, this.#ref(name), { signal: this.#options.signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  readonly #isOurs = (object: KubeObject): boolean => controllerOf(object)?.uid === this.#object.metadata.uid;

  /** Adoption only while the Rollout itself is alive, by a live look: a cache may be behind its deletion. */
  async #setOwner(name: string, adopt: boolean): Promise<void> {
    const present = this.#stored(REPLICA_SET, name);
    if (present === undefined) return;
    const { uid } = this.#object.metadata;
    if (adopt) {
      const live = await this.#live(ROLLOUT, this.#object.metadata.name);
      if (live?.metadata.uid !== uid || live?.metadata.deletionTimestamp !== undefined)
        throw new Error(`Rollout ${keyOf(this.#object.metadata)} is gone: ReplicaSet ${name} is not adopted`);
    }
    const others = (present.metadata.ownerReferences ?? []).filter((ref) => ref.uid !== uid);
    const owners = adopt ? [...others, controllerRef(this.#object)] : others;
    await this.#patch(
      REPLICA_SET,
      { name, uid: present.metadata.uid, resourceVersion: present.metadata.resourceVersion },
      { metadata: { ownerReferences: owners as unknown as JsonObject[] } },
    );
  }

  /** Routes go one after the other: the first error says what is wrong, and nothing further moves. */
  async #setRoute(intent: RolloutIntent & { kind: 'setRoute' }): Promise<void> {
    const { stores, writer } = this.#context;
    const router = this.#routers.find((item) => item.name === intent.router);
    if (router === undefined || this.#rollout === undefined) return;
    const objects = routerObjects(stores, this.#object.metadata.namespace);
    const events: RouterEvent[] = [];
    this.#routerEvents.set(intent.key, events);
    for (const write of router.desired(this.#rollout, intent, objects)) {
      if (write.action === 'create') {
        await writer.create(write.type, write.object, this.#options);
      } else {
        await writer.patch(
          write.type,
          this.#ref(write.name),
          this.#guarded(write.type, write.name, write.patch, intent.weight > 0 || intent.managed.length > 0),
          this.#options,
        );
      }
      events.push(...write.events);
    }
  }

  /** Giving a canary traffic must not rest on an older view; taking it away must not be held up by one. */
  #guarded<P extends { type: string; body: unknown }>(
    type: ResourceType,
    name: string,
    patch: P,
    gives: boolean,
  ): P {
    const resourceVersion = this.#stored(type, name)?.metadata.resourceVersion;
    if (!gives || patch.type !== 'merge' || resourceVersion === undefined) return patch;
    const body = patch.body as JsonObject;
    const metadata = isObject(body['metadata']) ? body['metadata'] : {};
    return { ...patch, body: { ...body, metadata: { ...metadata, resourceVersion } } };
  }

  #stored(type: ResourceType, name: string): KubeObject | undefined {
    return this.#context.stores.of(type).get(keyOf(this.#ref(name)));
  }

  #ref(name: string): ObjectRef {
    return { namespace: this.#object.metadata.namespace, name };
  }

  /** Events of writes that happened, in the order of the plan; a router's own stand before the first that is about it. */
  #record(when: 'before' | 'after', onlyWrites: boolean): boolean {
    const { events } = this.#context;
    const about = this.#object;
    const told = new Set<string>();
    let any = false;
    const tell = (event: RouterEvent): void => {
      any = true;
      events.record(about, { type: event.type, reason: event.reason, message: event.message });
    };
    const tellRouter = (key: string): void => {
      if (told.has(key)) return;
      told.add(key);
      for (const event of this.#routerEvents.get(key) ?? []) tell(event);
      this.#routerEvents.delete(key);
    };
    for (const event of this.#plan.events) {
      if (event.when !== when) continue;
      if (event.of === undefined ? onlyWrites : !this.#done.has(event.of)) continue;
      if (event.of !== undefined) tellRouter(event.of);
      tell(event);
    }
    for (const key of this.#routerEvents.keys()) tellRouter(key);
    return any;
  }
}

const jsonPointer = (path: readonly (string | number)[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

function replicaSetSpec(intent: RolloutIntent & { kind: 'annotateReplicaSet' }): JsonObject {
  const { minReadySeconds, podSpec } = intent;
  if (minReadySeconds === undefined && podSpec === undefined) return {};
  return {
    spec: {
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      ...(podSpec === undefined ? {} : { template: { spec: podSpec } }),
    },
  };
}

function templateMetadata(intent: RolloutIntent & { kind: 'setTemplateMetadata' }): JsonObject {
  const { metadata, record } = intent;
  return {
    ...(record === undefined ? {} : { metadata: { annotations: { [EPHEMERAL_METADATA]: record } } }),
    ...(Object.keys(metadata).length === 0
      ? {}
      : { spec: { template: { metadata: metadata as JsonObject } } }),
  };
}

/** A user's `abort: false` says the same as nothing: no reason to take it away. */
function withFalse(present: JsonObject, wanted: JsonObject): JsonObject {
  const kept = Object.entries(present).filter(([key, value]) => wanted[key] === undefined && value === false);
  return { ...Object.fromEntries(kept), ...wanted };
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function asFailed({ intent, error }: { intent: RolloutIntent; error: unknown }): Applied['failed'][number] {
  return {
    key: intent.key,
    reason: isAlreadyExists(error) ? 'AlreadyExists' : 'Error',
    message: error instanceof Error ? error.message : String(error),
    error: error instanceof ApiError && isNotFound(error) ? new Error(error.message) : error,
  };
}
