import { blueGreen, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** The controller of Rollouts took it out, and the syncer brought it back. */
export const unreadableInGit: Regression = {
  about: 'the syncer does not apply what the controller of Rollouts takes out again',
  rules: [27],
  most: { of: 'Rollout', writes: 10 },
  history: blueGreen(
    { autoPromotionEnabled: true },
    [
      {
        at: second(30),
        do: 'break',
        what: 'ephemeral containers',
        of: 'Rollout/web',
        change: {
          spec: {
            template: { spec: { ephemeralContainers: [{ name: 'debug', image: 'example.com/app:v1' }] } },
          },
        },
      },
    ],
    { setup: { source: 'git', crds: 'open' } },
  ),
};
