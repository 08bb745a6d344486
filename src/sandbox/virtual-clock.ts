/**
 * Time that moves only when told to. Timers run in the order of their due time (then of their making), and
 * between two of them everything that was waiting on promises gets its turn, so the same program gives the
 * same history every time. Real I/O must not stand behind a virtual clock: it would not be waited for.
 */

import type { Clock, Timer } from '../kube/clock.ts';

interface Pending {
  due: number;
  order: number;
  task: (() => void) | undefined;
}

export interface RunUntilOptions {
  /** Virtual milliseconds after which waiting for a predicate is given up. Default: 24 hours. */
  withinMs?: number | undefined;
}

/** Cancelled timers beyond this many, and beyond half of all, are let go of before they are due. */
const MAX_CANCELLED = 1_000;
/** Rounds of the event loop after which a program that never comes to rest is reported. */
const MAX_ROUNDS = 100_000;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class VirtualClock implements Clock {
  #heap: Pending[] = [];
  #cancelled = 0;
  #elapsed = 0;
  #epoch: number;
  #order = 0;
  #running = false;

  /** `start`: wall clock at the beginning, in milliseconds since the Unix epoch. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#epoch = start;
  }

  now(): number {
    return this.#epoch + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimer(delayMs: number, task: () => void): Timer {
    const delay = Number.isFinite(delayMs) ? Math.max(delayMs, 0) : 0;
    const entry: Pending = { due: this.#elapsed + delay, order: this.#order++, task };
    push(this.#heap, entry);
    return { cancel: () => this.#cancel(entry) };
  }

  /** Timers of minutes that are cancelled after milliseconds must not add up, with all that their tasks hold. */
  #cancel(entry: Pending): void {
    if (entry.task === undefined) return;
    entry.task = undefined;
    this.#cancelled += 1;
    if (this.#cancelled <= MAX_CANCELLED || this.#cancelled <= this.#heap.length / 2) return;
    // In order, a list is a heap.
    this.#heap = this.#heap.filter(({ task }) => task !== undefined).sort((a, b) => (before(a, b) ? -1 : 1));
    this.#cancelled = 0;
  }

  /** How many timers are remembered, cancelled ones included. */
  get pending(): number {
    return this.#heap.length;
  }

  /** Moves the wall clock without letting time pass: timers and `monotonic` don't notice. */
  jump(ms: number): void {
    this.#epoch += ms;
  }

  /** Milliseconds until the next timer is due, or undefined when there is none. */
  nextDueIn(): number | undefined {
    const head = this.#head();
    return head === undefined ? undefined : Math.max(head.due - this.#elapsed, 0);
  }

  /** Lets `ms` pass. Timers that become due on the way run, those at the very end included. */
  advance(ms: number): Promise<void> {
    return this.#exclusively(() => this.#runTo(this.#elapsed + Math.max(ms, 0)));
  }

  /** Runs what is due now and lets every promise settle, without letting time pass. */
  settle(): Promise<void> {
    return this.#exclusively(() => this.#runTo(this.#elapsed));
  }

  /**
   * Runs until the wall clock shows `target`, or until the predicate holds (asked after every timer).
   * Rejects when nothing is left that could make it true, or when `withinMs` is over.
   */
  runUntil(target: number | (() => boolean), options: RunUntilOptions = {}): Promise<void> {
    return this.#exclusively(async () => {
      if (typeof target === 'number') {
        await this.#runTo(Math.max(target - this.#epoch, this.#elapsed));
        return;
      }
      const deadline = this.#elapsed + (options.withinMs ?? 24 * 3_600_000);
      await this.#drain();
      while (!target()) {
        const head = this.#head();
        if (head === undefined)
          throw new Error('runUntil: no timer is left, and the predicate does not hold');
        if (head.due > deadline) {
          throw new Error(`runUntil: the predicate did not hold within ${deadline - this.#elapsed} ms more`);
        }
        await this.#runNext();
      }
    });
  }

  async #exclusively(body: () => Promise<void>): Promise<void> {
    if (this.#running) throw new Error('the virtual clock is already being run by another caller');
    this.#running = true;
    try {
      await body();
    } finally {
      this.#running = false;
    }
  }

  async #runTo(target: number): Promise<void> {
    await this.#drain();
    for (let head = this.#head(); head !== undefined && head.due <= target; head = this.#head()) {
      await this.#runNext();
    }
    this.#elapsed = Math.max(this.#elapsed, target);
  }

  async #runNext(): Promise<void> {
    const entry = pop(this.#heap) as Pending;
    this.#elapsed = Math.max(this.#elapsed, entry.due);
    const { task } = entry;
    entry.task = undefined;
    task?.();
    await nextTurn();
  }

  /** Turns of the event loop until one passes in which no new timer was made. */
  async #drain(): Promise<void> {
    for (let round = 0, seen = -1; seen !== this.#order; round++) {
      if (round > MAX_ROUNDS) throw new Error('the program under the virtual clock never comes to rest');
      seen = this.#order;
      await nextTurn();
    }
  }

  /** The next timer that was not cancelled. */
  #head(): Pending | undefined {
    while (this.#heap.length > 0 && this.#heap[0]?.task === undefined) {
      pop(this.#heap);
      this.#cancelled = Math.max(0, this.#cancelled - 1);
    }
    return this.#heap[0];
  }
}

const before = (a: Pending, b: Pending): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);

function push(heap: Pending[], entry: Pending): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up] as Pending;
    if (!before(entry, parent)) break;
    heap[at] = parent;
    at = up;
  }
  heap[at] = entry;
}

function pop(heap: Pending[]): Pending | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Pending, heap[child] as Pending)) child++;
    if (!before(heap[child] as Pending, last)) break;
    heap[at] = heap[child] as Pending;
    at = child;
  }
  heap[at] = last;
  return top;
}
