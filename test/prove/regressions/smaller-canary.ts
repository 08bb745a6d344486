import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** The pods of stable were away, and the step took one of the two that served. */
export const smallerCanary: Regression = {
  about: 'a setCanaryScale takes no pods that stable has not',
  rules: [5],
  history: routed(
    [{ setWeight: 83 }, { setCanaryScale: { replicas: 1 } }],
    [
      { at: second(30), do: 'unready-pods', count: 3, forMs: second(41) },
      { at: second(50), do: 'image', tag: 'v3' },
    ],
    { spec: { replicas: 2 } },
  ),
};
