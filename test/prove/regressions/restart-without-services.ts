import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Only a Service made a version one that serves alone. */
export const restartWithoutServices: Regression = {
  about: 'a restart leaves a pod of a version that a router reaches without a Service',
  rules: [2],
  history: routed(
    [{ setWeight: 44 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(40), do: 'command', command: 'restart' },
    ],
    {
      canary: {
        trafficRouting: RECORDER_ROUTING,
        stableService: '',
        canaryService: '',
        maxUnavailable: '50%',
      },
      setup: { objects: [], router: {} },
    },
  ),
};
