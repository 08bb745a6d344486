/** Rollouts as the stores hold them, decoded once: stored objects are frozen and replaced when they change. */

import type { Decoded } from '../../api/decode.ts';
import { decode } from '../../api/decode.ts';
import type { Rollout } from '../../api/rollout.ts';
import { rolloutSchema } from '../../api/rollout.ts';
import type { KubeObject } from '../../kube/api.ts';
import { deepFreeze, isObject } from '../../lang/json.ts';

const known = new WeakMap<KubeObject, Decoded<Rollout>>();
/** By the raw spec: versions that differ in their status only share one decoded spec, and what is known about it. */
const knownSpecs = new WeakMap<object, Rollout['spec']>();

export function decodeRollout(object: KubeObject): Decoded<Rollout> {
  let decoded = known.get(object);
  if (decoded === undefined) {
    decoded = deepFreeze(withSharedSpec(object, decode(rolloutSchema, object)));
    known.set(object, decoded);
  }
  return decoded;
}

function withSharedSpec(object: KubeObject, decoded: Decoded<Rollout>): Decoded<Rollout> {
  const raw = object['spec'];
  if (!decoded.ok || !isObject(raw)) return decoded;
  const spec = knownSpecs.get(raw);
  if (spec !== undefined) return { ok: true, value: { ...decoded.value, spec } };
  knownSpecs.set(raw, decoded.value.spec);
  return decoded;
}
