/** Validation of `metadata`, for every kind. */

import { isObject, type Json } from '../../lang/json.ts';
import type { KubeObject } from '../../kube/api.ts';
import { labelKeyErrors, labelValueErrors } from '../../lang/label-syntax.ts';
import { forbiddenField, invalid, required, type FieldError } from './errors.ts';
import { dnsLabelErrors } from './names.ts';

export function labelErrors(labels: Json | undefined, path: string): FieldError[] {
  if (!isObject(labels)) return [];
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))) {
    errors.push(...labelKeyErrors(key).map((detail) => invalid(path, key, detail)));
    errors.push(...labelValueErrors(String(value)).map((detail) => invalid(path, value, detail)));
  }
  return errors;
}

const MAX_ANNOTATIONS = 256 * 1024;

function annotationErrors(annotations: Record<string, string> | undefined, path: string): FieldError[] {
  if (annotations === undefined) return [];
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    errors.push(...labelKeyErrors(key.toLowerCase()).map((detail) => invalid(path, key, detail)));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > MAX_ANNOTATIONS) {
    errors.push({ type: 'TooLong', field: path, detail: `may not be more than ${MAX_ANNOTATIONS} bytes` });
  }
  return errors;
}

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** Finalizers of built-in kinds are qualified or standard ones; custom resources may have any qualified name. */
export function builtinFinalizerErrors(object: KubeObject): FieldError[] {
  const detail = 'name is neither a standard finalizer name nor is it fully qualified';
  return (object.metadata.finalizers ?? []).flatMap((name, index) =>
    name.includes('/') || STANDARD_FINALIZERS.has(name)
      ? []
      : [invalid(`metadata.finalizers[${index}]`, name, detail)],
  );
}

/** `checkName`: the rule of the kind. */
export function metadataErrors(
  object: KubeObject,
  namespaced: boolean,
  checkName: (name: string) => string[],
): FieldError[] {
  const { metadata } = object;
  const errors: FieldError[] = [];
  const path = 'metadata';
  if (metadata.generateName !== undefined && metadata.generateName !== '') {
    // The random suffix may still follow, so a trailing dash is fine.
    const { generateName } = metadata;
    const sample = generateName.replace(/-+$/, (dashes) => `${dashes}a`);
    errors.push(...checkName(sample).map((detail) => invalid(`${path}.generateName`, generateName, detail)));
  }
  if (metadata.name === undefined || metadata.name === '') {
    errors.push(required(`${path}.name`, 'name or generateName is required'));
  } else {
    errors.push(...checkName(metadata.name).map((detail) => invalid(`${path}.name`, metadata.name, detail)));
  }
  if (namespaced) {
    if (metadata.namespace === undefined || metadata.namespace === '')
      errors.push(required(`${path}.namespace`));
    else {
      errors.push(
        ...dnsLabelErrors(metadata.namespace).map((d) => invalid(`${path}.namespace`, metadata.namespace, d)),
      );
    }
  }
  errors.push(...labelErrors(metadata.labels, `${path}.labels`));
  errors.push(...annotationErrors(metadata.annotations, `${path}.annotations`));
  errors.push(...ownerErrors(object));
  for (const name of metadata.finalizers ?? [])
    errors.push(...labelKeyErrors(name).map((detail) => invalid(`${path}.finalizers`, name, detail)));
  return errors;
}

function ownerErrors(object: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  (object.metadata.ownerReferences ?? []).forEach((owner) => {
    const at = 'metadata.ownerReferences';
    if (!owner.apiVersion)
      errors.push(invalid(`${at}.apiVersion`, owner.apiVersion, 'version must not be empty'));
    if (!owner.kind) errors.push(invalid(`${at}.kind`, owner.kind, 'must not be empty'));
    if (!owner.name) errors.push(invalid(`${at}.name`, owner.name, 'must not be empty'));
    if (!owner.uid) errors.push(invalid(`${at}.uid`, owner.uid, 'must not be empty'));
    if (owner.controller !== true) return;
    if (controller === undefined) controller = `${owner.kind}/${owner.name}`;
    else {
      errors.push(
        invalid(
          'metadata.ownerReferences',
          object.metadata.ownerReferences,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${owner.kind}/${owner.name}`,
        ),
      );
    }
  });
  return errors;
}

/** What an update may not do to `metadata`. */
export function metadataUpdateErrors(object: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const { metadata } = object;
  const immutable = (
    field: 'name' | 'namespace' | 'uid' | 'deletionTimestamp' | 'deletionGracePeriodSeconds',
  ): void => {
    if (metadata[field] !== old.metadata[field]) {
      errors.push(invalid(`metadata.${field}`, metadata[field], 'field is immutable'));
    }
  };
  immutable('name');
  immutable('namespace');
  immutable('uid');
  immutable('deletionTimestamp');
  immutable('deletionGracePeriodSeconds');
  if (old.metadata.deletionTimestamp !== undefined) {
    const had = new Set(old.metadata.finalizers ?? []);
    const fresh = (metadata.finalizers ?? []).filter((name) => !had.has(name)).sort();
    if (fresh.length > 0) {
      const list = fresh.map((name) => JSON.stringify(name)).join(', ');
      errors.push(
        forbiddenField(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
        ),
      );
    }
  }
  return errors;
}
