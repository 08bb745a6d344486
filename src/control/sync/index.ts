/**
 * The controller of Applications: gather, plan, apply, status. The syncer is a part of its own: nothing else
 * imports it, and a cluster with Argo CD or Flux runs without it. Spec 11.
 */

import { applicationSchema, type ApplicationStatus } from '../../api/application.ts';
import { decoderOf } from '../../api/decode.ts';
import type { RenderSettings } from '../../git/render/index.ts';
import type { GitSource } from '../../git/source.ts';
import { deepEqual, type JsonObject } from '../../lang/json.ts';
import { createMergePatch } from '../../lang/patch/merge.ts';
import { formatTime } from '../../lang/time.ts';
import type { KubeApi, KubeObject } from '../../kube/api.ts';
import { ApiError, isConflict, isNotFound, keyOf } from '../../kube/api.ts';
import { APPLICATION } from '../../kube/kinds.ts';
import { type AccountRef, chooseAccount, printAccount } from '../../plan/sync/account.ts';
import { identityOf, inventoryKey, resourceKey } from '../../plan/sync/identity.ts';
import {
  concludeSync,
  planDeletion,
  planSync,
  type InventoryResource,
  type Problem,
  type ResourceIdentity,
  type SyncPlan,
} from '../../plan/sync/index.ts';
import type { Change, ControlContext, Controller, ReconcileResult } from '../controller.ts';
import { Accounts, type Hands } from './accounts.ts';
import { applyIntents } from './apply.ts';
import { ArgoCdDetector } from './beside-argo-cd.ts';
import { FIELD_MANAGER } from './dry-run.ts';
import { gatherSync, liveInventory, refreshAsked, validates } from './gather.ts';
import { InventoryStore } from './inventory-store.ts';
import { ClusterKinds, type KindLookup } from './kinds.ts';
import { NotInStep } from './live-objects.ts';
import { digestOf, Renderings } from './rendering.ts';
import { RepositorySecrets } from './repositories.ts';

const decodeApplication = decoderOf(applicationSchema);

export interface SyncDependencies {
  /** For lists, watches and dry runs of the kinds that Applications own. */
  readonly api: KubeApi;
  readonly git: GitSource;
  readonly render?: RenderSettings | undefined;
  /** Acts on every Application, not only on those labelled `sluice.dev/syncer`. */
  readonly ownsAll?: boolean | undefined;
  readonly kinds?: KindLookup | undefined;
  /** The client of a user, for Applications that act as a ServiceAccount. */
  readonly impersonate?: ((user: string) => KubeApi) | undefined;
  /** The account of Applications that name none: `name` or `namespace:name`. */
  readonly defaultAccount?: string | undefined;
  /** Nothing is done with the syncer's own rights. */
  readonly requiresAccount?: boolean | undefined;
  /** 120 s. */
  readonly pollMs?: number | undefined;
  /** Up to 60 s are added to each poll. */
  readonly pollJitterMs?: number | undefined;
}

const SYNCER_LABEL = 'sluice.dev/syncer';
const FINALIZER = 'resources-finalizer.argocd.argoproj.io';
const REFRESH = 'argocd.argoproj.io/refresh';

export function applicationController(context: ControlContext, deps: SyncDependencies): Controller {
  const syncer = new ApplicationSyncer(context, deps);
  return {
    name: 'Applications',
    workers: 4,
    informers: [{ type: APPLICATION, optional: true }],
    watches: [{ type: APPLICATION, wakes: (change) => (isStatusAlone(change) ? [] : [change.key]) }],
    attach: (wake, signal) => syncer.attach(wake, signal),
    reconcile: (key, signal) => syncer.reconcile(key, signal),
  };
}

/**
 * Nobody decides anything by the status but the syncer itself, and its own passes say when they want to come again. Else
 * two leaders that see the world differently for a moment would answer each other's status as fast as they can write.
 */
function isStatusAlone({ before, after }: Change): boolean {
  if (before === undefined || after === undefined) return false;
  const decided = ({ metadata, ...object }: KubeObject): unknown => [
    object['spec'],
    object['operation'],
    metadata.uid,
    metadata.deletionTimestamp,
    metadata.labels,
    metadata.annotations,
    metadata.finalizers,
  ];
  return deepEqual(decided(before), decided(after));
}

