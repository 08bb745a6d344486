/** patchesStrategicMerge, patches (strategic and JSON 6902) and patchesJson6902. */

import type { Json, JsonObject } from '../../../lang/json.ts';
import { isObject } from '../../../lang/json.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../../../lang/patch/json-patch.ts';
import { compileRegexp } from '../../../lang/regexp.ts';
import { matchesSelector, parseSelector } from '../../../lang/selector.ts';
import { parseYaml } from '../../../lang/yaml.ts';
import { RenderError } from '../../errors.ts';
import type { SourceTree } from '../../tree.ts';
import { parseManifests } from '../manifests.ts';
import { asObject } from '../types.ts';
import type { KustomizationFile, PatchEntry, PatchTarget } from './file.ts';
import { readBelow } from './files.ts';
import {
  currentId,
  describeId,
  effectiveNamespace,
  findById,
  gvkOf,
  idOfObject,
  metadataOf,
  originalId,
  rememberId,
  type Resource,
} from './resource.ts';
import { mergeStrategic } from './strategic.ts';

export async function applyPatches(
  tree: SourceTree,
  file: KustomizationFile,
  resources: readonly Resource[],
): Promise<Resource[]> {
  let list = [...resources];
  for (const entry of file.patchesStrategicMerge) {
    const inline = entry.includes('\n') || entry.trimStart().startsWith('{');
    const text = inline ? entry : await readBelow(tree, file, 'patchesStrategicMerge', entry);
    for (const patch of parseManifests(text, inline ? file.where : entry)) {
      list = mergeInto(list, [demandOne(list, patch, file.where)], patch, {});
    }
  }
  for (const [index, entry] of file.patches.entries()) {
    list = await applyEntry(tree, file, `patches[${index}]`, entry, list);
  }
  return list;
}

/** patchesJson6902 come late: after names, labels and annotations. */
export async function applyJsonPatches(
  tree: SourceTree,
  file: KustomizationFile,
  resources: readonly Resource[],
): Promise<void> {
  for (const [index, entry] of file.patchesJson6902.entries()) {
    const field = `patchesJson6902[${index}]`;
    const target = entry.target;
    if (target === undefined) throw new RenderError(file.where, `${field}.target must be given`);
    const { operations } = await readPatchText(tree, file, field, entry);
    if (operations === undefined) throw new RenderError(file.where, `${field} must be a list of operations`);
    const id = {
      group: target.group ?? '',
      version: target.version ?? '',
      kind: target.kind ?? '',
      name: target.name ?? '',
      namespace: target.namespace ?? '',
    };
    const [found, second] = findById(resources, id);
    if (found === undefined || second !== undefined) {
      throw new RenderError(
        file.where,
        `${field}.target ${describeId(id)} matches ${found === undefined ? 'nothing' : 'more than one object'}`,
      );
    }
    patchByOperations(found, operations, file.where, field);
  }
}

async function readPatchText(
  tree: SourceTree,
  file: KustomizationFile,
  field: string,
  entry: PatchEntry,
): Promise<{ operations?: JsonPatchOperation[]; merges?: JsonObject[] }> {
  const inline = entry.patch?.trim() ?? '';
  const path = entry.path ?? '';
  if ((inline === '') === (path === '')) {
    throw new RenderError(file.where, `${field} needs either patch or path`);
  }
  const where = inline === '' ? path : `${file.where} ${field}`;
  const text = inline === '' ? await readBelow(tree, file, field, path) : inline;
  let documents: Json[];
  try {
    documents = parseYaml(text, where);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new RenderError('', message.includes(where) ? message : `${where}: ${message}`);
  }
  if (Array.isArray(documents[0])) {
    return { operations: documents[0].map((operation) => checkedOperation(operation, where)) };
  }
  const merges = parseManifests(text, where);
  if (merges.length === 0) throw new RenderError(where, 'the patch is empty');
  return { merges };
}

const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

function checkedOperation(value: Json, where: string): JsonPatchOperation {
  const operation = asObject(value);
  if (
    operation === undefined ||
    typeof operation['op'] !== 'string' ||
    !OPERATIONS.has(operation['op']) ||
    typeof operation['path'] !== 'string'
  ) {
    throw new RenderError(
      where,
      'every operation needs op (add, remove, replace, move, copy, test) and path',
    );
  }
  return operation as unknown as JsonPatchOperation;
}

