import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** A spec that breaks a rule was looked through for it, and one that can't be read was not. */
export const abortOfTheUnreadable: Regression = {
  about: 'an abort is heard while a field of the spec can not be read',
  rules: [7, 9],
  history: routed(
    [{ setWeight: 50 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      {
        at: second(40),
        do: 'break',
        what: 'a size that is no number',
        of: 'Rollout/web',
        change: { spec: { replicas: 'many' } },
      },
      { at: second(50), do: 'command', command: 'abort' },
    ],
    { setup: { crds: 'open' } },
  ),
};
