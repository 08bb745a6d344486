/**
 * Composes the loop: informers shared by type, one queue and its workers for each controller, leadership, resync
 * and the graceful stop. It knows no kind, no socket and no real time: on a virtual clock with an in-process
 * `KubeApi` it runs unchanged.
 *
 *   waiting ──lease──► syncing ──all stores──► working ──abort──► draining ──► stopped (lease released)
 *                                                 └─lease lost──► stopped at once, `run` rejects
 */

import { linkedAbort } from '../kube/abort.ts';
import type { KubeApi, ResourceType } from '../kube/api.ts';
import { ApiError, apiVersionOf, isConflict, isNotFound } from '../kube/api.ts';
import { type Clock, sleep } from '../kube/clock.ts';
import { Informer, type InformerFailure } from '../kube/informer.ts';
import {
  type ForeignLease,
  LeaderElection,
  type LeadershipChange,
  LeadershipLost,
  type LeaseTimes,
} from '../kube/lease.ts';
import type { MemoryStore } from '../kube/memory-store.ts';
import type { IndexFunction, ReadStore } from '../kube/store.ts';
import type { ControlContext, Controller, InformerSpec, Log, ReconcileResult, Stores } from './controller.ts';
import { KubeEventRecorder } from './events.ts';
import type { ManagerObserver } from './metrics.ts';
import { WorkQueue } from './queue.ts';
import { FencedWriter, NotLeading, type WriteObservation } from './writer.ts';

export interface LeaderElectionSettings {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly times?: LeaseTimes | undefined;
  readonly holdAlso?: readonly ForeignLease[] | undefined;
  readonly isOurs?: ((holder: string) => boolean) | undefined;
  /** Asked when the lease was acquired, perhaps long after the start, and before anything is done. Rejects: it ends. */
  readonly permit?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

export interface ManagerOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly controllers: readonly ((context: ControlContext) => Controller)[];
  readonly instanceId: string;
  readonly ownNamespace: string;
  /** Empty: all namespaces. */
  readonly watchNamespace: string;
  /** Absent: this process acts alone, and at once. */
  readonly leaderElection?: LeaderElectionSettings | undefined;
  readonly metrics?: ManagerObserver | undefined;
  /** Each key gets a pass at least this often, and each type a full list (`--rollout-resync`). 0: never. */
  readonly resyncMs?: number | undefined;
  /** How long a graceful stop waits for passes under way. */
  readonly drainMs?: number | undefined;
  readonly onWrite?: ((observation: WriteObservation) => void) | undefined;
  /**
   * Awaited after each pass. Passes that only read end within microtasks, so on a real thread a resync of
   * thousands would hold up all I/O without a pause now and then; on a virtual clock there is nothing to hold up.
   */
  readonly breathe?: (() => Promise<void> | undefined) | undefined;
}

const RESYNC_MS = 900_000;
const DRAIN_MS = 15_000;
const FLUSH_EVENTS_MS = 3_000;
/** A pass that takes so long hangs on something that doesn't listen; its signal is aborted. */
const PASS_LIMIT_MS = 300_000;

interface Loop {
  readonly controller: Controller;
  readonly queue: WorkQueue;
  readonly primary: ResourceType | undefined;
  readonly log: Log;
}

export class Manager {
  readonly #options: ManagerOptions;
  readonly #election: LeaderElection | undefined;
  readonly #informers = new Map<string, Informer>();
  readonly #loops: Loop[] = [];
  readonly #events: KubeEventRecorder;
  readonly #work = new AbortController();
  readonly #informing = new AbortController();
  readonly #recording = new AbortController();
  readonly #holding = new AbortController();
  #state: 'new' | 'waiting' | 'syncing' | 'working' | 'draining' | 'stopped' = 'new';
  #fenced = true;
  #lastLeaseError = '';

