/** So many tokens a second, saved up to `burst`. Reservations may go into debt, and say how long to wait for it. */

import type { Clock } from './clock.ts';

export class TokenBucket {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** `perSecond` of Infinity or 0 and less: no limit. */
  constructor(clock: Clock, perSecond: number, burst: number) {
    this.#clock = clock;
    this.#perMs = perSecond > 0 ? perSecond / 1000 : Number.POSITIVE_INFINITY;
    this.#burst = Math.max(1, burst);
    this.#tokens = this.#burst;
    this.#at = clock.monotonic();
  }

  get unlimited(): boolean {
    return this.#perMs === Number.POSITIVE_INFINITY;
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    if (this.unlimited) return true;
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until `tryTake` can succeed. */
  waitMs(): number {
    if (this.unlimited) return 0;
    this.#refill();
    return this.#tokens >= 1 ? 0 : (1 - this.#tokens) / this.#perMs;
  }

  /** Takes a token now or from the future; the answer is how many milliseconds from now it falls due. */
  reserve(): number {
    if (this.unlimited) return 0;
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
