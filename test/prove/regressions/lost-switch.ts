import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import { blueGreen, routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** The weight went to 0 behind a Service that still selected the old version, and the status said Healthy. */
export const lostSwitch: Regression = {
  about: 'a promotion waits for the switch of the stable Service, whose write fails',
  rules: [6, 23],
  history: routed(
    [{ setWeight: 50 }, { pause: { duration: 10 } }],
    [
      { at: second(30), do: 'image', tag: 'v2' },
      { at: second(36), do: 'aim', fault: 'http-503', nth: 1, target: 'Service', forMs: 0 },
      { at: second(120), do: 'compact' },
    ],
  ),
};

/** The same of a router that knows versions: the status said Healthy while all went to the old one. */
export const lostRoute: Regression = {
  about: 'a promotion whose route could not be written is not Healthy yet',
  rules: [23],
  history: routed(
    [{ setWeight: 50 }, { pause: { duration: 10 } }],
    [
      { at: second(30), do: 'image', tag: 'v2' },
      { at: second(36), do: 'aim', fault: 'http-503', nth: 1, target: 'ConfigMap', forMs: 0 },
      { at: second(120), do: 'compact' },
    ],
    {
      canary: { trafficRouting: RECORDER_ROUTING, stableService: '', canaryService: '' },
      setup: { objects: [], router: {} },
    },
  ),
};

/** The instant of the scale-down was decided before a write that took as long as the delay. */
export const slowAbort: Regression = {
  about: 'the delay of an aborted version counts from when the abort is on record',
  rules: [3],
  history: blueGreen(
    { abortScaleDownDelaySeconds: 20 },
    [
      { at: second(30), do: 'image', tag: 'bad-v2' },
      { at: second(45), do: 'aim', fault: 'slow-write', nth: 1, target: 'Rollout/status', forMs: second(60) },
      { at: second(120), do: 'compact' },
    ],
    { spec: { progressDeadlineSeconds: 20, progressDeadlineAbort: true } },
  ),
};
