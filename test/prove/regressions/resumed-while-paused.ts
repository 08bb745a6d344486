import { analysisOf, analysisTemplate, ingress, service } from '../manifests.ts';
import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** The resume stays on record while `spec.paused` holds, and the run before it and a new one took turns in the status. */
export const resumedWhilePaused: Regression = {
  about:
    'an inconclusive background run that somebody resumed from under spec.paused is not started again and again',
  rules: [24],
  history: routed(
    [{ pause: {} }, { setWeight: 60 }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(60), do: 'spec', spec: { paused: true } },
      { at: second(70), do: 'command', command: 'promote' },
    ],
    {
      canary: { analysis: analysisOf('unclear') },
      setup: {
        objects: [
          analysisTemplate('unclear', {
            successCondition: 'result[0] > 1',
            failureCondition: 'result[0] < 0',
          }),
          service('web-stable'),
          service('web-canary'),
          ingress('web-stable'),
        ],
      },
    },
  ),
};
