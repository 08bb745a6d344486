import { basic, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** The process stood still between two writes, and the status that it then wrote began its deadline long ago. */
export const oldPlan: Regression = {
  about: 'a plan that has become old is made again before its times are written',
  rules: [10],
  history: basic(
    [],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      {
        at: second(35),
        do: 'aim',
        fault: 'sleep-before-write',
        nth: 1,
        target: 'ReplicaSet',
        forMs: second(100),
      },
      { at: second(40), do: 'image', tag: 'v1' },
      { at: second(150), do: 'scale', replicas: 2, by: 'person' },
    ],
    { spec: { replicas: 1, progressDeadlineSeconds: 44 } },
  ),
};
