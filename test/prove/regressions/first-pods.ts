import { blueGreen, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Its pods were ready, and served, but not yet for minReadySeconds: they did not count. */
export const firstPods: Regression = {
  about:
    'a first blue-green version that is replaced before it counts as available keeps the pods that serve',
  rules: [2],
  history: blueGreen({ scaleDownDelaySeconds: 0 }, [{ at: second(10), do: 'image', tag: 'v2' }], {
    spec: { replicas: 1, minReadySeconds: 11 },
  }),
};
