import { analysisOf, analysisTemplate, service } from '../manifests.ts';
import { basic, routed, second } from '../scenarios/worlds.ts';
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

/** Its deadline ran from the last update on, as nobody had seen it grow. */
export const lateWhileRefused: Regression = {
  about: 'a Rollout that grew while its spec was refused has its whole deadline for that',
  rules: [10],
  history: routed(
    [],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      {
        at: second(60),
        do: 'break',
        what: 'a limit that nobody accepts',
        of: 'Rollout/web',
        change: { spec: { revisionHistoryLimit: -1 } },
      },
      { at: second(65), do: 'scale', replicas: 5, by: 'person' },
      { at: second(70), do: 'mend' },
    ],
    { canary: { scaleDownDelaySeconds: 120 }, spec: { replicas: 3, progressDeadlineSeconds: 30 } },
  ),
};

/** An analysis has no deadline, and an edit that nobody carries out took it out of the steps. */
export const lateForAnAnalysis: Regression = {
  about:
    'the time of an analysis does not count towards the deadline of an update whose new steps are refused',
  rules: [10],
  history: basic(
    [{ analysis: analysisOf('success') }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      {
        at: second(40),
        do: 'break',
        what: 'a weight beyond all',
        of: 'Rollout/web',
        change: { spec: { strategy: { canary: { steps: [{ setWeight: 200 }] } } } },
      },
      { at: second(120), do: 'mend' },
    ],
    {
      spec: { progressDeadlineSeconds: 30 },
      setup: { objects: [analysisTemplate('success', { interval: '10s', count: 20 }), service('web')] },
    },
  ),
};
