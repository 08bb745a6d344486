/** `resources` of a container. Pure. */

import { canonicalQuantity, compareQuantities, QuantityError } from '../../../../lang/quantity.ts';
import type { Field } from '../field.ts';
import { qualifiedNameErrors } from '../names.ts';

/** What a container may ask for without a domain before its name. */
const STANDARD: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** Devices and the like: whole numbers, and never promised twice. */
const isExtended = (name: string): boolean => name.includes('/') && !/(^|\.)kubernetes\.io\//.test(name);

export function validateResources(resources: Field): void {
  if (!resources.isObject()) return;
  const limits = resources.child('limits');
  const requests = resources.child('requests');
  for (const [name, quantity] of limits.entries()) validateAmount(name, quantity);
  for (const [name, quantity] of requests.entries()) {
    const amount = validateAmount(name, quantity);
    const limit = canonical(limits.child(name).value);
    const exact = isExtended(name) || isHugePages(name);
    if (amount === undefined) continue;
    if (limit === undefined) {
      if (exact) limits.required('Limit must be set for non overcommitable resources');
    } else if (exact && compareQuantities(amount, limit) !== 0) {
      requests.invalid(`must be equal to ${name} limit of ${limit}`, amount);
    } else if (!exact && compareQuantities(amount, limit) > 0) {
      requests.invalid(`must be less than or equal to ${name} limit of ${limit}`, amount);
    }
  }
}

/** The canonical text, where the amount is readable. */
function validateAmount(name: string, quantity: Field): string | undefined {
  const errors = qualifiedNameErrors(name);
  quantity.invalidFor(errors, name);
  if (!name.includes('/') && !STANDARD.has(name) && !isHugePages(name)) {
    if (errors.length === 0) quantity.invalid('must be a standard resource type or fully qualified', name);
    quantity.invalid('must be a standard resource for containers', name);
  }
  if (!quantity.present) return undefined;
  const amount = canonical(quantity.value);
  if (amount === undefined) quantity.invalid('must be a quantity such as 500m, 2 or 1Gi');
  else if (compareQuantities(amount, '0') < 0) quantity.invalid('must be greater than or equal to 0', amount);
  else if (isExtended(name) && !isWhole(amount)) quantity.invalid('must be an integer', amount);
  return amount;
}

/** Of a canonical text: below one there is a suffix for it. */
const isWhole = (amount: string): boolean => !/[mun]$/.test(amount) && !amount.includes('.');

function canonical(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    return canonicalQuantity(value);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}
