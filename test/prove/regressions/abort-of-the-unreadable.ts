import type { JsonObject } from '../../../src/lang/json.ts';
import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

const abortWhile = (about: string, what: string, spec: JsonObject): Regression => ({
  about,
  rules: [7, 9],
  history: routed(
    [{ setWeight: 50 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(40), do: 'break', what, of: 'Rollout/web', change: { spec } },
      { at: second(50), do: 'command', command: 'abort' },
    ],
    { setup: { crds: 'open' } },
  ),
});

/** A spec that breaks a rule was looked through for it, and one that can't be read was not. */
export const abortOfTheUnreadable = abortWhile(
  'an abort is heard while a field of the spec can not be read',
  'a size that is no number',
  { replicas: 'many' },
);

/** What is wrong could be taken out only as a field that is there. */
export const abortOfTheIncomplete = abortWhile(
  'an abort is heard while a field of the spec lacks a part, or is a list with something else in it',
  'an expression without an operator, and a step that is text',
  { selector: { matchExpressions: [{ key: 'app' }] }, strategy: { canary: { steps: ['setWeight'] } } },
);

/** What was carried out last was read from the ReplicaSets of both versions, and from neither where one was gone. */
export const abortBesideNoStable: Regression = {
  about: 'an abort is heard while the spec is refused and the stable ReplicaSet is gone',
  rules: [7, 9],
  history: routed(
    [{ setWeight: 50 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      { at: second(40), do: 'delete-replica-set', of: 'stable' },
      {
        at: second(45),
        do: 'break',
        what: 'a weight below zero',
        of: 'Rollout/web',
        change: { spec: { strategy: { canary: { steps: [{ setWeight: -1 }] } } } },
      },
      { at: second(50), do: 'command', command: 'abort' },
    ],
  ),
};
