import { analysisOf } from '../manifests.ts';
import { basic, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** It was finished before its Rollout knew of it, so it passed for one of an earlier attempt. */
export const unheardRun: Regression = {
  about:
    'a run that was finished while the answer to its creation was lost is taken up, and no second one made',
  rules: [11, 14],
  history: basic(
    [{ setWeight: 50 }, { analysis: analysisOf('success') }],
    [
      { at: second(20), do: 'aim', fault: 'lost-answer', nth: 1, target: 'AnalysisRun', forMs: second(5) },
      { at: second(30), do: 'image', tag: 'v2' },
      { at: second(120), do: 'image', tag: 'v3' },
    ],
    { spec: { replicas: 2 } },
  ),
};
