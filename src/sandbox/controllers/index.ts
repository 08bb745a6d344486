/** The built-in controllers of the sandbox, started together. */

import { formatTime } from '../../lang/time.ts';
import type { KubeObject } from '../../kube/api.ts';
import { EVENT } from '../../kube/kinds.ts';
import type { ApiServer } from '../apiserver/server.ts';
import { disruptionController } from './disruption.ts';
import { endpointSliceController } from './endpoint-slice.ts';
import { garbageCollector } from './garbage-collector.ts';
import { jobController } from './job.ts';
import { ControllerLoop, type ControllerContext } from './loop.ts';
import { namespaceController } from './namespace.ts';
import { replicaSetController } from './replica-set.ts';

export interface ControllerOptions {
  /** Events of the built-in controllers, which simulations can do without. */
  recordEvents: boolean;
}

export function controllerContext(server: ApiServer, options: ControllerOptions): ControllerContext {
  const request = { user: { name: 'system:kube-controller-manager' } };
  return {
    server,
    clock: server.clock,
    random: server.random,
    request,
    event(about, component, type, reason, message) {
      if (!options.recordEvents) return;
      const now = server.clock.now();
      const namespace = about.metadata.namespace ?? 'default';
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: {
          name: `${about.metadata.name}.${Math.floor(server.random() * 2 ** 48).toString(16)}`,
          namespace,
        },
        involvedObject: {
          apiVersion: about.apiVersion,
          kind: about.kind,
          name: about.metadata.name,
          namespace: about.metadata.namespace,
          uid: about.metadata.uid,
          resourceVersion: about.metadata.resourceVersion,
        },
        type,
        reason,
        message,
        count: 1,
        firstTimestamp: formatTime(now),
        lastTimestamp: formatTime(now),
        source: { component },
        reportingComponent: component,
      } as unknown as KubeObject;
      try {
        server.create(EVENT, event, { fieldManager: 'kube-controller-manager' }, request);
      } catch {
        // An Event that can't be stored (a namespace that goes) is nobody's trouble.
      }
    },
  };
}

export function builtinControllers(context: ControllerContext): ControllerLoop {
  return new ControllerLoop(context.server, [
    garbageCollector(context),
    namespaceController(context),
    replicaSetController(context),
    jobController(context),
    endpointSliceController(context),
    disruptionController(context),
  ]);
}
