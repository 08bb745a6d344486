import { basic, second } from '../scenarios/worlds.ts';
import { service } from '../manifests.ts';
import type { Regression } from './types.ts';

/** Its last pods stayed for the canary Service, which waited for the first pod of the next one. */
export const roomOfTheNext: Regression = {
  about: 'a version between the two leaves the room that the first pod of the next one needs',
  rules: [28],
  history: basic(
    [{ setWeight: 16 }, { setWeight: 77 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(60), do: 'image', tag: 'v3' },
      { at: second(120), do: 'ask' },
    ],
    {
      canary: {
        stableService: 'web-stable',
        canaryService: 'web-canary',
        maxSurge: 1,
        maxUnavailable: 0,
      },
      spec: { replicas: 5 },
      setup: { objects: [service('web-stable'), service('web-canary')] },
    },
  ),
};
