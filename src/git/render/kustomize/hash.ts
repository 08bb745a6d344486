/** The suffix that names a generated ConfigMap or Secret after its content, as Kustomize computes it. */

import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../../lang/json.ts';
import { isObject } from '../../../lang/json.ts';
import { metadataOf, rememberId, type Resource } from './resource.ts';

/** JSON as Go's encoding/json writes it: sorted keys, `<`, `>` and `&` escaped. */
function goJson(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (isObject(value)) {
    const keys = Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${keys.map((key) => `${goText(key)}:${goJson(value[key])}`).join(',')}}`;
  }
  return typeof value === 'string' ? goText(value) : JSON.stringify(value ?? null);
}

const goText = (text: string): string =>
  JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const LETTERS: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };

/** Kustomize means to take the name in as well, but hashes an empty text in its place; so must we. */
function contentHash(object: JsonObject): string {
  const known: JsonObject = { kind: object['kind'], name: '', data: object['data'] ?? '' };
  if (object['kind'] === 'Secret') {
    known['type'] = object['type'] ?? '';
    if (isObject(object['stringData'])) known['stringData'] = object['stringData'];
  } else if (isObject(object['binaryData'])) {
    known['binaryData'] = object['binaryData'];
  }
  const hex = createHash('sha256').update(goJson(known)).digest('hex').slice(0, 10);
  return hex.replace(/[013ae]/g, (char) => LETTERS[char] ?? char);
}

export function addHashes(resources: readonly Resource[]): void {
  for (const resource of resources) {
    if (!resource.needsHash) continue;
    const hash = contentHash(resource.object);
    rememberId(resource);
    const metadata = metadataOf(resource.object);
    metadata['name'] = `${String(metadata['name'])}-${hash}`;
  }
}
