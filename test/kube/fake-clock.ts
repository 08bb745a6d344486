/** A clock that stands still until it is told to go on. */

import type { Clock, Timer } from '../../src/kube/clock.ts';

export class FakeClock implements Clock {
  #wall = Date.UTC(2026, 0, 1);
  #monotonic = 1_000;
  #timers: { at: number; order: number; task: () => void }[] = [];
  #order = 0;

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  get timers(): number {
    return this.#timers.length;
  }

  setTimer(delayMs: number, task: () => void): Timer {
    this.#order += 1;
    const timer = { at: this.#monotonic + Math.max(0, delayMs), order: this.#order, task };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Lets everything that waits for no timer run to its end. */
  async settle(): Promise<void> {
    for (let i = 0; i < 6; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await this.settle();
    for (;;) {
      const due = this.#timers
        .filter((timer) => timer.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#wall += Math.max(0, due.at - this.#monotonic);
      this.#monotonic = Math.max(this.#monotonic, due.at);
      due.task();
      await this.settle();
    }
    this.#wall += end - this.#monotonic;
    this.#monotonic = end;
  }

  /** The wall clock is set; nothing fires. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** The process was stopped: time passes, and timers are late. */
  suspend(ms: number): void {
    this.#wall += ms;
    this.#monotonic += ms;
  }
}

/** A small seeded generator in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
