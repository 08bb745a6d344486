/** Empties a terminating namespace, then lets it go. */

import { keyOf, refOf } from '../../kube/api.ts';
import { NAMESPACE } from '../../kube/kinds.ts';
import type { BuiltinController, ControllerContext } from './loop.ts';

export function namespaceController(context: ControllerContext): BuiltinController {
  const { server } = context;
  const terminating = (name: string): boolean =>
    server.storage.store(NAMESPACE).get({ name })?.metadata.deletionTimestamp !== undefined;
  return {
    name: 'namespace',
    *wakes(change, type) {
      if (type.group === '' && type.plural === NAMESPACE.plural) {
        if (change.type !== 'DELETED' && change.object.metadata.deletionTimestamp !== undefined) {
          yield change.object.metadata.name;
        }
      } else if (change.type === 'DELETED') {
        const { namespace } = change.object.metadata;
        if (namespace !== undefined && terminating(namespace)) yield namespace;
      }
    },
    sync(name) {
      if (!terminating(name)) return undefined;
      let left = 0;
      for (const resource of server.resources()) {
        if (!resource.type.namespaced || resource.review !== undefined) continue;
        const store = server.store(resource);
        for (const object of store.values(name)) {
          if (object.metadata.deletionTimestamp === undefined) {
            server.delete(
              resource.type,
              refOf(keyOf(object.metadata)),
              { propagationPolicy: 'Background' },
              context.request,
            );
          }
          if (store.get(object.metadata) !== undefined) left++;
        }
      }
      if (left === 0) server.finalizeNamespace(name);
      return undefined;
    },
  };
}
