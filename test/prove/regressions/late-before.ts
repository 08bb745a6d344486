import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Only AnalysisRuns were remembered. */
export const lateBefore: Regression = {
  about: 'a version that the deadline aborted gets no short-cut by the rollback window',
  rules: [13],
  history: routed(
    [{ setWeight: 50 }, { setWeight: 80 }],
    [
      { at: second(20), do: 'image', tag: 'bad-v2' },
      { at: second(120), do: 'image', tag: 'v3' },
      { at: second(180), do: 'image', tag: 'bad-v2' },
    ],
    {
      spec: {
        replicas: 1,
        progressDeadlineSeconds: 40,
        progressDeadlineAbort: true,
        rollbackWindow: { revisions: 2 },
      },
    },
  ),
};
