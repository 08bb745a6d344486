/**
 * The work queue of one controller: which keys need a pass, and when. Semantics are client-go's, in one piece.
 *
 * A key is in any combination of three sets, and every public method is a move between them:
 *
 *   dirty        needs a pass; stands in one of three lanes (high, normal, low)    entered by add, or a due timer
 *   processing   a worker has it                                                   entered by get, left by done
 *   delayed      has an instant at which it becomes dirty                          entered by addAfter, schedule
 *
 *   add       ∅ → dirty; dirty → dirty (a higher lane wins); processing → processing+dirty, without a lane
 *   get       dirty → processing, and its delayed entry is dropped: the pass that begins will ask anew
 *   done      processing → ∅; processing+dirty → dirty, at the back of its lane
 *   addAfter  any → the same + delayed; of two instants the earlier one stays
 *   schedule  any → the same + delayed at exactly this instant, replacing an earlier answer (undefined: none)
 *   due       delayed → as add
 *   shutDown  nothing becomes dirty any more; waiting workers get `undefined`; `drained` tells when none is processing
 *
 * So one key is never with two workers, a key that changes during its pass gets another one, and a key in the
 * queue many times is done once. There is one timer, for the earliest delayed key; nothing polls.
 */

import type { Clock, Timer } from '../kube/clock.ts';
import { DelayHeap } from './delay-heap.ts';
import { TokenBucket } from '../kube/token-bucket.ts';

export type Lane = 'high' | 'normal' | 'low';

/** What the workqueue_* metrics are made of. Durations in seconds. */
export interface QueueObserver {
  depth(value: number): void;
  added(): void;
  retried(): void;
  /** From becoming dirty to being handed to a worker. */
  waited(seconds: number): void;
  worked(seconds: number): void;
}

export interface QueueOptions {
  readonly clock: Clock;
  /** Back-off of `addRateLimited` per key: baseMs · 2^failures, at most maxMs (spec 08 section 2). */
  readonly baseMs?: number | undefined;
  readonly maxMs?: number | undefined;
  /** All rate-limited adds together, per second, above a burst. */
  readonly retriesPerSecond?: number | undefined;
  readonly retryBurst?: number | undefined;
  readonly observer?: QueueObserver | undefined;
}

/** Every so often the lowest lane that holds a key goes first, so that none starves. */
const FAIRNESS = 16;
const RANK: Record<Lane, number> = { low: 0, normal: 1, high: 2 };

interface Dirty {
  lane: Lane;
  readonly since: number;
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #bucket: TokenBucket;
  readonly #observer: QueueObserver | undefined;
  readonly #dirty = new Map<string, Dirty>();
  /** Keys in order of arrival; of a key's entries only those in `#dirty` with this lane count. */
  readonly #lanes: Record<Lane, Set<string>> = { high: new Set(), normal: new Set(), low: new Set() };
  readonly #processing = new Map<string, number>();
  readonly #delayed = new DelayHeap<Lane>();
  readonly #failures = new Map<string, number>();
  readonly #waiting: ((key: string | undefined) => void)[] = [];
  readonly #drained: (() => void)[] = [];
  #timer: { at: number; handle: Timer } | undefined;
  #picks = 0;
  #stopped = false;

