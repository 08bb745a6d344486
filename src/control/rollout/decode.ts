/** Rollouts as the stores hold them, decoded once: stored objects are frozen and replaced when they change. */

import type { Decoded } from '../../api/decode.ts';
import { decode, decodeRest } from '../../api/decode.ts';
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
    decoded = deepFreeze(decodeOnce(object));
    known.set(object, decoded);
  }
  return decoded;
}

const knownRests = new WeakMap<KubeObject, { readonly rest: Rollout | undefined }>();

/** Of a Rollout that can't be decoded: without the fields that can't be read. */
export function readableRest(object: KubeObject): Rollout | undefined {
  let known = knownRests.get(object);
  if (known === undefined) {
    known = { rest: deepFreeze(decodeRest(rolloutSchema, object)) };
    knownRests.set(object, known);
  }
  return known.rest;
}

/** Most changes are in the status: a spec that was decoded before is not decoded again. */
const rolloutWithoutSpecSchema = rolloutSchema.omit({ spec: true });

function decodeOnce(object: KubeObject): Decoded<Rollout> {
  const raw = object['spec'];
  const spec = isObject(raw) ? knownSpecs.get(raw) : undefined;
  if (spec !== undefined) {
    const { spec: _, ...rest } = object;
    const decoded = decode(rolloutWithoutSpecSchema, rest);
    if (!decoded.ok) return decoded;
    // In the order in which a whole one is read.
    const { apiVersion, kind, metadata, ...others } = decoded.value;
    return { ok: true, value: { apiVersion, kind, metadata, spec, ...others } };
  }
  const decoded = decode(rolloutSchema, object);
  if (decoded.ok && isObject(raw)) knownSpecs.set(raw, decoded.value.spec);
  return decoded;
}
