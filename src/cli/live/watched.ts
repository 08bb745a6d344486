/** Types that are watched for as long as a command runs. */

import { ApiError, isNotFound, type KubeObject, type ResourceType } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { Informer } from '../../kube/informer.ts';
import type { Session } from '../invocation.ts';

export interface WatchedType {
  readonly type: ResourceType;
  readonly fieldSelector?: string;
  /** Where the server doesn't serve the type, or doesn't let us see it, there are none. */
  readonly optional?: boolean;
}

export interface WatchOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Absent: all namespaces. */
  readonly namespace: string | undefined;
}

export class Watched {
  readonly #informers = new Map<string, Informer>();
  readonly #listeners = new Set<() => void>();
  readonly #signal: AbortSignal;
  #failed = Promise.withResolvers<never>();

  constructor(session: Session, types: readonly WatchedType[], options: WatchOptions) {
    this.#signal = options.signal;
    // Nobody may be waiting when it comes.
    this.#failed.promise.catch(() => undefined);
    for (const { type, fieldSelector, optional = false } of types) {
      const informer: Informer = new Informer(session.api, type, {
        clock: options.clock,
        random: options.random,
        namespace: options.namespace,
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
        optional,
        onFailure: ({ error }) => {
          if (!informer.synced && !(optional && isNotFound(error))) this.#failed.reject(error as Error);
          this.#tell();
        },
      });
      informer.store.subscribe(() => this.#tell());
      this.#informers.set(type.plural, informer);
    }
  }

  /** Resolves when all is known for the first time; rejects when that can't be had. */
  async start(): Promise<void> {
    for (const informer of this.#informers.values()) void informer.run(this.#signal);
    const synced = Promise.all([...this.#informers.values()].map((informer) => informer.whenSynced()));
    const aborted = new Promise<never>((_, reject) => {
      const stop = (): void => reject(this.#signal.reason as Error);
      if (this.#signal.aborted) stop();
      else this.#signal.addEventListener('abort', stop, { once: true });
    });
    await Promise.race([synced, this.#failed.promise, aborted]);
  }

  objects(type: ResourceType): readonly KubeObject[] {
    return [...(this.#informers.get(type.plural)?.store.values() ?? [])];
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Why what is known may be old; undefined when it isn't. */
  trouble(): string | undefined {
    for (const { type, lastFailure } of this.#informers.values()) {
      if (
        lastFailure === undefined ||
        (lastFailure.error instanceof ApiError && lastFailure.error.code === 404)
      )
        continue;
      const { error } = lastFailure;
      return `${type.plural}: ${error instanceof Error ? error.message : String(error)}`;
    }
    return undefined;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
