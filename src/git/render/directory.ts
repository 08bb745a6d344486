/** A directory of plain manifests: `*.yaml`, `*.yml`, `*.json`. Spec 11 section 3. */

import type { JsonObject } from '../../lang/json.ts';
import { RenderError } from '../errors.ts';
import type { SourceTree } from '../tree.ts';
import { globMatcher } from './glob.ts';
import { parseManifests } from './manifests.ts';
import type { DirectoryOptions, RenderLimits } from './types.ts';

const MANIFEST = /\.(?:ya?ml|json)$/;

export async function renderDirectory(
  tree: SourceTree,
  directory: string,
  options: DirectoryOptions,
  limits: RenderLimits,
): Promise<JsonObject[]> {
  const jsonnet = options.jsonnet;
  if (typeof jsonnet === 'object' && jsonnet !== null && Object.keys(jsonnet).length > 0) {
    throw new RenderError('', 'source.directory.jsonnet is not supported');
  }
  const include = options.include ? globMatcher(options.include, 'source.directory.include') : () => true;
  const exclude = options.exclude ? globMatcher(options.exclude, 'source.directory.exclude') : () => false;
  const names = tree
    .filesBelow(directory)
    .filter(
      (name) =>
        MANIFEST.test(name) &&
        (options.recurse === true || !name.includes('/')) &&
        include(name) &&
        !exclude(name),
    );
  if (names.length > limits.maxFiles) {
    throw new RenderError(
      directory,
      `${names.length} manifest files are more than the limit of ${limits.maxFiles}`,
    );
  }
  const objects: JsonObject[] = [];
  for (const name of names) {
    const path = directory === '' ? name : `${directory}/${name}`;
    const real = await tree.resolve(path);
    if (real === undefined)
      throw new RenderError(path, 'is a symbolic link to something that does not exist');
    if (real.type === 'directory') continue;
    objects.push(...parseManifests(await tree.text(path), path));
    if (objects.length > limits.maxObjects) {
      throw new RenderError(directory, `more than ${limits.maxObjects} objects`);
    }
  }
  return objects;
}
