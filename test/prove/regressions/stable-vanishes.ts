import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Without a stable version nothing was decided about the routes at all. */
export const stableVanishes: Regression = {
  about: 'a weight that somebody rewrites is set again, also when the stable ReplicaSet is gone',
  rules: [20],
  history: routed(
    [{ setWeight: 20 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(80), do: 'delete-replica-set', of: 'stable' },
      { at: second(100), do: 'rewrite-route', weight: 0 },
    ],
    { spec: { replicas: 1 } },
  ),
};
