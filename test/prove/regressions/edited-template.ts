import { analysisOf, analysisTemplate } from '../manifests.ts';
import { basic, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** What it asked was compared with the template as it is now, and so it passed for somebody else's. */
export const editedTemplate: Regression = {
  about: 'a run whose template was edited before its Rollout knew of it is taken up, and no second one made',
  rules: [11, 14],
  history: basic(
    [{ setWeight: 50 }, { analysis: analysisOf('success') }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      {
        at: second(20),
        do: 'aim',
        fault: 'crash-after-write',
        nth: 1,
        target: 'AnalysisRun',
        forMs: second(10),
      },
      {
        at: second(25),
        do: 'break',
        what: 'another limit',
        of: 'AnalysisTemplate/success',
        change: { spec: analysisTemplate('success', { failureLimit: 5 })['spec'] as never },
      },
    ],
    { spec: { replicas: 2 } },
  ),
};
