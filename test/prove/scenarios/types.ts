import type { History } from '../history.ts';
import type { Happening, Scene } from '../rules/types.ts';

/** A short story that hurt users, that the reference gets wrong, or that users meet and random histories seldom do. */
export interface Scenario {
  /** Threads of users, if any (AR argo-rollouts, FL flagger, CD argo-cd), or `recording NAME` of the reference. */
  readonly of: readonly string[];
  /** What must be true of it. */
  readonly title: string;
  readonly history: History;
  /** Phase and message of the Rollout when everything has come to rest. */
  readonly end: RegExp;
  /** Called after everything that happens; a text is what went wrong. */
  readonly watch?: ((happening: Happening, scene: Scene) => string | undefined) | undefined;
  /** Something that must have happened, in the words of the story. */
  readonly tells?: readonly RegExp[] | undefined;
}
