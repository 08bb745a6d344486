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

/** What the record says of the weight sent a part of it to nobody, and the next fix waited for a stable that was gone. */
export const stableVanishesUnderWeight: Regression = {
  about: 'a weight that somebody raises stays where the stable ReplicaSet is gone, and a fix takes it over',
  rules: [2, 21],
  history: routed(
    [{ setWeight: 40 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(80), do: 'delete-replica-set', of: 'stable' },
      { at: second(100), do: 'rewrite-route', weight: 100 },
      { at: second(120), do: 'image', tag: 'v3' },
      { at: second(160), do: 'command', command: 'promote' },
    ],
    { spec: { replicas: 3 } },
  ),
};
