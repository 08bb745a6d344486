import { blueGreen, routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Without a selector, and while the pods of stable were away, the new version passed for the first one. */
export const servedOnce: Regression = {
  about: 'a version that served stays stable though somebody takes the selector of the active Service away',
  rules: [19],
  history: blueGreen(
    {},
    [
      { at: second(10), do: 'sleep', forMs: second(120), machine: true },
      { at: second(10), do: 'image', tag: 'v2' },
      { at: second(30), do: 'kill-pods', count: 4, of: 'any' },
      { at: second(80), do: 'rewrite-selector', service: 'web-active' },
    ],
    { spec: { replicas: 1 } },
  ),
};

/** The end of its delay was moved on and on, in a write each half minute. */
export const servesForLong: Regression = {
  about: 'an old version that has all the traffic once more is let alone',
  rules: [24],
  history: routed(
    [],
    [
      { at: second(35), do: 'image', tag: 'v2' },
      { at: second(42), do: 'scale', replicas: 0, by: 'hpa' },
      { at: second(55), do: 'rewrite-selector', service: 'web-stable' },
    ],
    { spec: { replicas: 2 } },
  ),
};
