import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Pods of the old version, which waited for the end of its delay, were counted as those of the new one. */
export const healthyTooEarly: Regression = {
  about: 'a Rollout that grows while its old version waits is not Healthy before the new pods are there',
  rules: [23],
  history: routed(
    [],
    [
      { at: second(40), do: 'image', tag: 'v2' },
      { at: second(55), do: 'scale', replicas: 5, by: 'person' },
    ],
    { spec: { replicas: 3 } },
  ),
};
