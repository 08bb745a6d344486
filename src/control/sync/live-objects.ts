/**
 * Watches that come and go with what the Applications own: one informer for each kind and namespace, started when
 * a resource of it is first looked for and stopped when no Application has asked for it for a while.
 */

import type { KubeApi, KubeObject, ObjectRef, ResourceType } from '../../kube/api.ts';
import { apiVersionOf, keyOf } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { Informer } from '../../kube/informer.ts';
import type { Log } from '../controller.ts';

interface Watched {
  readonly informer: Informer;
  readonly abort: AbortController;
  usedAt: number;
}

export interface LiveObjectsOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onChange: (
    type: ResourceType,
    before: KubeObject | undefined,
    after: KubeObject | undefined,
  ) => void;
}

/** A kind could not be listed: nothing may be concluded about what is there. */
export class NotInStep extends Error {
  override readonly name = 'NotInStep';
}

const UNUSED_MS = 15 * 60_000;
const SYNC_MS = 30_000;

export class LiveObjects {
  readonly #options: LiveObjectsOptions;
  readonly #watched = new Map<string, Watched>();
  #signal: AbortSignal | undefined;

  constructor(options: LiveObjectsOptions) {
    this.#options = options;
  }

  /** Ends all watches with it. */
  attach(signal: AbortSignal): void {
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      for (const { abort } of this.#watched.values()) abort.abort();
      this.#watched.clear();
    });
  }

  /** The object as the watch knows it, once it is in step. Throws `NotInStep` when it can't get there. */
  async get(type: ResourceType, ref: ObjectRef): Promise<KubeObject | undefined> {
    const watched = this.#watch(type, type.namespaced ? ref.namespace : undefined);
    if (!watched.informer.synced) await this.#inStep(watched);
    return watched.informer.store.get(keyOf(type.namespaced ? ref : { name: ref.name }));
  }

  /** Puts what a write answered with into the store, before the watch says it. */
  remember(type: ResourceType, object: KubeObject): void {
    const namespace = type.namespaced ? object.metadata.namespace : undefined;
    this.#watched.get(keyFor(type, namespace))?.informer.store.remember(object);
  }

  stopUnused(): void {
    const now = this.#options.clock.monotonic();
    for (const [key, { abort, usedAt }] of this.#watched) {
      if (now - usedAt < UNUSED_MS) continue;
      abort.abort();
      this.#watched.delete(key);
    }
  }

  #watch(type: ResourceType, namespace: string | undefined): Watched {
    const { api, clock, random, log, onChange } = this.#options;
    const key = keyFor(type, namespace);
    const known = this.#watched.get(key);
    if (known !== undefined) {
      known.usedAt = clock.monotonic();
      return known;
    }
    const informer = new Informer(api, type, {
      clock,
      random,
      namespace,
      // The CRD may not be there yet, or go away.
      optional: true,
      onFailure: ({ error, retryInMs }) =>
        log.warn(
          { kind: type.kind, namespace, error, retryInMs: Math.round(retryInMs) },
          'watch of owned objects failed',
        ),
    });
    const abort = new AbortController();
    if (this.#signal?.aborted) abort.abort();
    informer.store.subscribe(({ before, after }) => onChange(type, before, after));
    const watched: Watched = { informer, abort, usedAt: clock.monotonic() };
    this.#watched.set(key, watched);
    void informer.run(abort.signal);
    return watched;
  }

  async #inStep({ informer, abort }: Watched): Promise<void> {
    const { clock } = this.#options;
    const late = Promise.withResolvers<void>();
    const fail = (): void => {
      const cause = informer.lastFailure?.error;
      const said = cause instanceof Error ? `: ${cause.message}` : '';
      late.reject(new NotInStep(`${informer.type.plural} could not be listed${said}`));
    };
    const timer = clock.setTimer(SYNC_MS, fail);
    // A refusal (no right to list) won't get better by waiting.
    const early = clock.setTimer(1_000, () => {
      if (informer.lastFailure !== undefined) fail();
    });
    abort.signal.addEventListener('abort', fail, { once: true });
    try {
      await Promise.race([informer.whenSynced(), late.promise]);
    } finally {
      timer.cancel();
      early.cancel();
      abort.signal.removeEventListener('abort', fail);
    }
  }
}

const keyFor = (type: ResourceType, namespace: string | undefined): string =>
  `${apiVersionOf(type)}/${type.plural}|${namespace ?? ''}`;
