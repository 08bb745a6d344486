import { basic, blueGreen, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Until evictions were laid to their sender, nobody saw it. */
export const restartAtFullSize: Regression = {
  about: 'a restart takes no pod that is wanted where none may be unavailable',
  rules: [5, 15, 26],
  history: basic([], [{ at: second(30), do: 'command', command: 'restart' }], { spec: { replicas: 3 } }),
};

/** Pods of the version that the promotion had just replaced stood for the one that went. */
export const restartAtPromotion: Regression = {
  about: 'a restart takes no pod in the pass of a promotion where none may be unavailable',
  rules: [5],
  history: blueGreen(
    { autoPromotionSeconds: 10, scaleDownDelaySeconds: 0 },
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(24), do: 'command', command: 'restart' },
    ],
    { spec: { replicas: 3 } },
  ),
};
