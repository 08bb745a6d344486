/** Rollouts as the stores hold them, decoded once: stored objects are frozen and replaced when they change. */

import type { Decoded } from '../../api/decode.ts';
import { decode } from '../../api/decode.ts';
import type { Rollout } from '../../api/rollout.ts';
import { rolloutSchema } from '../../api/rollout.ts';
import type { KubeObject } from '../../kube/api.ts';
import { deepFreeze } from '../../lang/json.ts';

const known = new WeakMap<KubeObject, Decoded<Rollout>>();

export function decodeRollout(object: KubeObject): Decoded<Rollout> {
  let decoded = known.get(object);
  if (decoded === undefined) {
    decoded = deepFreeze(decode(rolloutSchema, object));
    known.set(object, decoded);
  }
  return decoded;
}
