import { basic, blueGreen, second } from '../scenarios/worlds.ts';
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

/** Only available pods counted as ones that serve. */
export const lastReadyPod: Regression = {
  about:
    'the only ready pod of a basic canary stays, though it is of a version in the middle and not available yet',
  rules: [2],
  history: basic(
    [{ setWeight: 50 }, { pause: {} }],
    [
      { at: second(4), do: 'unready-pods', count: 1, forMs: second(23) },
      { at: second(6), do: 'image', tag: 'v2' },
      { at: second(8), do: 'image', tag: 'v1' },
    ],
    { canary: { maxSurge: '100%' }, spec: { replicas: 1, minReadySeconds: 12 } },
  ),
};
