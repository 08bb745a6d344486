import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** The weight went on down by the steps, pod by pod of the canary, though stable had all of its own. */
export const stableWholeAgain: Regression = {
  about: 'an abort takes all the traffic back when a dynamic stable has all of its pods',
  rules: [7],
  history: routed(
    [{ setWeight: 30 }, { setWeight: 100 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(50), do: 'command', command: 'abort' },
    ],
    { canary: { dynamicStableScale: true }, spec: { replicas: 3 } },
  ),
};
