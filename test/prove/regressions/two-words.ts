import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

const WEIGHTS = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web-weights', namespace: 'shop' },
  data: { canary: '0', stable: '100', canaryService: '', stableService: '', additional: '[]', managed: '[]' },
};

/** One had not heard yet of the pods of a Rollout that was made anew: it said Progressing, and the other one Healthy. */
export const twoWords: Regression = {
  about:
    'two leaders whose caches are of two moments do not undo the status of each other as fast as they can',
  rules: [24],
  history: {
    ...routed(
      [],
      [
        { at: second(70), do: 'command', command: 'restart' },
        {
          at: second(110),
          do: 'weather',
          fault: 'watch-cut',
          rate: 0.5,
          forMs: second(67),
          lengthMs: second(2),
          salt: 1_096_739_140,
          target: 'ReplicaSet',
        },
        { at: second(160), do: 'recreate', afterMs: second(3) },
        { at: 174_391, do: 'steal-lease' },
      ],
      {
        canary: { trafficRouting: RECORDER_ROUTING, stableService: '', canaryService: '' },
        spec: { replicas: 5 },
        setup: { objects: [WEIGHTS], processes: 2, router: {} },
      },
    ),
    seed: 2785,
  },
};
