/** The rules that watch, and the scene that they are shown. */

import { plan } from './answers/plan.ts';
import { why } from './answers/why.ts';
import { RULES } from './rules/index.ts';
import { SceneKeeper } from './rules/scene.ts';
import type { Happening, Rule, Scene } from './rules/types.ts';

export { RULES };

/** Beside the rules, which are about what is done: what is told to people who ask. */
export const ANSWERS: readonly Rule[] = [why, plan];
export const WATCHED: readonly Rule[] = [...RULES, ...ANSWERS];

export interface LiveScene extends Scene {
  take(happening: Happening): void;
}

export const newScene = (): LiveScene => new SceneKeeper();
