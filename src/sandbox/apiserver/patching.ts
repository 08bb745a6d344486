/** The four patch types on a stored object. */

import { isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { applyJsonPatch, JsonPatchError } from '../../lang/patch/json-patch.ts';
import { applyMergePatch } from '../../lang/patch/merge.ts';
import { applyStrategicMergePatch } from '../../lang/patch/strategic.ts';
import type { JsonPatchOperation, KubeObject, Patch } from '../../kube/api.ts';
import { badRequest, internalError, unprocessablePatch, unsupportedMediaType } from './errors.ts';
import type { Resource } from './resource.ts';

export const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

const MAX_OPERATIONS = 10_000;

/** The patched object, undecoded. Not for apply. */
export function patched(
  resource: Resource,
  current: KubeObject,
  patch: Exclude<Patch, { type: 'apply' }>,
): JsonObject {
  const before = current as unknown as JsonObject;
  let after: Json;
  switch (patch.type) {
    case 'merge':
      if (!isObject(patch.body)) {
        throw badRequest(
          'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
        );
      }
      after = applyMergePatch(before, patch.body);
      break;
    case 'json':
      after = jsonPatched(before, patch.body);
      break;
    case 'strategic':
      if (resource.custom) {
        throw unsupportedMediaType([PATCH_TYPES.json, PATCH_TYPES.merge, PATCH_TYPES.apply]);
      }
      try {
        after = applyStrategicMergePatch(before, patch.body, {
          group: resource.type.group,
          kind: resource.type.kind,
        });
      } catch (error) {
        throw internalError((error as Error).message);
      }
      break;
    default:
      throw badRequest(`unknown patch type ${String((patch as { type: unknown }).type)}`);
  }
  if (!isObject(after)) throw unprocessablePatch();
  return after;
}

function jsonPatched(before: JsonObject, operations: JsonPatchOperation[]): Json {
  if (!Array.isArray(operations)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  }
  if (operations.length > MAX_OPERATIONS) {
    throw badRequest(
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`,
    );
  }
  try {
    return applyJsonPatch(before, operations);
  } catch (error) {
    if (error instanceof JsonPatchError) throw unprocessablePatch();
    throw error;
  }
}
