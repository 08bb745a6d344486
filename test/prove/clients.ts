/**
 * Clients that send requests through the data plane, as Ingresses, Services and EndpointSlices stand at that instant.
 * What a pod answers is told by the tag of its image: `worse-...` fails every other request.
 */

import { keyOf, type KubeObject, type ResourceType } from '../../src/kube/api.ts';
import { ENDPOINT_SLICE, INGRESS, POD, SERVICE } from '../../src/kube/kinds.ts';
import { HASH_LABEL } from '../../src/plan/rollout/names.ts';
import {
  type Backend,
  chooseBackend,
  findRoute,
  type Route,
  routingTable,
} from '../../src/sandbox/ingress/routing.ts';
import type { SandboxCluster } from '../../src/sandbox/index.ts';
import type { Traffic } from './rules/types.ts';
import type { Setup } from './history.ts';
import { HOST, tagOf } from './manifests.ts';

export interface Client {
  /** Asks this host of the ingress ... */
  readonly host?: string | undefined;
  /** ... or this Service. */
  readonly service?: string | undefined;
  readonly header?: { readonly name: string; readonly value: string } | undefined;
  readonly rollout: string;
}

/** Spreads requests evenly over weights and endpoints. */
const GOLDEN = 0.618_033_988_749_895;

export class Clients {
  readonly #server: SandboxCluster['server'];
  #sent = 0;
  #table: readonly Route[] | undefined;

  constructor(server: SandboxCluster['server']) {
    this.#server = server;
    server.storage.onChange((_, { kind }) => {
      if (kind === 'Ingress' || kind === 'Service' || kind === 'EndpointSlice') this.#table = undefined;
    });
  }

  /** One request of each client. */
  send(clients: readonly Client[], now: number): Traffic[] {
    const table = this.#routes(clients);
    return clients.map((client) => {
      const position = (++this.#sent * GOLDEN) % 1;
      const host = client.host ?? `${client.service}.service`;
      const request = {
        host,
        path: '/',
        headers: client.header === undefined ? {} : { [client.header.name]: client.header.value },
      };
      const route = findRoute(table, request);
      const backend = route === undefined ? undefined : chooseBackend(route, request, () => position);
      return {
        what: 'traffic',
        at: now,
        route:
          client.host === undefined
            ? `service ${client.service}`
            : `ingress ${keyOf({ namespace: backend?.namespace, name: route?.backend.ingress ?? '' })}`,
        rollout: client.rollout,
        header: client.header?.name,
        ...this.#ask(backend, position),
      };
    });
  }

  #routes(clients: readonly Client[]): readonly Route[] {
    if (this.#table !== undefined) return this.#table;
    const values = (type: ResourceType): KubeObject[] => this.#server.storage.store(type).sorted();
    const services = new Map(values(SERVICE).map((object) => [keyOf(object.metadata), object]));
    // A client of a Service goes to an Ingress that holds nothing but it.
    const direct = clients.flatMap(({ service }) =>
      service === undefined ? [] : [ingressOf(service, services)],
    );
    const ingresses = [...values(INGRESS), ...direct];
    this.#table = routingTable({ ingresses, services, slices: values(ENDPOINT_SLICE) });
    return this.#table;
  }

  #ask(
    backend: Backend | undefined,
    position: number,
  ): Pick<Traffic, 'service' | 'hash' | 'ok' | 'reason' | 'fromApplication'> {
    if (backend === undefined)
      return { service: undefined, hash: undefined, ok: false, reason: 'no route', fromApplication: false };
    const service = keyOf({ namespace: backend.namespace, name: backend.service });
    const { endpoints } = backend;
    const endpoint = endpoints[Math.floor(position * 997) % Math.max(endpoints.length, 1)];
    if (endpoint === undefined)
      return { service, hash: undefined, ok: false, reason: 'no endpoints', fromApplication: false };
    const pod = this.#server.storage.store(POD).get({ namespace: backend.namespace, name: endpoint.pod });
    const hash = pod?.metadata.labels?.[HASH_LABEL];
    if (pod === undefined || !isReady(pod))
      return {
        service,
        hash,
        ok: false,
        reason: pod === undefined ? 'pod gone' : 'pod not ready',
        fromApplication: false,
      };
    const fails = tagOf(pod).startsWith('worse') && this.#sent % 2 === 0;
    return {
      service,
      hash,
      ok: !fails,
      reason: fails ? 'HTTP 500 of the application' : undefined,
      fromApplication: fails,
    };
  }
}

function ingressOf(key: string, services: ReadonlyMap<string, KubeObject>): KubeObject {
  const [namespace = '', name = ''] = key.split('/');
  const ports = (services.get(key)?.['spec'] as { ports?: { port?: number }[] } | undefined)?.ports ?? [];
  const backend = { service: { name, port: { number: ports[0]?.port ?? 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace, name: `direct-${name}` },
    spec: {
      rules: [{ host: `${key}.service`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

function isReady(pod: KubeObject): boolean {
  const { conditions } = (pod['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
  return (conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Clients of everything that a history's manifests route. */
export function clientsOf({ objects, rollout }: Setup): Client[] {
  const key = keyOf(rollout.metadata);
  return objects.flatMap((object): Client[] => {
    if (object.kind === 'Ingress') return [{ host: HOST, rollout: key }];
    // The preview is nobody's production traffic, and a canary Service alone has none.
    if (object.kind === 'Service' && !/-(preview|canary)$/.test(object.metadata.name))
      return [{ service: keyOf(object.metadata), rollout: key }];
    return [];
  });
}
