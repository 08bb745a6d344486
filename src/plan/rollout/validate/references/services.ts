/** Services that a Rollout sends traffic to (spec 01 section 3.4). Pure. */

import { invalid, type FieldError } from '../../../../api/field-error.ts';
import type { Rollout } from '../../../../api/rollout.ts';
import type { JsonObject } from '../../../../lang/json.ts';
import { Field } from '../field.ts';
import type { Reference } from './objects.ts';

const HASH_LABEL = 'rollouts-pod-template-hash';
const MANAGED_BY = 'argo-rollouts.argoproj.io/managed-by-rollouts';

/** The Service must select the Rollout's pods, and belong to no other Rollout. */
export function validateService(reference: Reference, service: JsonObject, rollout: Rollout): FieldError[] {
  const errors: FieldError[] = [];
  const root = new Field(service, '', []);
  const labels = new Field(rollout.spec.template, '', []).child('metadata').child('labels');
  for (const [key, value] of root.child('spec').child('selector').entries()) {
    if (key !== HASH_LABEL && labels.child(key).value !== value.value) {
      const detail = `Service "${reference.name}" has unmatch label "${key}" in rollout`;
      errors.push(invalid(reference.field, reference.name, detail));
    }
  }
  const owner = root.child('metadata').child('annotations').child(MANAGED_BY);
  if (owner.present && owner.value !== rollout.metadata.name) {
    const detail = `Service "${reference.name}" is managed by another Rollout`;
    errors.push(invalid(reference.field, reference.name, detail));
  }
  return errors;
}
