/**
 * The hash that names the ReplicaSet of a pod template (spec 02 section 3): FNV-1a 32 over the JSON that
 * Go's `encoding/json` prints of the typed `PodTemplateSpec`, then a safe encoding of its decimal form.
 * Checked against Go itself on random templates (`test/lang/go`). Pure.
 *
 * The typed form is what the struct table knows (`core-v1-fields.ts`). A field that it doesn't know, a null,
 * and a value of the wrong type leave no trace, as in the reference, where decoding drops them: a typing
 * error makes no revision of its own, and the hash of a template that carries a newer field is the same for
 * ever. The price: an edit of nothing but a field newer than the table makes no new hash. The callers can see
 * such fields by `untypedFields` and say so. Regenerating the table later gives templates that use the new
 * field another hash; their ReplicaSets are then found by equality (`podTemplatesEqual`).
 */

import { fnv32a, safeEncode } from './hash.ts';
import type { JsonObject } from './json.ts';
import { memoizeFrozen } from './memo.ts';
import { POD_TEMPLATE_SPEC } from './pod-template-struct.ts';
import { canonicalQuantity } from './quantity.ts';
import { printTyped } from './typed-print.ts';

/**
 * At most ten characters, safe in names and labels. `collisionCount` is `status.collisionCount`; 0 and absent
 * differ, as in the reference.
 */
export function podTemplateHash(template: JsonObject, collisionCount?: number): string {
  if (collisionCount === undefined) return plainHash(template);
  const json = new TextEncoder().encode(podTemplateJson(template));
  // Eight bytes, the count as a little-endian uint32 in the first four.
  const bytes = new Uint8Array(json.length + 8);
  bytes.set(json);
  new DataView(bytes.buffer).setUint32(json.length, collisionCount, true);
  return safeEncode(String(fnv32a(bytes)));
}

const plainHash = memoizeFrozen((template: JsonObject): string =>
  safeEncode(String(fnv32a(new TextEncoder().encode(podTemplateJson(template))))),
);

/** The text that is hashed: the template as Go prints it. */
export function podTemplateJson(template: JsonObject): string {
  return printTyped(POD_TEMPLATE_SPEC, template, { quantity: canonicalQuantity, nilIsEmpty: false });
}
