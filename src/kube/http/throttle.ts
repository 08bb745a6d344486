/**
 * The client-side limit: so many requests a second, with a burst. High priority (verdicts, user commands, lease
 * renewals) is never held up; low priority (events) goes only when nothing else waits.
 */

import type { Clock, Timer } from '../clock.ts';
import { TokenBucket } from '../token-bucket.ts';

type Priority = 'high' | 'normal' | 'low';

export class Throttle {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #waiting: Record<'normal' | 'low', Set<() => void>> = { normal: new Set(), low: new Set() };
  #timer: Timer | undefined;

  /** `qps` of 0 or less: no limit. */
  constructor(clock: Clock, qps: number, burst: number) {
    this.#clock = clock;
    this.#bucket = new TokenBucket(clock, qps, burst);
  }

  /** Resolves when the request may go; rejects with the signal's reason. */
  pass(priority: Priority, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (priority === 'high') {
      // It counts against the others, who can wait, but is not counted itself.
      this.#bucket.tryTake();
      return Promise.resolve();
    }
    const mayOvertake =
      this.#waiting.normal.size === 0 && (priority === 'normal' || this.#waiting.low.size === 0);
    if (mayOvertake && this.#bucket.tryTake()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const lane = this.#waiting[priority];
      const go = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        lane.delete(go);
        reject(signal?.reason as Error);
      };
      lane.add(go);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#arm();
    });
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#waiting.normal.size + this.#waiting.low.size === 0) return;
    this.#timer = this.#clock.setTimer(Math.max(1, Math.ceil(this.#bucket.waitMs())), () => {
      this.#timer = undefined;
      for (const lane of [this.#waiting.normal, this.#waiting.low]) {
        for (const go of lane) {
          if (!this.#bucket.tryTake()) break;
          lane.delete(go);
          go();
        }
      }
      this.#arm();
    });
  }
}
