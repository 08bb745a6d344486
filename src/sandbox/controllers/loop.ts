/**
 * The loop that the built-in controllers share: changes wake keys, keys are worked off in order on the clock, a
 * failing key is tried again with back-off. Nothing polls.
 */

import { isConflict, isNotFound, type KubeObject, type ResourceType } from '../../kube/api.ts';
import type { Clock, Timer } from '../../kube/clock.ts';
import type { ApiServer, RequestInfo } from '../apiserver/server.ts';
import type { Change } from '../apiserver/storage.ts';

export interface BuiltinController {
  readonly name: string;
  /** Keys that a change wakes. */
  wakes(change: Change, type: ResourceType): Iterable<string>;
  /** One pass; may answer with the milliseconds after which to come again. */
  sync(key: string): number | undefined;
}

const RETRY_MS = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5000];
/** Keys worked off in one turn of the event loop. */
const BATCH = 64;

export class ControllerLoop {
  readonly #server: ApiServer;
  readonly #clock: Clock;
  readonly #controllers: readonly BuiltinController[];
  readonly #pending = new Map<string, { controller: BuiltinController; key: string }>();
  readonly #failures = new Map<string, number>();
  readonly #later = new Map<string, { at: number; timer: Timer }>();
  #turn: Timer | undefined;
  #unlisten: (() => void) | undefined;
  /** Errors that were not conflicts; tests look at them. */
  readonly errors: Error[] = [];

  constructor(server: ApiServer, controllers: readonly BuiltinController[]) {
    this.#server = server;
    this.#clock = server.clock;
    this.#controllers = controllers;
  }

  start(): void {
    if (this.#unlisten !== undefined) return;
    this.#unlisten = this.#server.storage.onChange((change, type) => this.#wake(change, type));
    for (const store of this.#server.storage.stores()) {
      for (const object of store.values()) {
        const revision = Number(object.metadata.resourceVersion);
        this.#wake({ type: 'ADDED', revision, object, before: undefined }, store.type);
      }
    }
  }

  stop(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#turn?.cancel();
    this.#turn = undefined;
    for (const { timer } of this.#later.values()) timer.cancel();
    this.#later.clear();
    this.#pending.clear();
  }

  #wake(change: Change, type: ResourceType): void {
    for (const controller of this.#controllers) {
      for (const key of controller.wakes(change, type)) this.#enqueue(controller, key);
    }
  }

  #enqueue(controller: BuiltinController, key: string): void {
    const id = `${controller.name}\0${key}`;
    if (!this.#pending.has(id)) this.#pending.set(id, { controller, key });
    this.#turn ??= this.#clock.setTimer(0, () => this.#work());
  }

  #work(): void {
    this.#turn = undefined;
    let left = BATCH;
    for (const [id, { controller, key }] of this.#pending) {
      this.#pending.delete(id);
      this.#one(id, controller, key);
      if (--left === 0) break;
    }
    if (this.#pending.size > 0 && this.#unlisten !== undefined) {
      this.#turn ??= this.#clock.setTimer(0, () => this.#work());
    }
  }

  #one(id: string, controller: BuiltinController, key: string): void {
    try {
      const again = controller.sync(key);
      this.#failures.delete(id);
      if (again !== undefined) this.#after(id, controller, key, again);
    } catch (error) {
      const failures = this.#failures.get(id) ?? 0;
      this.#failures.set(id, failures + 1);
      if (!isConflict(error) && !isNotFound(error) && this.errors.length < 100)
        this.errors.push(error as Error);
      this.#after(id, controller, key, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] as number);
    }
  }

  /** The earliest of several wishes counts. */
  #after(id: string, controller: BuiltinController, key: string, delayMs: number): void {
    const at = this.#clock.monotonic() + delayMs;
    const known = this.#later.get(id);
    if (known !== undefined && known.at <= at) return;
    known?.timer.cancel();
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#later.delete(id);
      this.#enqueue(controller, key);
    });
    this.#later.set(id, { at, timer });
  }
}

/** What all controllers work with. */
export interface ControllerContext {
  readonly server: ApiServer;
  readonly clock: Clock;
  readonly random: () => number;
  readonly request: RequestInfo;
  /** A core/v1 Event, unless the cluster was told to record none. */
  event(
    about: KubeObject,
    component: string,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void;
}

export const MANAGER = 'kube-controller-manager';
