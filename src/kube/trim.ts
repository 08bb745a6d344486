/** What no reader of a store ever needs, and what makes up most of an object's size. */

import type { KubeObject } from './api.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The object without managedFields and, unless a reader wants it, last-applied annotation. Never changes its argument,
 * which may be shared.
 */
export function trimObject(object: KubeObject, keepsLastApplied = false): KubeObject {
  const { metadata } = object;
  const annotations = metadata.annotations;
  const applied = !keepsLastApplied && annotations !== undefined && Object.hasOwn(annotations, LAST_APPLIED);
  if (metadata.managedFields === undefined && !applied) return object;
  const { managedFields: _, ...kept } = metadata;
  if (applied) {
    const { [LAST_APPLIED]: __, ...others } = annotations;
    kept.annotations = others;
  }
  return { ...object, metadata: kept };
}
