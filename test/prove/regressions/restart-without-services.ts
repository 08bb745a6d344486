import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import { podTemplate } from '../manifests.ts';
import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Only a Service made a version one that serves alone. */
export const restartWithoutServices: Regression = {
  about: 'a restart leaves a pod of a version that a router reaches without a Service',
  rules: [2],
  history: routed(
    [{ setWeight: 44 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(40), do: 'command', command: 'restart' },
    ],
    {
      canary: {
        trafficRouting: RECORDER_ROUTING,
        stableService: '',
        canaryService: '',
        maxUnavailable: '50%',
      },
      setup: { objects: [], router: {} },
    },
  ),
};

/** Pods that a broken stable version lacked were missing for the restart of the fix, and its step waited for that. */
export const restartBesideBroken: Regression = {
  about: 'a restart of the fix goes on beside a stable version that never comes up',
  rules: [5, 21],
  history: routed(
    [{ setCanaryScale: { weight: 100 } }, { pause: { duration: 10 } }, { setWeight: 100 }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(25), do: 'command', command: 'restart' },
    ],
    {
      canary: { maxUnavailable: 0, maxSurge: 1 },
      spec: { replicas: 2, template: podTemplate('bad-v1'), progressDeadlineSeconds: 600 },
    },
  ),
};