  constructor(options: QueueOptions) {
    this.#clock = options.clock;
    this.#baseMs = options.baseMs ?? 1;
    this.#maxMs = options.maxMs ?? 10_000;
    this.#bucket = new TokenBucket(
      options.clock,
      options.retriesPerSecond ?? 100,
      options.retryBurst ?? 1000,
    );
    this.#observer = options.observer;
  }

  /** Keys that need a pass now (not those that are only delayed). */
  get depth(): number {
    return this.#dirty.size;
  }

  get delayedCount(): number {
    return this.#delayed.size;
  }

  /** Keys with a worker, and since when (monotonic milliseconds). */
  get processing(): ReadonlyMap<string, number> {
    return this.#processing;
  }

  add(key: string, lane: Lane = 'normal'): void {
    if (this.#stopped) return;
    const known = this.#dirty.get(key);
    if (known !== undefined) {
      if (RANK[lane] <= RANK[known.lane]) return;
      if (this.#lanes[known.lane].delete(key)) this.#lanes[lane].add(key);
      known.lane = lane;
      return;
    }
    this.#dirty.set(key, { lane, since: this.#clock.monotonic() });
    this.#observer?.added();
    if (!this.#processing.has(key)) this.#lanes[lane].add(key);
    this.#hand();
    this.#observer?.depth(this.depth);
  }

  /** Dirty after `delayMs`, unless an earlier instant is already set. */
  addAfter(key: string, delayMs: number, lane: Lane = 'normal'): void {
    if (this.#stopped) return;
    if (delayMs <= 0) {
      this.add(key, lane);
      return;
    }
    const at = this.#clock.monotonic() + delayMs;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.at <= at) return;
    this.#delayed.set(key, at, lane);
    this.#arm();
  }

  /** Dirty after exactly `delayMs`, in place of what was set before; undefined: not by time. */
  schedule(key: string, delayMs: number | undefined, lane: Lane = 'normal'): void {
    this.#delayed.delete(key);
    if (delayMs === undefined) this.#arm();
    else this.addAfter(key, delayMs, lane);
  }

  /** After a failure: dirty again after the key's back-off, and after `atLeastMs` if that is longer. */
  addRateLimited(key: string, options: { atLeastMs?: number | undefined; lane?: Lane } = {}): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const own = Math.min(this.#baseMs * 2 ** Math.min(failures, 40), this.#maxMs);
    const lane = options.lane ?? 'normal';
    const shared = lane === 'high' ? 0 : this.#bucket.reserve();
    this.#observer?.retried();
    this.addAfter(key, Math.max(own, shared, options.atLeastMs ?? 0), lane);
  }

  /** The key is well again: its back-off starts from the beginning. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, as soon as there is one; undefined when the queue is shut down. */
  get(): Promise<string | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    const key = this.#take();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Must be called once for each key from `get`. */
  done(key: string): void {
    const since = this.#processing.get(key);
    if (since === undefined) return;
    this.#processing.delete(key);
    this.#observer?.worked((this.#clock.monotonic() - since) / 1000);
    const again = this.#dirty.get(key);
    if (again !== undefined && !this.#stopped) {
      this.#lanes[again.lane].add(key);
      this.#hand();
    }
    if (this.#processing.size === 0) for (const resolve of this.#drained.splice(0)) resolve();
  }

  shutDown(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    this.#delayed.clear();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  /** Resolves when no key is with a worker. */
  drained(): Promise<void> {
    if (this.#processing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  #hand(): void {
    while (this.#waiting.length > 0) {
      const key = this.#take();
      if (key === undefined) return;
      this.#waiting.shift()?.(key);
    }
  }

  #take(): string | undefined {
    this.#picks += 1;
    const order: readonly Lane[] =
      this.#picks % FAIRNESS === 0 ? ['low', 'normal', 'high'] : ['high', 'normal', 'low'];
    for (const lane of order) {
      for (const key of this.#lanes[lane]) {
        this.#lanes[lane].delete(key);
        const now = this.#clock.monotonic();
        this.#observer?.waited((now - (this.#dirty.get(key)?.since ?? now)) / 1000);
        this.#dirty.delete(key);
        this.#processing.set(key, now);
        this.#delayed.delete(key);
        this.#observer?.depth(this.depth);
        return key;
      }
    }
    return undefined;
  }

  /** Keeps exactly one timer, for the earliest delayed key. */
  #arm(): void {
    const first = this.#delayed.first();
    if (first === undefined) {
      this.#timer?.handle.cancel();
      this.#timer = undefined;
      return;
    }
    if (this.#timer !== undefined && this.#timer.at <= first.at) return;
    this.#timer?.handle.cancel();
    const delay = Math.max(0, Math.ceil(first.at - this.#clock.monotonic()));
    this.#timer = { at: first.at, handle: this.#clock.setTimer(delay, () => this.#onDue()) };
  }

  #onDue(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (let first = this.#delayed.first(); first !== undefined && first.at <= now;) {
      this.#delayed.delete(first.key);
      this.add(first.key, first.value);
      first = this.#delayed.first();
    }
    this.#arm();
  }
}
