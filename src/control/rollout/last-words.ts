import { COUNTS_INTERVAL_MS } from '../../plan/rollout/publish.ts';

export interface Said<T> {
  /** Of the object that it was said of: another one may come under the same name. */
  readonly uid: string | undefined;
  readonly at: number;
  readonly words: T;
}

/** What was written of late, each for as long as a plan asks for it: not one for each Rollout for ever. */
export class LastWords<T> {
  /** In the order in which they were written. */
  readonly #said = new Map<string, Said<T>>();

  add(key: string, said: Said<T>): void {
    this.#said.delete(key);
    this.#said.set(key, said);
    for (const [old, { at }] of this.#said) {
      if (at > said.at - COUNTS_INTERVAL_MS) break;
      this.#said.delete(old);
    }
  }

  of(key: string, uid: string | undefined): Said<T> | undefined {
    const said = this.#said.get(key);
    return said?.uid === uid ? said : undefined;
  }

  forget(key: string): void {
    this.#said.delete(key);
  }
}
