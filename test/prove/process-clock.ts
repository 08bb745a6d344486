/**
 * The clock of one simulated machine: it can stand still with everything on it, be wrong, or be gone. Nothing of a
 * machine that is gone runs ever again, which is what a crash is.
 */

import type { Clock, Timer } from '../../src/kube/clock.ts';

export class MachineClock implements Clock {
  readonly #base: Clock;
  #skewMs = 0;
  /** What this machine's clocks have not counted, because the whole machine stood still. */
  #lostMs = 0;
  #stoppedAt: number | undefined;
  #held: (() => void)[] = [];
  #gone = false;

  constructor(base: Clock) {
    this.#base = base;
  }

  get isStopped(): boolean {
    return this.#stoppedAt !== undefined;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  now(): number {
    return this.#base.now() + this.#skewMs - this.#lostMs;
  }

  monotonic(): number {
    return this.#base.monotonic() - this.#lostMs;
  }

  setTimer(delayMs: number, task: () => void): Timer {
    let cancelled = false;
    const timer = this.#base.setTimer(delayMs, () =>
      this.do(() => {
        if (!cancelled) task();
      }),
    );
    return {
      cancel() {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** Now, or when the machine goes on, or never. In order. */
  do(task: () => void): void {
    if (this.#gone) return;
    if (this.isStopped) this.#held.push(task);
    else task();
  }

  /** Resolves when the machine runs; never on one that is gone. */
  running(): Promise<void> {
    return new Promise((resolve) => this.do(resolve));
  }

  stop(): void {
    this.#stoppedAt ??= this.#base.monotonic();
  }

  /** `countsTime`: only the process had stopped; else its machine, clocks and all. */
  goOn(countsTime: boolean): void {
    if (this.#stoppedAt === undefined) return;
    if (!countsTime) this.#lostMs += this.#base.monotonic() - this.#stoppedAt;
    this.#stoppedAt = undefined;
    const held = this.#held;
    this.#held = [];
    for (const task of held) this.do(task);
  }

  /** The wall clock is set right, after `goOn(false)`. */
  setRight(): void {
    this.#skewMs = this.#lostMs;
  }

  jump(ms: number): void {
    this.#skewMs += ms;
  }

  end(): void {
    this.#gone = true;
    this.#held = [];
  }
}
