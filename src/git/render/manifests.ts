/** YAML or JSON text to Kubernetes objects, with the file named in every complaint. */

import type { Json, JsonObject } from '../../lang/json.ts';
import { parseYaml } from '../../lang/yaml.ts';
import { RenderError } from '../errors.ts';
import { asObject } from './types.ts';

/** The objects of a file; `kind: List` (and any `...List` with items) is replaced by its items. */
export function parseManifests(text: string, where: string): JsonObject[] {
  let documents: Json[];
  try {
    documents = parseYaml(text, where);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new RenderError('', message.includes(where) ? message : `${where}: ${message}`);
  }
  const objects: JsonObject[] = [];
  const queue = [...documents];
  while (queue.length > 0) {
    const document = queue.shift();
    if (document === null || document === undefined) continue;
    const object = asObject(document);
    if (object === undefined) {
      throw new RenderError(where, 'a document is not a Kubernetes object (a mapping is needed)');
    }
    if (Object.keys(object).length === 0) continue;
    const { apiVersion, kind } = object;
    if (typeof kind !== 'string' || kind === '') throw new RenderError(where, 'an object has no kind');
    if (kind.endsWith('List') && (Array.isArray(object['items']) || object['items'] === null)) {
      queue.unshift(...(object['items'] ?? []));
      continue;
    }
    if (typeof apiVersion !== 'string' || apiVersion === '') {
      throw new RenderError(where, `an object of kind ${kind} has no apiVersion`);
    }
    const name = asObject(object['metadata'])?.['name'];
    if (typeof name !== 'string' || name === '') {
      const generated = asObject(object['metadata'])?.['generateName'] !== undefined;
      throw new RenderError(
        where,
        generated
          ? `${kind} has generateName; a synced object needs metadata.name`
          : `an object of kind ${kind} has no metadata.name`,
      );
    }
    objects.push(object);
  }
  return objects;
}
