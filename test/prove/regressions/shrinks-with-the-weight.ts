import { WHY } from '../answers/why.ts';
import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/**
 * The scale of the canary alone said how many pods stable had, and the weight waited for more of them until the deadline.
 * And a shrinking stable knew the weight on record, and not the one that the very pass gave back to it.
 */
export const shrinksWithTheWeight: Regression = {
  about: 'with dynamicStableScale stable has the pods for a lower weight, before and after that is set',
  rules: [3, WHY],
  history: routed(
    [{ setWeight: 71 }, { setCanaryScale: { weight: 36 } }, { setWeight: 0 }],
    [{ at: second(20), do: 'image', tag: 'v2' }],
    { canary: { dynamicStableScale: true }, spec: { replicas: 3 } },
  ),
};
