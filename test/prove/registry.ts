/** The rules that watch, and the scene that they are shown. */

import { SceneKeeper } from './rules/scene.ts';
import type { Happening, Scene } from './rules/types.ts';

export { RULES } from './rules/index.ts';

export interface LiveScene extends Scene {
  take(happening: Happening): void;
}

export const newScene = (): LiveScene => new SceneKeeper();
