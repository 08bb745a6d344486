import { analysisOf, analysisTemplate, service } from '../manifests.ts';
import { basic, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** What the steps in between had measured passed for the evidence of the gate that came back in the same second. */
export const evidenceOfOtherSteps: Regression = {
  about: 'steps that are edited and taken back within a second get evidence of their own',
  rules: [12],
  history: basic(
    [{ analysis: analysisOf('success') }, { pause: { duration: 30 } }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      {
        at: second(25.1),
        do: 'break',
        what: 'another gate',
        of: 'Rollout/web',
        change: { spec: { strategy: { canary: { steps: [{ analysis: analysisOf('quick') }] } } } },
      },
      { at: second(25.4), do: 'mend' },
    ],
    {
      setup: {
        objects: [
          analysisTemplate('success', { interval: '10s', count: 4 }),
          analysisTemplate('quick'),
          service('web'),
        ],
      },
    },
  ),
};
