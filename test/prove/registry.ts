/** The rules that watch, and the scene that they are shown. */

import type { Happening, Rule, Scene } from './rules/types.ts';

export interface LiveScene extends Scene {
  take(happening: Happening): void;
}

export const RULES: readonly Rule[] = [];

export function newScene(): LiveScene {
  throw new Error('there are no rules yet');
}
