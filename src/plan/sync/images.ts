/** Images that the resources run, and those whose tag may mean something else tomorrow. Spec 11 section 6. */

import { isObject, type Json, type JsonObject } from '../../lang/json.ts';

/** Images in any list called containers, initContainers or ephemeralContainers; sorted, without repetition. */
export function imagesOf(objects: readonly (JsonObject | undefined)[]): string[] {
  const images = new Set<string>();
  const visit = (value: Json | undefined): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
    } else if (isObject(value)) {
      for (const [name, item] of Object.entries(value)) {
        if (/^(?:c|initC|ephemeralC)ontainers$/.test(name) && Array.isArray(item)) {
          for (const container of item) {
            if (isObject(container) && typeof container['image'] === 'string') images.add(container['image']);
          }
        }
        visit(item);
      }
    }
  };
  for (const object of objects) {
    if (object !== undefined && object['kind'] !== 'CustomResourceDefinition') visit(object['spec']);
  }
  return [...images].sort();
}

/** No digest, and no tag or `latest`. */
export function isMutable(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}
