import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** The pass that set one weight already sized the canary for the next, smaller one. */
export const smallerWeight: Regression = {
  about: 'a step that lowers the weight takes no pods before the weight is lower',
  rules: [3],
  history: routed([{ setWeight: 77 }, { setWeight: 5 }], [{ at: second(210), do: 'image', tag: 'v3' }], {
    spec: { replicas: 2 },
  }),
};
