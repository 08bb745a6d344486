import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** One leader promoted; the other one knew less of the pods, and gave the stable Service to the old version again. */
export const takenBack: Regression = {
  about:
    'two leaders for a moment, one of which knows fewer pods, do not move the stable Service back and forth',
  rules: [2, 3, 23],
  history: routed(
    [{ pause: { duration: 10 } }, { setWeight: 87 }, { pause: { duration: '20' } }],
    [
      { at: second(140), do: 'scale', replicas: 3, by: 'hpa' },
      { at: second(183), do: 'image', tag: 'v6' },
      { at: second(180), do: 'aim', fault: 'crash-after-write', nth: 1, target: 'ReplicaSet', forMs: 20_000 },
      {
        at: second(210),
        do: 'weather',
        fault: 'watch-cut',
        rate: 0.2,
        forMs: second(51),
        lengthMs: 40_000,
        salt: 3_020_316_157,
      },
      { at: second(210), do: 'command', command: 'retry' },
      { at: second(230), do: 'command', command: 'skip' },
      { at: second(230), do: 'steal-lease' },
    ],
    { canary: { scaleDownDelayRevisionLimit: 0 }, spec: { replicas: 1 }, setup: { processes: 2 } },
  ),
};
