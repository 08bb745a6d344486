import { podTemplate } from '../manifests.ts';
import { basic, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** Pods of the old version were listed before they were gone, and passed for spare ones. */
export const restartWhileItShrinks: Regression = {
  about: 'a restart counts no pods that a smaller size is about to take',
  rules: [5],
  history: basic(
    [{ setWeight: 41 }],
    [
      { at: second(40), do: 'image', tag: 'v2' },
      { at: second(42), do: 'command', command: 'restart' },
    ],
    {
      spec: {
        replicas: 5,
        minReadySeconds: 10,
        template: podTemplate('v1', { 'sandbox.sluice.dev/stop-delay-ms': '11000' }),
      },
    },
  ),
};
