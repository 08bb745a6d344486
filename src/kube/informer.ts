/** Keeps the store of one type in step with the API server, for as long as it runs. */

import type { KubeApi, ResourceType } from './api.ts';
import { ApiError, isNotFound } from './api.ts';
import { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { MemoryStore, type MemoryStoreOptions } from './memory-store.ts';
import { watchSteps, withBackoff } from './watch.ts';

export interface InformerOptions extends MemoryStoreOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Where the server doesn't serve the type, count as synced with an empty store, and look again seldom. */
  readonly optional?: boolean | undefined;
  readonly relistAfterMs?: number | undefined;
  readonly onFailure?: ((failure: InformerFailure) => void) | undefined;
}

export interface InformerFailure {
  readonly type: ResourceType;
  readonly error: unknown;
  readonly during: 'list' | 'watch';
  readonly retryInMs: number;
  /** Nothing is known to be wrong: the watch had just nothing to say. */
  readonly quiet: boolean;
}

/** How often to ask for a type that the server doesn't serve: its CRD may be installed later. */
const ABSENT_FIRST_MS = 30_000;
const ABSENT_MAX_MS = 600_000;

export class Informer {
  readonly type: ResourceType;
  readonly store: MemoryStore;
  readonly #api: KubeApi;
  readonly #options: InformerOptions;
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #lastFailure: InformerFailure | undefined;

  constructor(api: KubeApi, type: ResourceType, options: InformerOptions) {
    this.#api = api;
    this.type = type;
    this.#options = options;
    this.store = new MemoryStore(type, options);
  }

  /** True after the first full list (or, for an optional type, after hearing that it isn't served). */
  get synced(): boolean {
    return this.#hasSynced;
  }

  /** Why it isn't in step at the moment; undefined when it is. */
  get lastFailure(): InformerFailure | undefined {
    return this.#lastFailure;
  }

  whenSynced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Resolves when `signal` is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, optional } = this.#options;
    const absent = new Backoff({ baseMs: ABSENT_FIRST_MS, maxMs: ABSENT_MAX_MS, random });
    const steps = watchSteps(this.#api, this.type, { ...this.#options, signal });
    const paced = withBackoff(steps, {
      clock,
      random,
      signal,
      delayFor: (error) => {
        if (optional === true && isNotFound(error)) return absent.next();
        return error instanceof ApiError ? error.retryAfterMs : undefined;
      },
      onFailure: (step, retryInMs) => {
        const { error, during, quiet = false } = step;
        this.#lastFailure = { type: this.type, error, during, retryInMs, quiet };
        this.#options.onFailure?.(this.#lastFailure);
      },
    });
    for await (const step of paced) {
      switch (step.type) {
        case 'restarted':
          this.store.beginList();
          break;
        case 'page':
          for (const object of step.objects) this.store.apply(object);
          break;
        case 'synced':
          this.store.endList(step.resourceVersion);
          absent.reset();
          this.#inStep();
          break;
        case 'applied':
          this.#lastFailure = undefined;
          this.store.apply(step.object);
          break;
        case 'deleted':
          this.#lastFailure = undefined;
          this.store.remove(step.object);
          break;
        case 'failed':
          if (optional === true && step.during === 'list' && isNotFound(step.error)) {
            // The type is gone with all its objects.
            this.store.beginList();
            this.store.endList('');
            this.#inStep();
          }
          break;
      }
    }
  }

  #inStep(): void {
    this.#lastFailure = undefined;
    this.#hasSynced = true;
    this.#synced.resolve();
  }
}
