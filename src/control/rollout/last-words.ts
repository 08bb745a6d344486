import { COUNTS_INTERVAL_MS } from '../../plan/rollout/publish.ts';

/** What was written of late, each for as long as a plan asks for it: not one for each Rollout for ever. */
export class LastWords<T> {
  /** In the order in which they were written. */
  readonly #words = new Map<string, { readonly at: number; readonly words: T }>();

  add(key: string, words: T, now: number): void {
    this.#words.delete(key);
    this.#words.set(key, { at: now, words });
    for (const [old, { at }] of this.#words) {
      if (at > now - COUNTS_INTERVAL_MS) break;
      this.#words.delete(old);
    }
  }

  of(key: string): T | undefined {
    return this.#words.get(key)?.words;
  }

  forget(key: string): void {
    this.#words.delete(key);
  }
}
