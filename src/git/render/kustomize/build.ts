/**
 * Builds a kustomization: resources, generators, components, then the transformers in Kustomize's own order;
 * hashes, references and sorting once at the end. Compared with `kubectl kustomize` in test/git.
 */

import type { JsonObject } from '../../../lang/json.ts';
import { RenderError } from '../../errors.ts';
import { joinInside, type SourceTree } from '../../tree.ts';
import { parseManifests } from '../manifests.ts';
import { asObject } from '../types.ts';
import { loadKustomization, type KustomizationFile } from './file.ts';
import { readBelow } from './files.ts';
import { generate } from './generators.ts';
import { addHashes } from './hash.ts';
import { sortLegacy } from './order.ts';
import { applyPatches } from './patches.ts';
import { fixReferences } from './references.ts';
import { append, makeResource, metadataOf, type Resource } from './resource.ts';
import { transform } from './transformers.ts';

interface BuildOptions {
  /** Changes the outermost kustomization: what the Application says on top of it. */
  readonly adjust?: ((file: KustomizationFile) => KustomizationFile) | undefined;
  readonly maxObjects: number;
}

const MAX_DEPTH = 50;
const LOCAL_CONFIG = 'config.kubernetes.io/local-config';

export async function buildKustomization(
  tree: SourceTree,
  directory: string,
  options: BuildOptions,
): Promise<JsonObject[]> {
  const file = await loadKustomization(tree, directory);
  const adjusted = options.adjust?.(file) ?? file;
  if (adjusted.kind === 'Component') {
    throw new RenderError(file.where, 'is a Component; source.path needs a Kustomization');
  }
  const resources = await accumulate(tree, adjusted, [], [directory], options.maxObjects);
  addHashes(resources);
  fixReferences(resources, adjusted.where);
  const kept = resources.filter((resource) => {
    const local = asObject(metadataOf(resource.object)['annotations'])?.[LOCAL_CONFIG];
    return local === undefined || local === 'false';
  });
  if (adjusted.order === 'legacy') sortLegacy(kept);
  return kept.map((resource) => resource.object);
}

/** Resources of a kustomization and all below it; a Component works on those of its parent. */
async function accumulate(
  tree: SourceTree,
  file: KustomizationFile,
  resources: Resource[],
  stack: readonly string[],
  maxObjects: number,
): Promise<Resource[]> {
  if (stack.length > MAX_DEPTH) throw new RenderError(file.where, `more than ${MAX_DEPTH} bases deep`);
  for (const entry of file.resources) {
    if (isRemote(entry)) {
      throw new RenderError(
        file.where,
        `resources: "${entry}" is a remote base, and those are not fetched; copy it into the repository`,
      );
    }
    const path = joinInside(file.directory, entry);
    if (path === undefined)
      throw new RenderError(file.where, `resources: "${entry}" leads out of the repository`);
    const real = await tree.resolve(path);
    if (real === undefined) throw new RenderError(file.where, `resources: "${entry}" does not exist`);
    if (real.type === 'file') {
      const text = await readBelow(tree, file, 'resources', entry);
      for (const object of parseManifests(text, real.path))
        append(resources, makeResource(object), real.path);
    } else {
      const below = await descend(tree, file, 'resources', entry, real.path, stack);
      if (below.kind === 'Component') {
        throw new RenderError(file.where, `resources: "${entry}" is a Component; list it under components`);
      }
      const accumulated = await accumulate(tree, below, [], [...stack, real.path], maxObjects);
      for (const resource of accumulated) append(resources, resource, below.where);
    }
    if (resources.length > maxObjects) throw new RenderError(file.where, `more than ${maxObjects} objects`);
  }

  await generate(tree, file, resources);

  let all = resources;
  for (const entry of file.components) {
    if (isRemote(entry)) {
      throw new RenderError(
        file.where,
        `components: "${entry}" is remote, and those are not fetched; copy it into the repository`,
      );
    }
    const path = joinInside(file.directory, entry);
    if (path === undefined)
      throw new RenderError(file.where, `components: "${entry}" leads out of the repository`);
    const real = await tree.resolve(path);
    if (real?.type !== 'directory') {
      throw new RenderError(file.where, `components: "${entry}" is not a folder that exists`);
    }
    const component = await descend(tree, file, 'components', entry, real.path, stack);
    if (component.kind !== 'Component') {
      throw new RenderError(
        file.where,
        `components: "${entry}" is not of kind Component; list it under resources`,
      );
    }
    all = await accumulate(tree, component, all, [...stack, real.path], maxObjects);
  }

  all = await applyPatches(tree, file, all);
  return await transform(tree, file, all);
}

async function descend(
  tree: SourceTree,
  file: KustomizationFile,
  field: string,
  entry: string,
  directory: string,
  stack: readonly string[],
): Promise<KustomizationFile> {
  if (stack.includes(directory)) {
    throw new RenderError(
      file.where,
      `${field}: "${entry}" leads in a circle (${[...stack, directory].join(' -> ')})`,
    );
  }
  return await loadKustomization(tree, directory);
}

const isRemote = (entry: string): boolean =>
  /^[A-Za-z][A-Za-z0-9+.-]*:\/\/|^git@|^[^/]+@[^/]+:|^(?:www\.)?(?:github|gitlab|bitbucket)\.[a-z]+[/:]|[?&]ref=|\.git(?:\/\/|$)/.test(
    entry,
  );
