/** What an ingress controller writes back: the address under which an Ingress is served. */

import { type KubeApi, type KubeObject, keyOf, refOf } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { INGRESS } from '../../kube/kinds.ts';
import { isObject } from '../../lang/json.ts';
import { follow } from '../follow.ts';

const MANAGER = 'nginx-ingress-controller';

function addresses(ingress: KubeObject): unknown[] {
  const status = isObject(ingress['status']) ? ingress['status'] : {};
  const balancer = isObject(status['loadBalancer']) ? status['loadBalancer'] : {};
  return Array.isArray(balancer['ingress']) ? balancer['ingress'] : [];
}

/** Puts `ip` into the status of every Ingress that has no address, until `signal` is aborted. */
export function publishAddress(api: KubeApi, clock: Clock, ip: string, signal: AbortSignal): void {
  const publish = (key: string): void => {
    const body = { status: { loadBalancer: { ingress: [{ ip }] } } };
    // Whoever deleted or changed it meanwhile causes the next event.
    api
      .patch(
        INGRESS,
        refOf(key),
        { type: 'merge', body },
        { subresource: 'status', fieldManager: MANAGER, signal },
      )
      .catch(() => {});
  };
  const { objects } = follow(api, INGRESS, clock, signal, () => {
    for (const ingress of objects.values()) {
      if (addresses(ingress).length === 0 && ingress.metadata.deletionTimestamp === undefined)
        publish(keyOf(ingress.metadata));
    }
  });
}