class ApplicationSyncer {
  readonly #context: ControlContext;
  readonly #deps: SyncDependencies;
  readonly #kinds: KindLookup;
  readonly #accounts: Accounts;
  readonly #renderings: Renderings;
  readonly #inventories: InventoryStore;
  readonly #argoCd: ArgoCdDetector;
  /** Resource key to the Applications that look at it, and back. */
  readonly #watchers = new Map<string, Set<string>>();
  readonly #watched = new Map<string, readonly string[]>();
  #wake: (key: string) => void = () => {};

  constructor(context: ControlContext, deps: SyncDependencies) {
    const { clock, random, log, writer } = context;
    this.#context = context;
    this.#deps = deps;
    this.#kinds = deps.kinds ?? new ClusterKinds(deps.api, clock);
    this.#accounts = new Accounts({
      context,
      api: deps.api,
      impersonate: deps.impersonate,
      onChange: (_type, before, after) => this.#onChange(before, after),
    });
    this.#renderings = new Renderings({
      git: deps.git,
      render: deps.render ?? {},
      secrets: new RepositorySecrets(deps.api, clock, context.ownNamespace, log),
      clock,
      random,
      pollMs: deps.pollMs ?? 120_000,
      pollJitterMs: deps.pollJitterMs ?? 60_000,
    });
    this.#inventories = new InventoryStore(deps.api, writer);
    this.#argoCd = new ArgoCdDetector(deps.api, clock, log);
  }

  attach(wake: (key: string) => void, signal: AbortSignal): void {
    this.#wake = wake;
    this.#accounts.attach(signal);
    this.#renderings.attach(wake, signal);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const object = this.#context.stores.of(APPLICATION).get(key);
    this.#accounts.stopUnused();
    if (object === undefined || !(await this.#isOwned(object))) {
      this.#forget(key);
      return {};
    }
    if (object.metadata.deletionTimestamp !== undefined) return await this.#finalize(key, object, signal);

    const decoded = decodeApplication(object);
    if (!decoded.ok) return await this.#reportUnreadable(object, decoded.issues);
    const application = decoded.value;
    const refresh = refreshAsked(object);
    if (refresh === 'hard') {
      this.#accounts.forget(key);
      this.#kinds.refresh();
    }
    const { clock, log } = this.#context;
    const inventory = await this.#inventories.read(key, object);
    const { hands, account, obstacle } = await this.#handsFor(object);
    const gathered = await gatherSync(
      { renderings: this.#renderings, kinds: this.#kinds, hands },
      {
        obstacle,
        key,
        application,
        trackingName: this.#trackingName(object),
        inventory,
        request: {
          token:
            refresh === undefined && application.operation === undefined
              ? undefined
              : digestOf([refresh ?? '', application.operation ?? null]),
          hard: refresh === 'hard',
        },
        now: clock.now(),
      },
      signal,
    );
    if (gathered === undefined) return {};
    const { watched, nextPollAt } = gathered;
    let { snapshot, retry } = gathered;
    this.#watch(key, watched);

    let plan = planSync(snapshot);
    const gone = plan.intents.length === 0 ? undefined : await hands.problem(true);
    if (gone !== undefined) {
      snapshot = { ...snapshot, target: { ok: false, problem: gone } };
      plan = planSync(snapshot);
      retry = true;
    }
    for (const { about, text } of plan.notes) log.debug({ application: key, about }, text);
    let current = object;
    try {
      if (plan.operation !== undefined && plan.intents.length > 0 && this.#grows(plan, inventory)) {
        // First what is about to be ours, so that a crash in between leaves nothing that no one would prune.
        current = await this.#writeStatus(key, current, plan.status ?? {}, {});
      }
      const results = await applyIntents({ hands, kinds: this.#kinds, clock }, plan.intents, {
        validate: validates(application),
        signal,
      });
      const conclusion = concludeSync({ ...snapshot, now: clock.now() }, plan, results);
      current = await this.#writeStatus(key, current, conclusion.status, {
        consumeOperation: plan.consumesOperation,
        removeRefresh: refresh !== undefined,
      });
      this.#tell(current, plan, conclusion, account);
      if (retry) return { retry: true };
      const due = Math.min(conclusion.requeueAt ?? Number.POSITIVE_INFINITY, nextPollAt);
      return Number.isFinite(due) ? { requeueAt: due } : {};
    } catch (error) {
      // Somebody changed the Application meanwhile: the next pass sees what.
      if (isConflict(error)) return { retry: true };
      throw error;
    }
  }

  async #isOwned(object: KubeObject): Promise<boolean> {
    const instance = this.#context.instanceId === '' ? 'sluice' : this.#context.instanceId;
    if (object.metadata.labels?.[SYNCER_LABEL] === instance) return true;
    return this.#deps.ownsAll === true && !(await this.#argoCd.isThere());
  }

  /** As Argo CD names them: the namespace is part of it only outside of the controller's own. */
  #trackingName(object: KubeObject): string {
    const { name, namespace = '' } = object.metadata;
    return namespace === this.#context.ownNamespace ? name : `${namespace}_${name}`;
  }

  #grows(plan: SyncPlan, before: readonly ResourceIdentity[]): boolean {
    const known = new Set(before.map(inventoryKey));
    return plan.inventory.some((entry) => !known.has(entry));
  }

  async #writeStatus(
    key: string,
    object: KubeObject,
    wanted: ApplicationStatus,
    also: { readonly consumeOperation?: boolean; readonly removeRefresh?: boolean },
  ): Promise<KubeObject> {
    const moved = await this.#inventories.moveOut(key, object, wanted);
    const before = (object['status'] ?? {}) as JsonObject;
    const changed = createMergePatch(before, moved as JsonObject);
    if (changed === undefined && also.consumeOperation !== true && also.removeRefresh !== true) return object;
    const now = formatTime(this.#context.clock.now());
    const body: JsonObject = { status: { ...changed, reconciledAt: now } };
    const metadata: JsonObject = {};
    if (also.removeRefresh === true) metadata['annotations'] = { [REFRESH]: null };
    if (also.consumeOperation === true) {
      body['operation'] = null;
      // An operation that was put in its place meanwhile must not be removed unseen.
      metadata['resourceVersion'] = object.metadata.resourceVersion;
    }
    if (Object.keys(metadata).length > 0) body['metadata'] = metadata;
    return await this.#context.writer.patch(
      APPLICATION,
      object.metadata,
      { type: 'merge', body },
      { fieldManager: FIELD_MANAGER },
    );
  }

  #tell(
    object: KubeObject,
    plan: SyncPlan,
    conclusion: { status: ApplicationStatus; succeeded: boolean },
    account: AccountRef | undefined,
  ): void {
    if (plan.operation === undefined) return;
    const { revision } = plan.operation;
    const message = conclusion.status.operationState?.message ?? '';
    const application = keyOf(object.metadata);
    const as = account === undefined ? undefined : printAccount(account);
    if (conclusion.succeeded) {
      this.#context.log.info({ application, revision, as, writes: plan.intents.length }, 'sync succeeded');
      this.#context.events.record(object, {
        type: 'Normal',
        reason: 'OperationCompleted',
        message: `Sync operation to ${revision} succeeded`,
      });
    } else {
      this.#context.log.warn({ application, revision, as, message }, 'sync failed');
      this.#context.events.record(object, {
        type: 'Warning',
        reason: 'OperationCompleted',
        message: `Sync operation to ${revision} failed: ${message}`.slice(0, 1000),
      });
    }
  }

  /** An object that no one can act on still gets its answer. */
  async #reportUnreadable(
    object: KubeObject,
    issues: readonly { path: string; message: string }[],
  ): Promise<ReconcileResult> {
    const message = issues
      .slice(0, 5)
      .map(({ path, message: text }) => `${path}: ${text}`)
      .join('; ');
    const status = (object['status'] ?? {}) as ApplicationStatus;
    const known = status.conditions?.find((c) => c.type === 'InvalidSpecError' && c.message === message);
    const condition = known ?? {
      type: 'InvalidSpecError',
      message,
      lastTransitionTime: formatTime(this.#context.clock.now()),
    };
    await this.#writeStatus(
      keyOf(object.metadata),
      object,
      { ...status, sync: { ...status.sync, status: 'Unknown' }, conditions: [condition] },
      {
        removeRefresh: refreshAsked(object) !== undefined,
      },
    );
    return {};
  }

  /** With the finalizer, what the Application owns is deleted before it goes. */
  async #finalize(key: string, object: KubeObject, signal: AbortSignal): Promise<ReconcileResult> {
    const finalizers = object.metadata.finalizers ?? [];
    const mine = finalizers.find((name) => name === FINALIZER || name.startsWith(`${FINALIZER}/`));
    if (mine === undefined) {
      this.#forget(key);
      return {};
    }
    const { hands, obstacle } = await this.#handsFor(object);
    if (obstacle !== undefined) return await this.#reportHeldUp(key, object, obstacle.problem.message);
    const known = await this.#inventories.read(key, object);
    let inventory: InventoryResource[];
    try {
      inventory = await liveInventory({ kinds: this.#kinds, hands }, known);
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof NotInStep)) throw error;
      return await this.#reportHeldUp(key, object, `what it owns could not be read: ${error.message}`);
    }
    this.#watch(
      key,
      inventory.map(({ identity }) => resourceKey(identity)),
    );
    const { intents, remaining } = planDeletion({ trackingName: this.#trackingName(object), inventory });
    const background = mine.endsWith('/background');
    const results = await applyIntents(
      { hands, kinds: this.#kinds, clock: this.#context.clock },
      intents.map((intent) => ({ ...intent, propagation: background ? 'Background' : intent.propagation })),
      { validate: true, signal },
    );
    const failed = results.find(({ ok }) => !ok);
    if (failed !== undefined) return await this.#reportHeldUp(key, object, failed.message);
    if (remaining > 0) return { requeueAt: this.#context.clock.now() + 5_000 };
    try {
      await this.#context.writer.patch(
        APPLICATION,
        object.metadata,
        {
          type: 'merge',
          body: {
            metadata: {
              resourceVersion: object.metadata.resourceVersion,
              finalizers: finalizers.filter((name) => name !== mine),
            },
          },
        },
        { fieldManager: FIELD_MANAGER },
      );
    } catch (error) {
      if (isConflict(error)) return { retry: true };
      if (!isNotFound(error)) throw error;
    }
    this.#forget(key);
    return {};
  }

  /** What the Application owns can't be deleted now. */
  async #reportHeldUp(key: string, object: KubeObject, message: string): Promise<ReconcileResult> {
    const status = (object['status'] ?? {}) as ApplicationStatus;
    const known = status.conditions?.find((c) => c.type === 'DeletionError' && c.message === message);
    const condition = known ?? {
      type: 'DeletionError',
      message,
      lastTransitionTime: formatTime(this.#context.clock.now()),
    };
    await this.#writeStatus(key, object, { ...status, conditions: [condition] }, {});
    return { retry: true };
  }

  /** The hands of the account that the Application is to be synced as, or what is wrong with that account. */
  async #handsFor(object: KubeObject): Promise<{
    hands: Hands;
    account: AccountRef | undefined;
    obstacle: { problem: Problem; passing: boolean } | undefined;
  }> {
    const choice = chooseAccount(object as unknown as JsonObject, {
      ownNamespace: this.#context.ownNamespace,
      fallback: this.#deps.defaultAccount ?? '',
      required: this.#deps.requiresAccount === true,
    });
    if (!choice.ok) {
      // Never used: there is an obstacle.
      const hands = this.#accounts.of(undefined);
      return { hands, account: undefined, obstacle: { problem: choice.problem, passing: false } };
    }
    const { account } = choice;
    const hands = this.#accounts.of(account);
    const problem = await hands.problem(false);
    return { hands, account, obstacle: problem === undefined ? undefined : { problem, passing: true } };
  }

  #watch(key: string, resources: readonly string[]): void {
    const before = this.#watched.get(key) ?? [];
    const wanted = new Set(resources);
    for (const resource of before) {
      if (wanted.has(resource)) continue;
      const watchers = this.#watchers.get(resource);
      watchers?.delete(key);
      if (watchers?.size === 0) this.#watchers.delete(resource);
    }
    for (const resource of wanted) {
      const watchers = this.#watchers.get(resource);
      if (watchers === undefined) this.#watchers.set(resource, new Set([key]));
      else watchers.add(key);
    }
    this.#watched.set(key, [...wanted]);
  }

  #onChange(before: KubeObject | undefined, after: KubeObject | undefined): void {
    const object = after ?? before;
    if (object === undefined) return;
    const watchers = this.#watchers.get(resourceKey(identityOf(object as unknown as JsonObject)));
    for (const key of watchers ?? []) this.#wake(key);
  }

  #forget(key: string): void {
    this.#watch(key, []);
    this.#watched.delete(key);
    this.#renderings.forget(key);
    this.#accounts.forget(key);
    this.#inventories.forget(key);
  }
}
