/** The pods of a rehearsal: they come up some time after they were asked for, and go at once. */

import { parseTime } from '../../lang/time.ts';
import type { ReplicaSet } from '../rollout/replica-set.ts';
import type { PodView } from '../rollout/snapshot.ts';
import { uidOf, countsOf } from '../rollout/replica-set.ts';

/** Until the ReplicaSet controller has answered a change of size in the status. */
const OBSERVED_AFTER_MS = 50;

export interface Pod extends PodView {
  /** When it is available, that is ready for `minReadyMs`. Milliseconds since the epoch; Infinity: never. */
  readonly readyAt: number;
  readonly minReadyMs: number;
}

interface Herd {
  pods: Pod[];
  /** From when on the status of the ReplicaSet tells of the last change of size. */
  observedAt: number;
  /** What the status says until then, where pods were let go of. */
  stale: { created: number; ready: number } | undefined;
}

export class Pods {
  readonly #herds = new Map<string, Herd>();
  #made = 0;

  of(name: string): readonly Pod[] {
    return this.#herds.get(name)?.pods ?? [];
  }

  available(name: string, now: number): number {
    return this.of(name).filter((pod) => pod.readyAt <= now).length;
  }

  /** Pods that are not ready go first. */
  resize(rs: ReplicaSet, to: number, now: number, readyAt: number): void {
    const { name } = rs.metadata;
    const herd = this.#herd(name);
    const pods = [...herd.pods];
    if (to < pods.length) {
      herd.stale = { created: pods.length, ready: this.available(name, now) };
      pods.sort((a, b) => a.readyAt - b.readyAt).splice(Math.max(0, to));
    }
    while (pods.length < to) pods.push(this.#newPod(rs, now, readyAt));
    herd.pods = pods;
    herd.observedAt = now + OBSERVED_AFTER_MS;
  }

  /** Makes pods anew: they were evicted, or died. */
  replace(rs: ReplicaSet, isGone: (pod: Pod, index: number) => boolean, now: number, readyAt: number): void {
    const herd = this.#herd(rs.metadata.name);
    herd.pods = herd.pods.map((pod, i) => (isGone(pod, i) ? this.#newPod(rs, now, readyAt) : pod));
    herd.observedAt = now;
  }

  change(name: string, edit: (pod: Pod) => Pod): void {
    const herd = this.#herd(name);
    herd.pods = herd.pods.map(edit);
  }

  remove(name: string): void {
    this.#herds.delete(name);
  }

  /** Takes over a ReplicaSet with the pods that its status tells of. */
  adopt(rs: ReplicaSet, now: number, readyAt: number): void {
    const { size } = countsOf(rs);
    const { availableReplicas = 0, readyReplicas = 0 } = rs.status ?? {};
    // Those that are ready have at most this to wait for.
    const soon = Math.min(readyAt, now + (rs.spec.minReadySeconds ?? 0) * 1000);
    const availableAt = (i: number): number =>
      i < availableReplicas ? now : i < readyReplicas ? soon : readyAt;
    // As old as they can be: which of them a restart is about nobody knows here.
    const createdAt = parseTime(rs.metadata.creationTimestamp) ?? now;
    const pods = Array.from({ length: size }, (_, i) => ({
      ...this.#newPod(rs, now, availableAt(i)),
      createdAt,
    }));
    this.#herds.set(rs.metadata.name, { pods, observedAt: now, stale: undefined });
  }

  withStatus(rs: ReplicaSet, now: number): ReplicaSet {
    const { name, generation = 1 } = rs.metadata;
    const herd = this.#herd(name);
    const isObserved = herd.observedAt <= now;
    if (isObserved) herd.stale = undefined;
    const created = herd.stale?.created ?? (isObserved ? herd.pods.length : 0);
    const ready = herd.stale?.ready ?? this.available(name, now);
    return {
      ...rs,
      status: {
        replicas: Math.max(created, ready),
        readyReplicas: ready,
        availableReplicas: ready,
        observedGeneration: generation,
      },
    };
  }

  views(now: number): PodView[] {
    return [...this.#herds.values()]
      .flatMap((herd) => herd.pods)
      .map(({ readyAt, minReadyMs, ...pod }) => {
        const readySince = readyAt - minReadyMs;
        return { ...pod, readySince: readySince <= now ? readySince : undefined };
      });
  }

  /** When the next pod gets ready, or a status catches up; Infinity: never. */
  nextChange(now: number): number {
    let next = Infinity;
    for (const { pods, observedAt } of this.#herds.values())
      for (const at of [observedAt, ...pods.map(({ readyAt }) => readyAt)])
        if (at > now && at < next) next = at;
    return next;
  }

  copy(): Pods {
    const copy = new Pods();
    copy.#made = this.#made;
    for (const [name, herd] of this.#herds) copy.#herds.set(name, { ...herd });
    return copy;
  }

  #herd(name: string): Herd {
    let herd = this.#herds.get(name);
    if (herd === undefined) {
      herd = { pods: [], observedAt: 0, stale: undefined };
      this.#herds.set(name, herd);
    }
    return herd;
  }

  #newPod(rs: ReplicaSet, now: number, readyAt: number): Pod {
    const name = `${rs.metadata.name}-${++this.#made}`;
    const metadata = rs.spec.template['metadata'] as { labels?: Strings; annotations?: Strings } | undefined;
    return {
      name,
      uid: `uid-${name}`,
      replicaSet: uidOf(rs),
      // As the API server stores it.
      createdAt: Math.floor(now / 1000) * 1000,
      terminating: false,
      readySince: undefined,
      labels: metadata?.labels ?? {},
      annotations: metadata?.annotations ?? {},
      readyAt,
      minReadyMs: (rs.spec.minReadySeconds ?? 0) * 1000,
    };
  }
}

type Strings = Readonly<Record<string, string>>;
