/** configMapGenerator and secretGenerator. */

import type { Json, JsonObject } from '../../../lang/json.ts';
import { isObject } from '../../../lang/json.ts';
import { RenderError } from '../../errors.ts';
import type { SourceTree } from '../../tree.ts';
import type { GeneratorEntry, GeneratorOptions, KustomizationFile } from './file.ts';
import { readBytesBelow } from './files.ts';
import {
  append,
  describeId,
  findById,
  idOfObject,
  makeResource,
  metadataOf,
  type Resource,
} from './resource.ts';

type Pairs = Map<string, Uint8Array>;

export async function generate(
  tree: SourceTree,
  file: KustomizationFile,
  resources: Resource[],
): Promise<void> {
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    const entries = kind === 'ConfigMap' ? file.configMapGenerator : file.secretGenerator;
    for (const entry of entries) {
      const options = united(entry.options, file.generatorOptions);
      const pairs = await readPairs(tree, file, kind, entry);
      const resource = makeResource(manifest(kind, entry, options, pairs));
      resource.needsHash = !options.disableNameSuffixHash;
      resource.behavior = entry.behavior;
      absorb(resources, resource, file.where);
    }
  }
}

/** An entry's own labels and annotations go before those of generatorOptions; the flags hold if either sets them. */
const united = (own: GeneratorOptions, general: GeneratorOptions): GeneratorOptions => ({
  labels: { ...general.labels, ...own.labels },
  annotations: { ...general.annotations, ...own.annotations },
  disableNameSuffixHash: own.disableNameSuffixHash || general.disableNameSuffixHash,
  immutable: own.immutable || general.immutable,
});

function manifest(
  kind: 'ConfigMap' | 'Secret',
  entry: GeneratorEntry,
  options: GeneratorOptions,
  pairs: Pairs,
): JsonObject {
  const metadata: JsonObject = { name: entry.name };
  if (entry.namespace !== undefined && entry.namespace !== '') metadata['namespace'] = entry.namespace;
  if (Object.keys(options.labels).length > 0) metadata['labels'] = { ...options.labels };
  if (Object.keys(options.annotations).length > 0) metadata['annotations'] = { ...options.annotations };
  const object: JsonObject = { apiVersion: 'v1', kind, metadata };
  if (kind === 'Secret') {
    object['type'] = entry.type ?? 'Opaque';
    object['data'] = {};
  }
  const set = (field: 'data' | 'binaryData', key: string, value: string): void => {
    const values = isObject(object[field]) ? object[field] : {};
    Object.defineProperty(values, key, { value, enumerable: true, writable: true, configurable: true });
    object[field] = values;
  };
  for (const [key, bytes] of pairs) {
    const text = kind === 'ConfigMap' ? utf8(bytes) : undefined;
    if (text !== undefined) set('data', key, text);
    else set(kind === 'Secret' ? 'data' : 'binaryData', key, Buffer.from(bytes).toString('base64'));
  }
  if (options.immutable) object['immutable'] = true;
  return object;
}

/** undefined when the bytes are not UTF-8. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

async function readPairs(
  tree: SourceTree,
  file: KustomizationFile,
  kind: string,
  entry: GeneratorEntry,
): Promise<Pairs> {
  const field = `${kind === 'Secret' ? 'secretGenerator' : 'configMapGenerator'} ${entry.name}`;
  const pairs: Pairs = new Map();
  const add = (key: string, value: Uint8Array): void => {
    if (pairs.has(key)) throw new RenderError(file.where, `${field}: the key "${key}" is there twice`);
    pairs.set(key, value);
  };
  for (const path of entry.envs) {
    const text = utf8(await readBytesBelow(tree, file, field, path));
    if (text === undefined) throw new RenderError(file.where, `${field}: "${path}" is not UTF-8`);
    for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
      const trimmed = line.trimStart();
      if (trimmed === '' || trimmed.startsWith('#')) continue;
      const equals = trimmed.indexOf('=');
      const key = equals < 0 ? trimmed : trimmed.slice(0, equals);
      if (key !== '') add(key, encode(equals < 0 ? '' : trimmed.slice(equals + 1)));
    }
  }
  for (const literal of entry.literals) {
    const equals = literal.indexOf('=');
    if (equals < 1) throw new RenderError(file.where, `${field}: the literal "${literal}" must be key=value`);
    add(literal.slice(0, equals), encode(unquoted(literal.slice(equals + 1))));
  }
  for (const source of entry.files) {
    const parts = source.split('=');
    const [first = '', second] = parts;
    if (parts.length > 2 || first === '' || second === '') {
      throw new RenderError(file.where, `${field}: files: "${source}" must be [KEY=]PATH`);
    }
    const path = second ?? first;
    add(
      second === undefined ? (path.split('/').at(-1) ?? path) : first,
      await readBytesBelow(tree, file, field, path),
    );
  }
  return pairs;
}

function unquoted(text: string): string {
  const quote = text[0];
  return text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote)
    ? text.slice(1, -1)
    : text;
}

/** `behavior`: create is new; replace and merge change what a base generated, and keep its name and its past. */
function absorb(resources: Resource[], fresh: Resource, where: string): void {
  const id = idOfObject(fresh.object);
  const matches = findById(resources, id);
  const [old] = matches;
  if (old === undefined) {
    if (fresh.behavior !== 'create') {
      throw new RenderError(where, `behavior ${fresh.behavior}: no base generates ${describeId(id)}`);
    }
    append(resources, fresh, where);
    return;
  }
  if (matches.length > 1) throw new RenderError(where, `${describeId(id)} matches more than one object`);
  if (fresh.behavior === 'create') {
    throw new RenderError(where, `${describeId(id)} exists already; set behavior: merge or replace`);
  }
  const metadata = metadataOf(fresh.object);
  const before = metadataOf(old.object);
  for (const field of ['labels', 'annotations']) {
    const both = { ...mapOf(before[field]), ...mapOf(metadata[field]) };
    if (Object.keys(both).length > 0) metadata[field] = both;
  }
  metadata['name'] = before['name'];
  if (before['namespace'] === undefined) delete metadata['namespace'];
  else metadata['namespace'] = before['namespace'];
  if (fresh.behavior === 'merge') {
    for (const field of ['data', 'binaryData']) {
      const both = { ...mapOf(old.object[field]), ...mapOf(fresh.object[field]) };
      if (Object.keys(both).length > 0) fresh.object[field] = both;
    }
  }
  const merged: Resource = { ...old, object: fresh.object, needsHash: old.needsHash && fresh.needsHash };
  resources[resources.indexOf(old)] = merged;
}

const mapOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
