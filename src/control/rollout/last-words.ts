import type { RolloutStatus } from '../../api/rollout.ts';
import { COUNTS_INTERVAL_MS } from '../../plan/rollout/publish.ts';

/** The statuses that were written of late, each for as long as a plan asks for it: not one for each Rollout for ever. */
export class LastWords {
  /** In the order in which they were written. */
  readonly #words = new Map<string, { readonly at: number; readonly status: RolloutStatus }>();

  add(key: string, status: RolloutStatus, now: number): void {
    this.#words.delete(key);
    this.#words.set(key, { at: now, status });
    for (const [old, { at }] of this.#words) {
      if (at > now - COUNTS_INTERVAL_MS) break;
      this.#words.delete(old);
    }
  }

  of(key: string): RolloutStatus | undefined {
    return this.#words.get(key)?.status;
  }

  forget(key: string): void {
    this.#words.delete(key);
  }
}
