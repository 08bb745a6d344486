/** Whether what a template says is in another one, whatever else that one says. Pure. */

import { isObject } from '../../lang/json.ts';
import { compareQuantities, QuantityError } from '../../lang/quantity.ts';

/**
 * Unset and empty fields of `wanted` match anything (spec 09 section 4.2); lists may go on in `full`. Amounts of
 * resources compare by value: `1000m` is `1`.
 */
export function isDerivative(wanted: unknown, full: unknown, inResources = false): boolean {
  if (wanted === undefined || wanted === null || wanted === '') return true;
  if (Array.isArray(wanted)) {
    if (wanted.length === 0) return true;
    if (!Array.isArray(full) || wanted.length > full.length) return false;
    return wanted.every((item, i) => isDerivative(item, full[i], inResources));
  }
  if (isObject(wanted)) {
    const keys = Object.keys(wanted);
    if (keys.length === 0) return true;
    if (!isObject(full)) return keys.every((key) => isDerivative(wanted[key], undefined, inResources));
    return keys.every((key) =>
      isDerivative(
        wanted[key],
        Object.hasOwn(full, key) ? full[key] : undefined,
        inResources || key === 'limits' || key === 'requests',
      ),
    );
  }
  return wanted === full || (inResources && sameAmount(wanted, full));
}

const isAmount = (value: unknown): value is string | number =>
  typeof value === 'string' || typeof value === 'number';

function sameAmount(a: unknown, b: unknown): boolean {
  if (!isAmount(a) || !isAmount(b)) return false;
  try {
    return compareQuantities(a, b) === 0;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}
