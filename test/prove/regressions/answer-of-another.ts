import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** One leader had heard that the data plane had the weight, the other one had not asked yet: each wrote what it knew. */
export const answerOfAnother: Regression = {
  about: 'of two leaders the one that has not asked the data plane yet takes the answer that is on record',
  rules: [18, 24],
  most: { of: 'Rollout', writes: 20 },
  history: routed(
    [{ setWeight: 66 }, { setWeight: 0 }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(21.3), do: 'steal-lease' },
    ],
    {
      canary: {
        trafficRouting: RECORDER_ROUTING,
        stableService: '',
        canaryService: '',
        dynamicStableScale: true,
      },
      setup: { objects: [], processes: 2, router: { confirms: 'late' } },
    },
  ),
};
