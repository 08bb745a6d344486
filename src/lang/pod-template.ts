/** Comparing pod templates as the typed API would (spec 02 section 3, step 3 of the lookup). Pure. */

import { deepEqual, isObject, type Json, type JsonObject } from './json.ts';
import { defaultImageVolumes, defaultPodTemplate } from './pod-defaults.ts';
import { POD_TEMPLATE_SPEC } from './pod-template-struct.ts';
import { quantityValue } from './quantity.ts';
import type { FieldType } from './struct-table.ts';
import { printTyped } from './typed-print.ts';

const HASH_LABEL = 'rollouts-pod-template-hash';

/**
 * Does the template of a live ReplicaSet equal the one that a Rollout wants? The wanted one gets the
 * defaults of core v1; the hash label and the deprecated `serviceAccount` count on neither side; absent and
 * empty maps and lists are the same, quantities compare by value. Ephemeral metadata and the injected
 * anti-affinity are the caller's to strip.
 *
 * A field that our table doesn't know counts only where both sides have it: an API server may be older (it
 * dropped the field) or newer (it added a default), and neither is a new revision.
 */
export function podTemplatesEqual(live: JsonObject, desired: JsonObject): boolean {
  const defaulted = defaultPodTemplate(desired);
  // Older servers give image volumes no default: an absent policy is the default on either side.
  const stored = defaultImageVolumes(live);
  return comparable(stored) === comparable(defaulted) && untypedAgree(TEMPLATE, live, defaulted);
}

function comparable(template: JsonObject): string {
  return printTyped(POD_TEMPLATE_SPEC, strip(template), { quantity: quantityValue, nilIsEmpty: true });
}

function strip(template: JsonObject): JsonObject {
  const { metadata, spec } = template;
  const stripped = { ...template };
  if (isObject(metadata) && isObject(metadata['labels'])) {
    const labels = { ...metadata['labels'] };
    delete labels[HASH_LABEL];
    stripped['metadata'] = { ...metadata, labels };
  }
  if (isObject(spec)) {
    const { serviceAccount: _, ...rest } = spec;
    stripped['spec'] = rest;
  }
  return stripped;
}

const TEMPLATE: FieldType = { kind: 'struct', struct: POD_TEMPLATE_SPEC };

function untypedAgree(type: FieldType, live: unknown, desired: unknown): boolean {
  if (type.kind === 'pointer') return untypedAgree(type.of, live, desired);
  if (type.kind === 'list') {
    if (!Array.isArray(live) || !Array.isArray(desired)) return true;
    return live.every((item, i) => untypedAgree(type.of, item, desired[i]));
  }
  if (type.kind !== 'struct' || !isObject(live) || !isObject(desired)) return true;
  return Object.keys(live).every((key) => {
    if (!Object.hasOwn(desired, key)) return true;
    const field = type.struct.byName.get(key);
    if (field !== undefined) return untypedAgree(field.type, live[key], desired[key]);
    return !isSet(live[key]) || !isSet(desired[key]) || deepEqual(live[key], desired[key]);
  });
}

const isSet = (value: Json | undefined): boolean => value !== undefined && value !== null;

/**
 * Paths of fields that the typed API doesn't know (`spec.containers[0].newer`): typing errors, or fields newer
 * than our table. They are in no hash, so whoever shows a Rollout should name them.
 */
export function untypedFields(template: JsonObject): string[] {
  const found: string[] = [];
  collect(TEMPLATE, template, '', found);
  return found;
}

/** Enough to see what is wrong. */
const MAX_FOUND = 100;

function collect(type: FieldType, value: unknown, path: string, found: string[]): void {
  if (found.length >= MAX_FOUND) return;
  if (type.kind === 'pointer') {
    collect(type.of, value, path, found);
  } else if (type.kind === 'list' && Array.isArray(value)) {
    value.forEach((item, i) => collect(type.of, item, `${path}[${i}]`, found));
  } else if (type.kind === 'struct' && isObject(value)) {
    for (const key of Object.keys(value)) {
      if (!isSet(value[key])) continue;
      const field = type.struct.byName.get(key);
      const at = path === '' ? key : `${path}.${key}`;
      if (field === undefined) found.push(at);
      else collect(field.type, value[key], at, found);
    }
  }
}
