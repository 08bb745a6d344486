import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** The Service moved on, and only then the weight that somebody had given to the version before was taken back. */
export const raisedBefore: Regression = {
  about: 'a weight that somebody raised goes before the canary Service moves to a new version',
  rules: [1, 2],
  history: routed(
    [{ setWeight: 12 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(40), do: 'image', tag: 'v3' },
      { at: second(40.5), do: 'spec', spec: { progressDeadlineSeconds: -1 } },
      { at: second(50), do: 'rewrite-route', weight: 100 },
      { at: second(60), do: 'spec', spec: { progressDeadlineSeconds: 600 } },
    ],
    { spec: { replicas: 5 } },
  ),
};
