import { lateReplicaSets } from '../scenarios/events.ts';
import { basic, routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** It stood in the record, and was restored without a look at the pods that the Rollout had got to need meanwhile. */
export const rewrittenAndGrown: Regression = {
  about: 'a weight that somebody took away while the Rollout grew comes back with the pods for it',
  rules: [1],
  history: routed(
    [{ setWeight: 40 }, { pause: {} }],
    [
      { at: second(30), do: 'image', tag: 'v2' },
      { at: second(60), do: 'scale', replicas: 7, by: 'hpa' },
      { at: second(60), do: 'rewrite-route', weight: 0 },
    ],
    { spec: { replicas: 1 } },
  ),
};

/** The record said done before the first pods were made, by the template of before. */
export const metadataOfFirstPods: Regression = {
  about: 'pods that an old ReplicaSet gets back have the metadata of their role',
  rules: [25],
  history: basic(
    [{ setWeight: 50 }, { pause: {} }],
    [
      { at: second(30), do: 'image', tag: 'v2' },
      { at: second(60), do: 'image', tag: 'v1' },
      { at: second(90), do: 'image', tag: 'v2' },
    ],
    { canary: { canaryMetadata: { labels: { role: 'canary' } } } },
  ),
};

/** Its pods were not heard of yet, only its size. */
export const healthyBeside: Regression = {
  about: 'a Rollout that goes back at once is not Healthy while the version that it left has a size',
  rules: [23],
  history: basic(
    [],
    [
      lateReplicaSets(29, 10),
      { at: second(30), do: 'image', tag: 'v2' },
      { at: second(35), do: 'image', tag: 'v1' },
      { at: second(90), do: 'compact' },
    ],
    { canary: { maxSurge: 1, maxUnavailable: 0 }, spec: { replicas: 1 } },
  ),
};