  constructor(options: ManagerOptions) {
    this.#options = options;
    const { api, clock, random, log, leaderElection } = options;
    this.#election =
      leaderElection === undefined
        ? undefined
        : new LeaderElection({
            api,
            clock,
            random,
            lock: { namespace: leaderElection.namespace, name: leaderElection.name },
            identity: leaderElection.identity,
            times: leaderElection.times,
            holdAlso: leaderElection.holdAlso,
            isOurs: leaderElection.isOurs,
            onChange: (change) => this.#onLeadership(change),
          });
    const writer = new FencedWriter({
      api,
      clock,
      mayWrite: () => !this.#fenced && (this.#election?.holds() ?? true),
      store: (type) => this.#informers.get(typeKey(type))?.store,
      onWrite: options.onWrite,
      onWarning: (text, type, name) =>
        log.warn({ kind: type.kind, name, warning: text }, 'the API server warns'),
    });
    this.#events = new KubeEventRecorder({
      writer,
      clock,
      random,
      log,
      signal: this.#recording.signal,
      onRecorded: (about, event) => options.metrics?.event(about, event),
    });
    const context: ControlContext = {
      clock,
      random,
      log,
      stores: this.stores,
      writer,
      writerThrough: (other) => writer.through(other),
      live: api,
      events: this.#events,
      instanceId: options.instanceId,
      ownNamespace: options.ownNamespace,
      watchNamespace: options.watchNamespace,
    };
    const controllers = options.controllers.map((make) => make(context));
    this.#compose(controllers);
  }

  /** True when leadership is held by somebody else, or all stores are in step and the workers run. */
  get ready(): boolean {
    return this.#state === 'waiting' || this.#state === 'working';
  }

  get state(): string {
    return this.#state;
  }

  /** What keeps it from being ready, for `/readyz` and for people. */
  get unsynced(): readonly { type: string; because: string }[] {
    return this.#offered()
      .filter((informer) => !informer.synced)
      .map((informer) => ({
        type: `${informer.type.plural}.${apiVersionOf(informer.type)}`,
        because: explain(informer.lastFailure?.error),
      }));
  }

  readonly stores: Stores = {
    // Controllers are made before their informers are known, and may keep what they are given here.
    of: (type: ResourceType): ReadStore => this.#informers.get(typeKey(type))?.store ?? this.#lazyStore(type),
  };

  /** Number of keys that need a pass now, and that have a worker. For tests and the simulation. */
  get busy(): number {
    return this.#loops.reduce((sum, { queue }) => sum + queue.depth + queue.processing.size, 0);
  }

  /**
   * Runs until `signal` is aborted, then stops gracefully and resolves. Rejects with `LeadershipLost`, after all
   * work has been told to stop; the process should then end.
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#state !== 'new') throw new Error('a manager runs only once');
    try {
      if (this.#election !== undefined) {
        this.#state = 'waiting';
        await this.#election.acquire(signal);
      }
      this.#fenced = false;
      this.#state = 'syncing';
      const keeping = this.#election?.keep(this.#holding.signal) ?? untilAborted(this.#holding.signal);
      // The loss of the lease must be heard at any time, also before anybody waits for it below.
      keeping.catch(() => this.#halt());
      const stopping = Promise.race([untilAborted(signal), keeping]);
      stopping.catch(() => {});
      const offered = this.#offered();
      const informers = offered.map((informer) => informer.run(this.#informing.signal));
      const permitted = this.#options.leaderElection?.permit?.(this.#informing.signal);
      const synced = Promise.all([permitted, ...offered.map((informer) => informer.whenSynced())]);
      if (await Promise.race([synced.then(() => true), stopping.then(() => false)])) {
        this.#state = 'working';
        this.#options.log.info(
          {
            objects: Object.fromEntries(
              [...this.#informers.values()].map((i) => [i.type.plural, i.store.size]),
            ),
          },
          'all stores are in step, the workers start',
        );
        for (const { controller, queue } of this.#loops) {
          controller.attach?.((key) => queue.add(key), this.#work.signal);
        }
        const workers = this.#loops.flatMap((loop) =>
          Array.from({ length: Math.max(1, loop.controller.workers) }, () => this.#worker(loop)),
        );
        await stopping;
        // The lease is kept until the last pass has ended.
        await Promise.race([this.#drain(workers), keeping]);
      }
      this.#holding.abort();
      await this.#stop(informers);
    } catch (error) {
      this.#halt();
      this.#holding.abort();
      if (signal.aborted && !(error instanceof LeadershipLost)) {
        this.#state = 'stopped';
        return;
      }
      throw error;
    }
  }

  // ---- putting it together

  #compose(controllers: readonly Controller[]): void {
    for (const spec of uniteInformers(controllers)) {
      const { type } = spec;
      const resyncMs = this.#options.resyncMs ?? RESYNC_MS;
      this.#informers.set(
        typeKey(type),
        new Informer(this.#options.api, type, {
          ...spec,
          clock: this.#options.clock,
          random: this.#options.random,
          namespace: type.namespaced ? this.#options.watchNamespace : undefined,
          relistAfterMs: resyncMs > 0 ? resyncMs : undefined,
          onFailure: (failure) => this.#onInformerFailure(failure, spec.optional === true),
          onError: (error, where) =>
            this.#options.log.error({ error, where }, 'a function over the store failed'),
        }),
      );
    }
    for (const controller of controllers) {
      const observer = this.#options.metrics?.queue(controller.name, () => queue);
      const queue = new WorkQueue({ clock: this.#options.clock, observer });
      const loop: Loop = {
        controller,
        queue,
        primary: controller.primary ?? controller.watches[0]?.type,
        log: this.#options.log.child({ controller: controller.name }),
      };
      this.#loops.push(loop);
      for (const watch of controller.watches) {
        this.#store(watch.type).subscribe((change) => {
          let keys: Iterable<string>;
          let urgent = false;
          try {
            keys = [...watch.wakes(change, this.stores)];
            urgent = watch.urgent?.(change) ?? false;
          } catch (error) {
            loop.log.error(
              { error, kind: watch.type.kind, key: change.key },
              'could not tell whom a change concerns',
            );
            return;
          }
          for (const key of keys) queue.add(key, urgent ? 'high' : 'normal');
        });
      }
      if (loop.primary !== undefined) {
        this.#store(loop.primary).subscribe((change) => {
          if (change.after === undefined) this.#options.metrics?.gone(controller.name, change.key);
        });
      }
    }
  }

  /** With one namespace to watch, stores of cluster-wide types stay empty: the right to list them is not there. */
  #offered(): Informer[] {
    return [...this.#informers.values()].filter(
      ({ type }) => type.namespaced || this.#options.watchNamespace === '',
    );
  }

  #store(type: ResourceType): MemoryStore {
    const informer = this.#informers.get(typeKey(type));
    if (informer === undefined) {
      throw new Error(`no controller declared an informer for ${type.plural}.${apiVersionOf(type)}`);
    }
    return informer.store;
  }

  #lazyStore(type: ResourceType): ReadStore {
    const store = (): MemoryStore => this.#store(type);
    return {
      get: (key) => store().get(key),
      values: () => store().values(),
      byIndex: (index, value) => store().byIndex(index, value),
      get size() {
        return store().size;
      },
    };
  }

  // ---- passes

  async #worker(loop: Loop): Promise<void> {
    for (;;) {
      const key = await loop.queue.get();
      if (key === undefined) return;
      await this.#pass(loop, key);
      await this.#options.breathe?.();
    }
  }

  /** One pass over one key. Whatever is thrown concerns this key alone. */
  async #pass(loop: Loop, key: string): Promise<void> {
    const { controller, queue, log } = loop;
    const { clock, metrics } = this.#options;
    const began = clock.monotonic();
    const bounded = linkedAbort(this.#work.signal);
    const limit = clock.setTimer(PASS_LIMIT_MS, () => bounded.abort(new Error('the pass took too long')));
    let failed = false;
    try {
      const result = await controller.reconcile(key, bounded.signal);
      this.#afterSuccess(loop, key, result);
    } catch (error) {
      if (error instanceof NotLeading || this.#work.signal.aborted) {
        // Over for this process; should it hold the lease all the same (a clock jumped), the key comes back.
        queue.addRateLimited(key, { atLeastMs: 1_000 });
      } else if (isConflict(error)) {
        // Somebody else wrote first. Nothing is wrong; decide again on what is there now.
        log.debug({ key, error }, 'conflict, trying again');
        queue.addRateLimited(key);
      } else if (isNotFound(error)) {
        failed = true;
        log.warn({ key, error }, 'the pass ended: something is not there');
        queue.forget(key);
        this.#scheduleResync(loop, key);
      } else {
        failed = true;
        log.error(
          { key, error, failures: queue.failures(key) + 1 },
          'the pass failed and will be tried again',
        );
        queue.addRateLimited(key, { atLeastMs: error instanceof ApiError ? error.retryAfterMs : undefined });
      }
    } finally {
      limit.cancel();
      bounded.unlink();
      queue.done(key);
      const exists = loop.primary === undefined || this.#store(loop.primary).get(key) !== undefined;
      if (exists) metrics?.reconciled(controller.name, key, (clock.monotonic() - began) / 1000, failed);
    }
  }

  #afterSuccess(loop: Loop, key: string, result: ReconcileResult | undefined): void {
    const { queue } = loop;
    if (result?.retry === true) {
      queue.addRateLimited(key);
      return;
    }
    queue.forget(key);
    const at = result?.requeueAt;
    const resync = this.#resyncDelay(loop, key);
    if (at === undefined || !Number.isFinite(at)) {
      queue.schedule(key, resync, 'low');
      return;
    }
    const delay = Math.max(0, at - this.#options.clock.now());
    if (resync !== undefined && resync < delay) queue.schedule(key, resync, 'low');
    else queue.schedule(key, delay);
  }

  #scheduleResync(loop: Loop, key: string): void {
    const delay = this.#resyncDelay(loop, key);
    if (delay !== undefined) loop.queue.addAfter(key, delay, 'low');
  }

  /**
   * Counted for each key from its last pass, and between 80 % and 100 % of the period, so that keys that were
   * all touched at once (a start) drift apart. Undefined for an object that is gone.
   */
  #resyncDelay(loop: Loop, key: string): number | undefined {
    const periodMs = this.#options.resyncMs ?? RESYNC_MS;
    if (periodMs <= 0 || loop.primary === undefined) return undefined;
    if (this.#store(loop.primary).get(key) === undefined) return undefined;
    return periodMs * (0.8 + 0.2 * this.#options.random());
  }

  // ---- the end

  async #drain(workers: readonly Promise<void>[]): Promise<void> {
    const { clock, log } = this.#options;
    this.#state = 'draining';
    const passes = this.#loops.reduce((sum, { queue }) => sum + queue.processing.size, 0);
    log.info({ passes }, 'stopping: no new passes');
    for (const { queue } of this.#loops) queue.shutDown();
    const ended = Promise.all(workers).then(() => true);
    const cancel = new AbortController();
    const within = async (ms: number): Promise<boolean> =>
      Promise.race([
        ended,
        sleep(clock, ms, cancel.signal).then(
          () => false,
          () => true,
        ),
      ]);
    if (!(await within(this.#options.drainMs ?? DRAIN_MS))) {
      log.warn({ keys: this.#keysUnderWay() }, 'stopping: passes are still under way and are broken off');
      this.#work.abort(new Error('the controller is stopping'));
      await within(2_000);
    }
    cancel.abort();
    await this.#events.drained(FLUSH_EVENTS_MS);
  }

  async #stop(informers: readonly Promise<void>[]): Promise<void> {
    const { clock } = this.#options;
    this.#halt();
    const release = linkedAbort(undefined);
    const timer = clock.setTimer(5_000, () => release.abort());
    await this.#election?.release(release.signal);
    timer.cancel();
    await Promise.race([Promise.all(informers), sleep(clock, 2_000)]);
  }

  /** Everything stops now: no new write, no new pass, requests under way are broken off. */
  #halt(): void {
    this.#fenced = true;
    this.#state = 'stopped';
    for (const { queue } of this.#loops) queue.shutDown();
    const reason = new Error('the controller has stopped');
    this.#work.abort(reason);
    this.#recording.abort(reason);
    this.#informing.abort(reason);
  }

  #keysUnderWay(): string[] {
    return this.#loops.flatMap(({ controller, queue }) =>
      [...queue.processing.keys()].map((key) => `${controller.name}/${key}`),
    );
  }

  // ---- what people should know

  #onLeadership(change: LeadershipChange): void {
    const { log, leaderElection } = this.#options;
    const lease = `${leaderElection?.namespace ?? ''}/${leaderElection?.name ?? ''}`;
    switch (change.type) {
      case 'waiting':
        log.info({ lease, holder: change.holder }, 'waiting for the lease');
        break;
      case 'acquired':
        this.#lastLeaseError = '';
        log.info({ lease, identity: leaderElection?.identity }, 'leading');
        break;
      case 'lost':
        log.error({ lease, reason: change.reason }, 'leadership is lost, all work stops');
        break;
      case 'released':
        log.info({ lease }, 'the lease is released');
        break;
      case 'error': {
        // Every two seconds the same is no news.
        const text = `${change.lease} ${explain(change.error)}`;
        if (text === this.#lastLeaseError) break;
        this.#lastLeaseError = text;
        log.warn({ lease: change.lease, error: change.error }, 'the lease could not be read or written');
        break;
      }
    }
  }

  #onInformerFailure(failure: InformerFailure, optional: boolean): void {
    const { type, error, during, retryInMs, quiet } = failure;
    const fields = { kind: type.kind, group: type.group, error, retryInMs: Math.round(retryInMs) };
    if (isNotFound(error)) {
      const message = 'the API server does not serve this type';
      if (optional) this.#options.log.debug(fields, message);
      else this.#options.log.error(fields, `${message}: install its CustomResourceDefinition`);
    } else if (quiet) this.#options.log.debug(fields, 'nothing was heard for a while, the watch is renewed');
    else this.#options.log.warn(fields, during === 'list' ? 'list failed' : 'watch ended early');
  }
}

