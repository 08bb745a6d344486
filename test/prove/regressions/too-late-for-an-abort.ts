import { service } from '../manifests.ts';
import { basic, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** It was tried where the version was about to be stable, and so never became safe. */
export const tooLateForAnAbort: Regression = {
  about: 'what is foreseen of an abort counts none that comes too late',
  rules: [29],
  history: basic(
    [],
    [
      { at: second(25), do: 'image-and-replicas', tag: 'v3', replicas: 6 },
      { at: second(25), do: 'crash', forMs: second(60) },
      { at: second(26), do: 'command', command: 'promote-full' },
      { at: second(30), do: 'rehearse', spec: { replicas: 2 } },
    ],
    {
      canary: { stableService: 'web-stable', canaryService: 'web-canary' },
      spec: { replicas: 1 },
      setup: { objects: [service('web-stable'), service('web-canary')] },
    },
  ),
};
