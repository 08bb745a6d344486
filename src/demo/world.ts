/** The cluster as kubectl's API shows it, kept in step by watches; and a record of the weights that it went through. */

import type { Rollout } from '../api/rollout.ts';
import { type KubeApi, type KubeObject, type ResourceType } from '../kube/api.ts';
import { systemClock } from '../kube/clock.ts';
import { Informer } from '../kube/informer.ts';
import {
  ANALYSIS_RUN,
  APPLICATION,
  ENDPOINT_SLICE,
  INGRESS,
  POD,
  REPLICA_SET,
  ROLLOUT,
  SERVICE,
} from '../kube/kinds.ts';

/** Something did not come true in time. */
export class Late extends Error {
  override readonly name = 'Late';
}

/** A stretch of time with one weight. */
export interface Plateau {
  readonly weight: number;
  /** Milliseconds since the epoch; `to` is undefined while it lasts. */
  readonly from: number;
  to: number | undefined;
}

const WATCHED = [ROLLOUT, REPLICA_SET, POD, SERVICE, INGRESS, ENDPOINT_SLICE, ANALYSIS_RUN, APPLICATION];
const SYNC_MS = 15_000;
export const CANARY_WEIGHT = 'nginx.ingress.kubernetes.io/canary-weight';

export class World {
  readonly api: KubeApi;
  readonly #informers: Map<ResourceType, Informer>;
  readonly #listeners = new Set<() => void>();
  readonly #plateaus: Plateau[] = [];
  readonly #stop: AbortSignal;

  constructor(api: KubeApi, canaryIngress: string, stop: AbortSignal) {
    this.api = api;
    this.#stop = stop;
    this.#informers = new Map(
      WATCHED.map((type) => [
        type,
        new Informer(api, type, { clock: systemClock, random: Math.random, optional: true }),
      ]),
    );
    for (const [type, informer] of this.#informers) {
      informer.store.subscribe(({ key, after }) => {
        if (type === INGRESS && key === canaryIngress) this.#weigh(after);
        for (const listener of this.#listeners) listener();
      });
    }
  }

  async start(): Promise<void> {
    for (const informer of this.#informers.values()) void informer.run(this.#stop).catch(() => {});
    const synced = Promise.all([...this.#informers.values()].map((informer) => informer.whenSynced()));
    await within(synced, SYNC_MS, 'the API server of the sandbox did not answer');
  }

  get(type: ResourceType, key: string): KubeObject | undefined {
    return this.#informers.get(type)?.store.get(key);
  }

  list(type: ResourceType, namespace: string): KubeObject[] {
    return [...(this.#informers.get(type)?.store.values() ?? [])].filter(
      (object) => object.metadata.namespace === namespace,
    );
  }

  rollout(key: string): Rollout | undefined {
    return this.get(ROLLOUT, key) as unknown as Rollout | undefined;
  }

  /** Called after every change. Answers with the end of it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The weight of the canary now. */
  get weight(): number {
    return this.#plateaus.at(-1)?.weight ?? 0;
  }

  plateaus(from: number, to = Date.now()): Plateau[] {
    return this.#plateaus.filter((plateau) => plateau.from < to && (plateau.to ?? Infinity) > from);
  }

  weightAt(time: number): number {
    return this.#plateaus.findLast((plateau) => plateau.from <= time)?.weight ?? 0;
  }

  /** Resolves with what `look` finds, asked again after every change. Rejects with `Late`. */
  async until<T>(what: string, withinMs: number, look: () => T | undefined): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        clearInterval(poll);
        off();
        this.#stop.removeEventListener('abort', stopped);
        settle();
      };
      const check = (): void => {
        const found = look();
        if (found !== undefined) end(() => resolve(found));
      };
      const stopped = (): void => end(() => reject(this.#stop.reason as Error));
      const timer = setTimeout(
        () => end(() => reject(new Late(`${what}: not within ${withinMs / 1000} s`))),
        withinMs,
      );
      // Some conditions come true by time or by the answers of the clients alone.
      const poll = setInterval(check, 100);
      const off = this.onChange(check);
      this.#stop.addEventListener('abort', stopped, { once: true });
      if (this.#stop.aborted) stopped();
      else check();
    });
  }

  #weigh(ingress: KubeObject | undefined): void {
    const weight = Number(ingress?.metadata.annotations?.[CANARY_WEIGHT] ?? 0);
    const last = this.#plateaus.at(-1);
    if (last?.weight === weight) return;
    const now = Date.now();
    if (last !== undefined) last.to = now;
    this.#plateaus.push({ weight, from: now, to: undefined });
  }
}

async function within<T>(work: Promise<T>, ms: number, otherwise: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(otherwise)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const ownedBy = (owner: KubeObject, objects: readonly KubeObject[]): KubeObject[] =>
  objects.filter(
    ({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true,
  );

/** `object.a.b.c`, own properties only. */
export function dig(object: unknown, ...path: (string | number)[]): unknown {
  let value = object;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string | number, unknown>)[name];
  }
  return value;
}
