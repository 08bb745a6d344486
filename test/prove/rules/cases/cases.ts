import type { Hand } from '../hand.ts';
import type { Rule } from '../types.ts';

export type Sequence = (hand: Hand) => void;

/** Of one rule: sequences that pass close to the edge, and sequences that break it. */
export interface Cases {
  readonly rule: Rule;
  readonly passes: Readonly<Record<string, Sequence>>;
  readonly breaks: Readonly<Record<string, Sequence>>;
}
