import { ingress, rollout, service } from '../manifests.ts';
import type { Regression } from './types.ts';

/**
 * One process had rendered the commit from before Git was away, the other one the newest: each healed what the other one
 * had synced. And each was woken by the status that the other one wrote.
 */
export const twoSyncers: Regression = {
  about: 'two leaders for a moment, one of which knows an older commit, undo each other without end',
  rules: [24],
  most: { of: 'Application', writes: 60 },
  history: {
    seed: 57,
    setup: {
      objects: [service('web-stable'), service('web-canary'), ingress('web-stable')],
      rollout: rollout({
        canary: {
          steps: [{ setWeight: 20 }, { pause: { duration: 15 } }],
          stableService: 'web-stable',
          canaryService: 'web-canary',
          trafficRouting: { nginx: { stableIngress: 'web' } },
        },
      }),
      processes: 2,
      source: 'git',
    },
    events: [
      { at: 13_000, do: 'image', tag: 'bad-v2' },
      { at: 19_600, do: 'git', what: 'down' },
      { at: 120_000, do: 'image', tag: 'v3' },
      { at: 176_000, do: 'steal-lease' },
    ],
  },
};
