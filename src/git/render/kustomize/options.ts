/** What `source.kustomize` of an Application adds to the kustomization at its path. Spec 11 section 1. */

import type { Json } from '../../../lang/json.ts';
import { RenderError } from '../../errors.ts';
import type { KustomizeOptions } from '../types.ts';
import { readPatches, type ImageEntry, type KustomizationFile } from './file.ts';

const KNOWN = new Set([
  'namePrefix',
  'nameSuffix',
  'namespace',
  'images',
  'replicas',
  'commonLabels',
  'commonAnnotations',
  'patches',
  'components',
]);

/** `name=newName:tag`, `name:tag`, `name@digest`, as `kustomize edit set image` reads it. */
function readImageOption(text: string): ImageEntry {
  const equals = text.indexOf('=');
  const full = equals < 0 ? text : text.slice(equals + 1);
  const at = full.indexOf('@');
  const rest = at < 0 ? full : full.slice(0, at);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  const newName = colon < 0 ? rest : rest.slice(0, colon);
  const name = equals < 0 ? newName : text.slice(0, equals);
  if (name === '' || newName === '') {
    throw new RenderError('', `source.kustomize.images: "${text}" must be [NAME=]IMAGE[:TAG|@DIGEST]`);
  }
  return {
    name,
    ...(newName === name ? {} : { newName }),
    ...(colon < 0 ? {} : { newTag: rest.slice(colon + 1) }),
    ...(at < 0 ? {} : { digest: full.slice(at + 1) }),
  };
}

const others = <T extends { name: string }>(list: readonly T[], added: readonly T[]): T[] =>
  list.filter((entry) => !added.some((other) => other.name === entry.name));

export function applyOptions(file: KustomizationFile, options: KustomizeOptions): KustomizationFile {
  for (const [field, value] of Object.entries(options)) {
    if (!KNOWN.has(field) && value !== undefined && value !== null) {
      throw new RenderError('', `source.kustomize.${field} is not supported`);
    }
  }
  const images = (options.images ?? []).map(readImageOption);
  const replicas = (options.replicas ?? []).map(({ name, count }) => {
    const number = Number(count);
    if (!Number.isInteger(number) || number < 0) {
      throw new RenderError('', `source.kustomize.replicas: the count of "${name}" must be a whole number`);
    }
    return { name, count: number };
  });
  return {
    ...file,
    namespace: options.namespace || file.namespace,
    namePrefix: options.namePrefix || file.namePrefix,
    nameSuffix: options.nameSuffix || file.nameSuffix,
    images: [...others(file.images, images), ...images],
    replicas: [...others(file.replicas, replicas), ...replicas],
    commonLabels: { ...file.commonLabels, ...options.commonLabels },
    commonAnnotations: { ...file.commonAnnotations, ...options.commonAnnotations },
    patches: [...file.patches, ...readPatches((options.patches ?? []) as Json, 'source.kustomize')],
    components: [...file.components, ...(options.components ?? [])],
  };
}