const typeKey = (type: ResourceType): string => `${type.group}/${type.version}/${type.plural}`;

const explain = (error: unknown): string =>
  error === undefined
    ? 'the first list is under way'
    : error instanceof Error
      ? error.message
      : String(error);

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * One spec for each type. Selectors must agree, for a store can't hold two selections; an object is trimmed only
 * if all who read it agree on how; it is required as soon as one requires it.
 */
export function uniteInformers(controllers: readonly Controller[]): InformerSpec[] {
  const united = new Map<string, { specs: InformerSpec[]; type: ResourceType }>();
  for (const spec of controllers.flatMap((controller) => controller.informers)) {
    const key = typeKey(spec.type);
    const entry = united.get(key) ?? { specs: [], type: spec.type };
    entry.specs.push(spec);
    united.set(key, entry);
  }
  return [...united.values()].map(({ specs, type }) => {
    const [first] = specs;
    const different = specs.find((spec) => (spec.labelSelector ?? '') !== (first?.labelSelector ?? ''));
    if (different !== undefined) {
      throw new Error(
        `two informers for ${type.plural} disagree on the selector: ` +
          `'${first?.labelSelector ?? ''}' and '${different.labelSelector ?? ''}'`,
      );
    }
    const indexes: Record<string, IndexFunction> = {};
    for (const [name, of] of specs.flatMap((spec) => Object.entries(spec.indexes ?? {}))) {
      const known = indexes[name];
      if (known !== undefined && known !== of) {
        throw new Error(
          `two index functions for ${type.plural} are called '${name}': share one or rename one`,
        );
      }
      indexes[name] = of;
    }
    const trims = new Set(specs.map((spec) => spec.trim));
    return {
      type,
      labelSelector: first?.labelSelector,
      indexes,
      trim: trims.size === 1 ? first?.trim : undefined,
      keepsLastApplied: specs.some((spec) => spec.keepsLastApplied === true),
      optional: specs.every((spec) => spec.optional === true),
    };
  });
}
