import type { History } from '../history.ts';

/** A defect that the search found in our code, as the smallest history that showed it. */
export interface Regression {
  /** What went wrong. */
  readonly about: string;
  /** Rules that it broke; none of the others must break either. */
  readonly rules: readonly number[];
  /** Writes of ours to this kind that the history may have at most. */
  readonly most?: { readonly of: string; readonly writes: number } | undefined;
  readonly history: History;
}
