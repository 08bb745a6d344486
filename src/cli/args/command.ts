/** A command: what it is called, what it takes, what it does. Commands form a tree; the names lead to a leaf. */

import type { Invocation } from '../invocation.ts';
import type { FlagSpec } from './flags.ts';

/** What names stand on the command line, for completion. */
export type Completable = 'rollout' | 'experiment' | 'analysisrun';

export interface Example {
  readonly line: string;
  readonly about: string;
}

export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** More of it, for the command's own help. */
  readonly description?: string;
  readonly children?: readonly Command[];
  /** Positional arguments as help shows them: `NAME...`. */
  readonly takes?: string;
  readonly min?: number;
  readonly max?: number;
  /** The first argument is the name of one of these. */
  readonly completes?: Completable;
  readonly flags?: readonly FlagSpec[];
  readonly examples?: readonly Example[];
  readonly hidden?: boolean;
  /** Takes its arguments as they stand, flags and all. */
  readonly raw?: boolean;
  readonly run?: (invocation: Invocation) => Promise<void>;
}
