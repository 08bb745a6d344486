/** Aborts, deadlines, analyses and promotions. */

import { analysisOf, analysisTemplate, ingress, podTemplate, service } from '../manifests.ts';
import type { Scenario } from './types.ts';
import { basic, blueGreen, routed, second } from './worlds.ts';

export const VERDICTS: readonly Scenario[] = [
  {
    of: ['AR 4626', 'AR 4128'],
    title: 'an abort is obeyed while the router cannot be written',
    history: routed(
      [{ setWeight: 50 }, { pause: {} }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        {
          at: second(50),
          do: 'weather',
          fault: 'http-500',
          rate: 1,
          forMs: second(60),
          lengthMs: 0,
          salt: 1,
          target: 'Ingress',
        },
        { at: second(55), do: 'command', command: 'abort' },
      ],
    ),
    end: /^Degraded \(RolloutAborted/,
    tells: [/5[5-9]\.\d s {2}a1 updates Rollout\/status web: .*"Degraded"/],
  },
  {
    of: ['AR 4461', 'AR 3756'],
    title: 'an abort is obeyed while the spec is invalid',
    history: routed(
      [{ setWeight: 50 }, { pause: {} }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(50), do: 'spec', spec: { strategy: { canary: { steps: [{ setWeight: 500 }] } } } },
        { at: second(55), do: 'command', command: 'abort' },
        {
          at: second(70),
          do: 'spec',
          spec: { strategy: { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } } },
        },
      ],
    ),
    end: /^(Degraded|Paused)/,
    tells: [/5[5-9]\.\d s {2}a1 updates .*canary-weight "50" -> "0"/],
  },
  {
    of: ['AR 1225', 'AR 3534', 'AR 3843'],
    title: 'the deadline fires for a version that never becomes ready, through restarts of the controller',
    history: basic(
      [{ setWeight: 50 }],
      [
        { at: second(30), do: 'image', tag: 'bad-v2' },
        { at: second(50), do: 'crash', forMs: second(1) },
        { at: second(70), do: 'crash', forMs: second(1) },
      ],
      { spec: { progressDeadlineSeconds: 60, progressDeadlineAbort: true } },
    ),
    end: /^Degraded \(RolloutAborted.*timed out/,
    tells: [/(8[89]|9\d)\.\d s {2}a3 updates Rollout\/status web: .*"Degraded"/],
  },
  {
    of: ['AR 1411', 'AR 943', 'AR 4393'],
    title: 'a failed analysis aborts its version for good, and a retry starts another run',
    history: routed(
      [{ setWeight: 25 }, { analysis: analysisOf('success') }],
      [
        { at: second(30), do: 'image', tag: 'worse-v2' },
        { at: second(60), do: 'crash', forMs: second(1) },
        { at: second(80), do: 'command', command: 'retry' },
      ],
    ),
    end: /^Degraded \(RolloutAborted.*analysis/,
    tells: [/creates AnalysisRun web-\w+-2-1\b/, /creates AnalysisRun web-\w+-2-1\.1/],
  },
  {
    of: ['AR 1329'],
    title: 'an analysis that somebody ended before it measured opens no gate, and a person has the word',
    history: routed(
      [{ setWeight: 25 }, { analysis: analysisOf('late') }, { setWeight: 50 }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(60), do: 'terminate' },
      ],
      {
        setup: {
          objects: [
            analysisTemplate('late', { initialDelay: '10m' }),
            service('web-stable'),
            service('web-canary'),
            ingress('web-stable'),
          ],
        },
      },
    ),
    end: /^Paused \(InconclusiveAnalysisRun/,
    tells: [/person updates AnalysisRun web-\w+-2-1: spec\.terminate/, /"phase":"Successful"|"Successful"/],
  },
  {
    of: ['FL 1011', 'AR 3258'],
    title: 'a gate judges the new version, not the stable one, and nothing is promoted without it',
    history: blueGreen({ prePromotionAnalysis: analysisOf('success') }, [
      { at: second(30), do: 'image', tag: 'worse-v2' },
    ]),
    end: /^Degraded \(RolloutAborted/,
    tells: [/says 0 of a version that is bad/],
  },
  {
    of: ['FL 1898', 'FL 1932'],
    title: 'a version that was found bad gets no short cut when it is rolled back to',
    history: routed(
      [{ setWeight: 25 }, { analysis: analysisOf('success') }],
      [
        { at: second(30), do: 'image', tag: 'worse-v2' },
        { at: second(60), do: 'image', tag: 'v3' },
        { at: second(120), do: 'image', tag: 'worse-v2' },
      ],
      { spec: { rollbackWindow: { revisions: 3 } } },
    ),
    end: /^Degraded \(RolloutAborted/,
  },
  {
    of: ['AR 1774'],
    title: 'a stable version whose pods have died does not stand in the way of the fix',
    history: routed(
      [{ setWeight: 50 }],
      [
        { at: second(30), do: 'unready-pods', count: 4, forMs: second(3_000) },
        { at: second(40), do: 'image', tag: 'v2' },
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: ['AR 3110'],
    title: 'a first version that never came up does not stand in the way of the second attempt to mend it',
    history: routed(
      [{ setWeight: 50 }, { pause: {} }, { setWeight: 20 }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(60), do: 'image', tag: 'v3' },
        { at: second(90), do: 'command', command: 'promote' },
      ],
      { spec: { template: podTemplate('bad-v1'), progressDeadlineSeconds: 20 } },
    ),
    end: /^Healthy/,
  },
  {
    of: ['recording canary-spec-paused'],
    title: 'a promotion that is sent while spec.paused holds is carried out when it no longer does',
    history: basic(
      [{ setWeight: 50 }, { pause: {} }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(60), do: 'command', command: 'pause' },
        { at: second(70), do: 'command', command: 'promote' },
        { at: second(90), do: 'command', command: 'unpause' },
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: ['recording bluegreen-auto-seconds-resume'],
    title: 'resuming a timed promotion promotes at once',
    history: blueGreen({ autoPromotionSeconds: 300, scaleDownDelaySeconds: 5 }, [
      { at: second(30), do: 'image', tag: 'v2' },
      { at: second(60), do: 'command', command: 'promote' },
    ]),
    end: /^Healthy/,
    tells: [/6\d\.\d s {2}a1 updates Service web-active: .*selector/],
  },
  {
    of: ['recording canary-string-surge'],
    title: 'five replicas at weight 90 without surge have a canary before the step counts as done',
    history: basic([{ setWeight: 90 }, { pause: {} }], [{ at: second(30), do: 'image', tag: 'v2' }], {
      canary: { maxSurge: 0, maxUnavailable: 1 },
      spec: { replicas: 5 },
    }),
    end: /^Paused/,
    tells: [/v2: 4 pods ready/],
  },
];
