/** Quantities of a pod template that no typed client could read (`memory: invalid`). Pure. */

import { isObject, type JsonObject } from './json.ts';
import { POD_TEMPLATE_SPEC } from './pod-template-struct.ts';
import { parseQuantity, QuantityError } from './quantity.ts';
import type { FieldType } from './struct-table.ts';

export type FieldPath = readonly (string | number)[];

/** Enough for one write; the rest is found when those are gone. */
const MAX_FOUND = 100;

/** Their places below the template, in its order. A null is Go's zero, and an empty text is no quantity. */
export function unreadableQuantities(template: JsonObject): FieldPath[] {
  const found: FieldPath[] = [];
  collect({ kind: 'struct', struct: POD_TEMPLATE_SPEC }, template, [], found);
  return found;
}

function collect(type: FieldType, value: unknown, path: FieldPath, found: FieldPath[]): void {
  if (value === undefined || value === null || found.length >= MAX_FOUND) return;
  if (type.kind === 'pointer') {
    collect(type.of, value, path, found);
  } else if (type.kind === 'quantity') {
    if (!isQuantity(value)) found.push(path);
  } else if (type.kind === 'list' && Array.isArray(value)) {
    value.forEach((item, i) => collect(type.of, item, [...path, i], found));
  } else if (type.kind === 'map' && isObject(value)) {
    for (const [key, item] of Object.entries(value)) collect(type.of, item, [...path, key], found);
  } else if (type.kind === 'struct' && isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const field = type.struct.byName.get(key);
      if (field !== undefined) collect(field.type, item, [...path, key], found);
    }
  }
}

function isQuantity(value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  try {
    parseQuantity(typeof value === 'string' ? value.trim() : value);
    return true;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}
