/** Files that a kustomization names. */

import { RenderError } from '../../errors.ts';
import { joinInside, type SourceTree } from '../../tree.ts';
import type { KustomizationFile } from './file.ts';

/** Files of a kustomization lie in its folder or below: what Kustomize calls root-only. */
export async function readBelow(
  tree: SourceTree,
  file: KustomizationFile,
  field: string,
  entry: string,
): Promise<string> {
  return new TextDecoder('utf-8').decode(await readBytesBelow(tree, file, field, entry));
}

export async function readBytesBelow(
  tree: SourceTree,
  file: KustomizationFile,
  field: string,
  entry: string,
): Promise<Uint8Array> {
  const path = joinInside(file.directory, entry);
  if (path === undefined)
    throw new RenderError(file.where, `${field}: "${entry}" leads out of the repository`);
  const real = await tree.resolve(path);
  if (real?.type !== 'file')
    throw new RenderError(file.where, `${field}: the file "${entry}" does not exist`);
  const root = (await tree.resolve(file.directory))?.path ?? file.directory;
  if (root !== '' && !real.path.startsWith(`${root}/`)) {
    throw new RenderError(
      file.where,
      `${field}: the file "${entry}" is not in or below ${root}; reach it through a base`,
    );
  }
  return await tree.bytes(real.path);
}
