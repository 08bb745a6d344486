/** A stored Rollout with its status in the form on which decisions are made. Made once for each version of the object. */

import type { RolloutStatus } from '../../api/rollout.ts';
import type { KubeObject } from '../../kube/api.ts';
import { isObject } from '../../lang/json.ts';
import { decidedForm } from '../../plan/rollout/status-form.ts';

const made = new WeakMap<KubeObject, KubeObject>();

export function inDecidedForm(object: KubeObject): KubeObject {
  const known = made.get(object);
  if (known !== undefined) return known;
  const stored = object['status'];
  if (!isObject(stored)) return object;
  const status = decidedForm(stored as RolloutStatus);
  const result = status === (stored as unknown) ? object : { ...object, status };
  made.set(object, result);
  return result;
}
