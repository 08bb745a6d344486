import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Only a weight that was lowered went before the versions. */
export const mirroredToNobody: Regression = {
  about: 'a mirror route goes before the version behind it is one that has no pods',
  rules: [2],
  history: routed(
    [
      { setCanaryScale: { weight: 50 } },
      {
        setMirrorRoute: { name: 'shadow', percentage: 20, match: [{ method: { exact: 'GET' } }] },
      },
      { pause: {} },
    ],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(40), do: 'image', tag: 'v3' },
    ],
    {
      canary: {
        trafficRouting: { ...RECORDER_ROUTING, managedRoutes: [{ name: 'shadow' }] },
        stableService: '',
        canaryService: '',
      },
      setup: { objects: [], router: {} },
    },
  ),
};
