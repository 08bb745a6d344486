/** `resources` of a container. Pure. */

import { canonicalQuantity, compareQuantities, QuantityError } from '../../../../lang/quantity.ts';
import type { Field } from '../field.ts';
import { qualifiedNameErrors } from '../names.ts';

export function validateResources(resources: Field): void {
  if (!resources.isObject()) return;
  const limits = resources.child('limits');
  const requests = resources.child('requests');
  for (const [name, quantity] of limits.entries()) validateAmount(name, quantity);
  for (const [name, quantity] of requests.entries()) {
    const amount = validateAmount(name, quantity);
    const limit = canonical(limits.child(name).value);
    if (amount === undefined || limit === undefined) continue;
    if (compareQuantities(amount, limit) > 0) {
      requests.invalid(`must be less than or equal to ${name} limit of ${limit}`, amount);
    }
  }
}

/** The canonical text, where the amount is readable. */
function validateAmount(name: string, quantity: Field): string | undefined {
  quantity.invalidFor(qualifiedNameErrors(name), name);
  if (!quantity.present) return undefined;
  const amount = canonical(quantity.value);
  if (amount === undefined) quantity.invalid('must be a quantity such as 500m, 2 or 1Gi');
  else if (compareQuantities(amount, '0') < 0) quantity.invalid('must be greater than or equal to 0', amount);
  return amount;
}

function canonical(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    return canonicalQuantity(value);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}
