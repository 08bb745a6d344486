import { basic, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Until evictions were laid to their sender, nobody saw it. */
export const restartAtFullSize: Regression = {
  about: 'a restart takes no pod that is wanted where none may be unavailable',
  rules: [5, 15, 26],
  history: basic([], [{ at: second(30), do: 'command', command: 'restart' }], { spec: { replicas: 3 } }),
};
