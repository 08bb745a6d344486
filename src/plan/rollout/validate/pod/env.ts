/** Environment variables, and fields that the downward API offers. Pure. */

import type { Field } from '../field.ts';
import { configKeyErrors, envNameErrors, objectNameErrors, qualifiedNameErrors } from '../names.ts';

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
/** What a pod has, though not every place may use it. */
const KNOWN_FIELDS = new Set([
  ...ENV_FIELDS,
  ...VOLUME_FIELDS,
  'spec.host',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);

export function validateEnv(env: Field): void {
  for (const variable of env.items()) {
    const name = variable.child('name');
    if (name.text() === '') name.required();
    else name.invalidFor(envNameErrors(name.text()));
    validateValueFrom(variable.child('valueFrom'), variable.child('value').text());
  }
}

function validateValueFrom(source: Field, value: string): void {
  if (!source.isObject()) return;
  const kinds = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];
  const set = kinds.filter((kind) => source.child(kind).present);
  for (const kind of set) {
    const ref = source.child(kind);
    if (!ref.isObject()) continue;
    if (kind === 'fieldRef') validateFieldRef(ref, ENV_FIELDS);
    if (kind === 'configMapKeyRef' || kind === 'secretKeyRef') {
      const name = ref.child('name');
      name.invalidFor(objectNameErrors(name.text()), name.text());
      const key = ref.child('key');
      if (key.text() === '') key.required();
      else key.invalidFor(configKeyErrors(key.text()));
    }
    if (kind === 'resourceFieldRef' && ref.child('resource').text() === '') ref.child('resource').required();
  }
  if (set.length === 0) {
    source.invalid(
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      '',
    );
  }
  if (value !== '') {
    if (set.length > 0) source.invalid('may not be specified when `value` is not empty', '');
  } else if (set.length > 1) source.invalid('may not have more than one field specified at a time', '');
}

/** A `fieldRef` of an environment variable or, with `volume`, of a downward API volume. */
export function validateFieldRef(ref: Field, allowed: readonly string[] = VOLUME_FIELDS): void {
  const field = ref.child('fieldPath');
  const path = field.text();
  if (path === '') {
    field.required();
    return;
  }
  const subscript = /^(.*)\['(.*)'\]$/s.exec(path);
  if (subscript !== null) {
    const [, map = '', key = ''] = subscript;
    if (map === 'metadata.annotations') ref.invalidFor(qualifiedNameErrors(key.toLowerCase()), key);
    else if (map === 'metadata.labels') ref.invalidFor(qualifiedNameErrors(key), key);
    else field.invalid(`error converting fieldPath: field label does not support subscript: ${path}`);
  } else if (!KNOWN_FIELDS.has(path)) {
    field.invalid(`error converting fieldPath: field label not supported: ${path}`);
  } else if (!allowed.includes(path === 'spec.host' ? 'spec.nodeName' : path)) {
    field.notSupported(allowed);
  }
}

export function validateEnvFrom(list: Field): void {
  for (const source of list.items()) {
    const prefix = source.child('prefix');
    if (prefix.text() !== '') prefix.invalidFor(envNameErrors(prefix.text()));
    const set = ['configMapRef', 'secretRef'].filter((kind) => source.child(kind).present);
    for (const kind of set) {
      const name = source.child(kind).child('name');
      name.invalidFor(objectNameErrors(name.text()), name.text());
    }
    // The list is named here, not its item, as an API server has it.
    if (set.length === 0) list.invalid('must specify one of: `configMapRef` or `secretRef`', '');
    else if (set.length > 1) list.invalid('may not have more than one field specified at a time', '');
  }
}
