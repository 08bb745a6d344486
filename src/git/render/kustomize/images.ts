/** `images`: new names, tags and digests for images, wherever pods are described. */

import type { Json } from '../../../lang/json.ts';
import { isObject } from '../../../lang/json.ts';
import { compileRegexp, type Regexp } from '../../../lang/regexp.ts';
import { RenderError } from '../../errors.ts';
import { visitField } from './field-path.ts';
import type { ImageEntry } from './file.ts';
import type { Resource } from './resource.ts';

const FIELDS = ['spec/volumes[]/image/reference', 'spec/template/spec/volumes[]/image/reference'];

/** `registry:5000/name:tag@digest` in parts. */
function splitImage(image: string): { name: string; tag: string; digest: string } {
  const at = image.indexOf('@');
  const digest = at < 0 ? '' : image.slice(at + 1);
  const rest = at < 0 ? image : image.slice(0, at);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  return colon < 0
    ? { name: rest, tag: '', digest }
    : { name: rest.slice(0, colon), tag: rest.slice(colon + 1), digest };
}

function changed(image: string, entry: ImageEntry): string {
  let { name, tag, digest } = splitImage(image);
  if (entry.newName) name = entry.newName;
  if (entry.newTag || entry.digest) {
    tag = entry.newTag ?? '';
    digest = entry.digest ?? '';
  } else if (entry.tagSuffix) {
    tag += entry.tagSuffix;
    digest = '';
  }
  return `${name}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`;
}

export function setImages(resources: readonly Resource[], entry: ImageEntry, where: string): void {
  let pattern: Regexp;
  try {
    pattern = compileRegexp(`^${entry.name}(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`);
  } catch {
    throw new RenderError(where, `images: the name "${entry.name}" is not valid`);
  }
  const set = (value: Json | undefined): Json | undefined =>
    typeof value === 'string' && pattern.test(value) ? changed(value, entry) : value;
  for (const { object } of resources) {
    if (object['kind'] === 'CustomResourceDefinition') continue;
    setInContainers(object, set);
    for (const path of FIELDS) visitField(object, { path }, set);
  }
}

/** In any list called containers or initContainers, at any depth: so also in a Rollout. */
function setInContainers(value: Json | undefined, set: (value: Json | undefined) => Json | undefined): void {
  if (Array.isArray(value)) {
    for (const item of value) setInContainers(item, set);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, item] of Object.entries(value)) {
    setInContainers(item, set);
    if ((name === 'containers' || name === 'initContainers') && Array.isArray(item)) {
      for (const container of item) {
        if (isObject(container) && typeof container['image'] === 'string')
          container['image'] = set(container['image']);
      }
    }
  }
}
