import { podTemplate } from '../manifests.ts';
import { basic, routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

const NEVER_READY = { template: podTemplate('bad-v1'), progressDeadlineSeconds: 40 };

/** The weight of the first fix could not go back to a stable that has no pods, and the second one waited for that. */
export const brokenStableRouted: Regression = {
  about: 'a second fix takes the weight of the first one over where stable has no pods',
  rules: [1, 2, 3, 21],
  history: routed(
    [{ setWeight: 84 }, { setWeight: 58 }, { setCanaryScale: { replicas: 0 } }, { setWeight: 77 }],
    [
      { at: second(26), do: 'image', tag: 'v2' },
      { at: second(27), do: 'command', command: 'pause' },
      { at: second(60), do: 'command', command: 'unpause' },
      { at: second(61), do: 'image', tag: 'v3' },
    ],
    { spec: NEVER_READY },
  ),
};

/** Pods of the first fix could not go, and those of a stable without any that serves left no room for the second one. */
export const brokenStableBasic: Regression = {
  about: 'a second fix of a basic canary goes on between the pods of the first one and a stable without pods',
  rules: [2, 5, 21],
  history: basic(
    [{ setWeight: 52 }, { pause: {} }],
    [
      { at: second(24), do: 'image', tag: 'v2' },
      { at: second(60), do: 'image', tag: 'v3' },
    ],
    { canary: { maxSurge: 1, maxUnavailable: 0 }, spec: { ...NEVER_READY, replicas: 2 } },
  ),
};

/** Pods beyond the smaller step could not go, as stable had none, and the step waited for that. */
export const brokenStableDown: Regression = {
  about: 'a basic canary beside a stable without pods goes on where a step asks for fewer of it',
  rules: [5, 21],
  history: basic([{ setWeight: 70 }, { setWeight: 15 }], [{ at: second(50), do: 'image', tag: 'v2' }], {
    spec: { ...NEVER_READY, replicas: 2 },
  }),
};

/** The same after a step that left stable without any. */
export const brokenStableDownFromAll: Regression = {
  about: 'a basic canary with all the pods goes on where a step gives some to a stable that never comes up',
  rules: [5, 21],
  history: basic([{ setWeight: 100 }, { setWeight: 47 }], [{ at: second(50), do: 'image', tag: 'v2' }], {
    canary: { maxSurge: 1 },
    spec: { template: podTemplate('bad-v1'), replicas: 5 },
  }),
};

/** It might only have yet to grow, and was waited for beyond any deadline. */
export const brokenStableDynamic: Regression = {
  about: 'a canary with all the traffic goes on where a dynamic stable does not come up within the deadline',
  rules: [21],
  history: routed([{ setWeight: 100 }, { setWeight: 54 }], [{ at: second(50), do: 'image', tag: 'v2' }], {
    canary: { dynamicStableScale: true },
    spec: { ...NEVER_READY, replicas: 1 },
  }),
};

/** All the weight of the first fix was to go back to it, by its deadline and beyond. */
export const brokenStableDynamicTwice: Regression = {
  about:
    'a second fix takes all the weight of the first one over where a dynamic stable does not come up within the deadline',
  rules: [1, 2, 3, 21],
  history: routed(
    [{ setWeight: 50 }, { setWeight: 100 }, { pause: {} }],
    [
      { at: second(50), do: 'image', tag: 'v2' },
      { at: second(90), do: 'image', tag: 'v3' },
    ],
    { canary: { dynamicStableScale: true }, spec: { ...NEVER_READY, replicas: 2 } },
  ),
};

/** Its pods were the only ready ones behind a stable Service that no version had been given yet. */
export const servesAlone: Regression = {
  about: 'a version in the middle stays while it alone serves a Service that selects all of them',
  rules: [2],
  history: routed(
    [],
    [
      { at: second(6), do: 'image', tag: 'v2' },
      { at: second(7), do: 'command', command: 'abort' },
      { at: second(50), do: 'image-and-replicas', tag: 'v3', replicas: 7 },
    ],
    { spec: { ...NEVER_READY, replicas: 1 } },
  ),
};
