import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Stable was whole when the delay began, and not when it was over. */
export const abortedForGood: Regression = {
  about: 'an aborted version keeps the pods that stable lacks at the end of its delay',
  rules: [5],
  history: routed(
    [{ setWeight: 50 }, { setWeight: 100 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(60), do: 'command', command: 'abort' },
      { at: second(80), do: 'unready-pods', count: 3, forMs: second(40) },
      { at: second(130), do: 'compact' },
    ],
    { spec: { replicas: 4 } },
  ),
};
