import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** A setCanaryScale anywhere in the steps counted as the user's word for the size, also one that asks for none. */
export const matchWeight: Regression = {
  about: 'a setCanaryScale that matches the weight lets no pods go before the weight is lower',
  rules: [3],
  history: routed(
    [{ setWeight: 86 }, { setWeight: 42 }, { setCanaryScale: { matchTrafficWeight: true } }],
    [{ at: second(30), do: 'image', tag: 'v2' }],
    { spec: { replicas: 2 } },
  ),
};
