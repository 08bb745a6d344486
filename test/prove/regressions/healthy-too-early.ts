import { lateReplicaSets } from '../scenarios/events.ts';
import { basic, routed, second } from '../scenarios/worlds.ts';
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

/** Its pods counted as ready for five seconds more than they were, in case clocks differ. */
export const healthyBeforeReady: Regression = {
  about:
    'the last pod of a restart is not available before minReadySeconds, however late its ReplicaSet is heard',
  rules: [23],
  history: basic(
    [],
    [
      lateReplicaSets(29, 60),
      { at: second(30), do: 'command', command: 'restart' },
      { at: second(90), do: 'compact' },
    ],
    { canary: { maxUnavailable: 1 }, spec: { replicas: 2, minReadySeconds: 2 } },
  ),
};
