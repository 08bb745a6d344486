/** Exponential back-off with jitter, as a small counter. Delays stay within [baseMs, maxMs]. */
export class Backoff {
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: { baseMs: number; maxMs: number; random: () => number }) {
    this.#baseMs = options.baseMs;
    this.#maxMs = options.maxMs;
    this.#random = options.random;
  }

  /** The delay before the next attempt, and one failure more. */
  next(): number {
    const delay = this.#jittered(this.#baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return delay;
  }

  /** A delay of the first size; the count stays as it is. */
  hold(): number {
    return this.#jittered(this.#baseMs);
  }

  reset(): void {
    this.#failures = 0;
  }

  /** A quarter up or down, so that many clients don't come back at the same instant. */
  #jittered(delayMs: number): number {
    const jittered = Math.min(delayMs, this.#maxMs) * (0.75 + 0.5 * this.#random());
    return Math.min(Math.max(jittered, this.#baseMs), this.#maxMs);
  }
}