async function applyEntry(
  tree: SourceTree,
  file: KustomizationFile,
  field: string,
  entry: PatchEntry,
  resources: Resource[],
): Promise<Resource[]> {
  const { operations, merges = [] } = await readPatchText(tree, file, field, entry);
  if (operations !== undefined) {
    if (entry.target === undefined) {
      throw new RenderError(file.where, `${field}.target must be given for a JSON patch`);
    }
    for (const resource of select(resources, entry.target, file.where, field)) {
      rememberId(resource);
      patchByOperations(resource, operations, file.where, field);
    }
    return resources;
  }
  if (entry.target !== undefined) {
    const [patch, second] = merges;
    if (second !== undefined || patch === undefined) {
      throw new RenderError(file.where, `${field} with a target must hold exactly one patch`);
    }
    return mergeInto(resources, select(resources, entry.target, file.where, field), patch, entry);
  }
  let list = resources;
  for (const patch of merges) list = mergeInto(list, [demandOne(list, patch, file.where)], patch, entry);
  return list;
}

function demandOne(resources: readonly Resource[], patch: JsonObject, where: string): Resource {
  const id = idOfObject(patch);
  const [found, second] = findById(resources, id);
  if (found === undefined)
    throw new RenderError(where, `a patch is for ${describeId(id)}, which is not there`);
  if (second !== undefined)
    throw new RenderError(where, `a patch is for ${describeId(id)}, which is there twice`);
  return found;
}

/** Names and kinds stay unless the patch may change them; the namespace always stays. */
function mergeInto(
  resources: readonly Resource[],
  selected: readonly Resource[],
  patch: JsonObject,
  allowed: { allowNameChange?: boolean; allowKindChange?: boolean },
): Resource[] {
  const gone = new Set<Resource>();
  for (const resource of selected) {
    const before = currentId(resource);
    if (allowed.allowNameChange === true || allowed.allowKindChange === true) rememberId(resource);
    const applied: JsonObject = { ...structuredClone(patch), apiVersion: resource.object['apiVersion'] };
    const merged = mergeStrategic(resource.object, applied, gvkOf(resource.object));
    if (merged === undefined) {
      gone.add(resource);
      continue;
    }
    if (allowed.allowKindChange !== true) merged['kind'] = before.kind;
    const metadata = metadataOf(merged);
    if (allowed.allowNameChange !== true) metadata['name'] = before.name;
    if (before.namespace === '') delete metadata['namespace'];
    else metadata['namespace'] = before.namespace;
    resource.object = merged;
  }
  return resources.filter((resource) => !gone.has(resource));
}

function patchByOperations(
  resource: Resource,
  operations: readonly JsonPatchOperation[],
  where: string,
  field: string,
): void {
  let patched: Json;
  try {
    patched = applyJsonPatch(resource.object, operations);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new RenderError(where, `${field} does not apply to ${describeId(currentId(resource))}: ${message}`);
  }
  if (!isObject(patched)) throw new RenderError(where, `${field} leaves no object behind`);
  // applyJsonPatch may share what it didn't change, and transformers change objects in place.
  resource.object = structuredClone(patched);
}

/** Every given field is a regular expression for the whole text; names and namespaces match old and new ones. */
function select(
  resources: readonly Resource[],
  target: PatchTarget,
  where: string,
  field: string,
): Resource[] {
  const matcher = (pattern: string | undefined): ((text: string) => boolean) => {
    if (pattern === undefined || pattern === '') return () => true;
    try {
      const compiled = compileRegexp(`^(?:${pattern})$`);
      return (text) => compiled.test(text);
    } catch (error) {
      throw new RenderError(
        where,
        `${field}.target: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  const selector = (text: string | undefined): ((labels: Record<string, string>) => boolean) => {
    if (text === undefined || text === '') return () => true;
    try {
      const parsed = parseSelector(text);
      return (labels) => matchesSelector(parsed, labels);
    } catch (error) {
      throw new RenderError(
        where,
        `${field}.target: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  const group = matcher(target.group);
  const version = matcher(target.version);
  const kind = matcher(target.kind);
  const name = matcher(target.name);
  const namespace = matcher(target.namespace);
  const labels = selector(target.labelSelector);
  const annotations = selector(target.annotationSelector);
  return resources.filter((resource) => {
    const current = currentId(resource);
    const original = originalId(resource);
    return (
      (namespace(effectiveNamespace(original)) || namespace(effectiveNamespace(current))) &&
      (name(original.name) || name(current.name)) &&
      group(current.group) &&
      version(current.version) &&
      kind(current.kind) &&
      labels(texts(metadataOf(resource.object)['labels'])) &&
      annotations(texts(metadataOf(resource.object)['annotations']))
    );
  });
}

function texts(value: Json | undefined): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [key, item] of Object.entries(asObject(value) ?? {})) {
    if (typeof item === 'string') result[key] = item;
  }
  return result;
}
