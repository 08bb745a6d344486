/**
 * Clients that send requests through the data plane, as Ingresses, Services and EndpointSlices stand at that instant.
 * What a pod answers is told by the tag of its image: `worse-...` fails every other request.
 */

import type { ManagedRoute } from '../../src/api/rollout.ts';
import { keyOf, type KubeObject, type ResourceType } from '../../src/kube/api.ts';
import { CONFIG_MAP, ENDPOINT_SLICE, INGRESS, POD, SERVICE } from '../../src/kube/kinds.ts';
import { HASH_LABEL } from '../../src/plan/rollout/names.ts';
import { chooseBackend, findRoute, type Route, routingTable } from '../../src/sandbox/ingress/routing.ts';
import type { SandboxCluster } from '../../src/sandbox/index.ts';
import type { Traffic } from './rules/types.ts';
import type { Setup } from './history.ts';
import { HOST, tagOf } from './manifests.ts';

export interface Client {
  /** Asks this host of the ingress ... */
  readonly host?: string | undefined;
  /** ... or this Service, ... */
  readonly service?: string | undefined;
  /** ... or what the router of the tests has for its Rollout. */
  readonly recorded?: boolean | undefined;
  readonly header?: { readonly name: string; readonly value: string } | undefined;
  readonly rollout: string;
}

interface Target {
  readonly namespace: string;
  readonly service: string;
  readonly endpoints: readonly { readonly pod: string }[];
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
      if (client.recorded === true) return this.#byRecord(client, position, now);
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

  /** As a VirtualService and a DestinationRule would send it. */
  #byRecord({ rollout, header }: Client, position: number, now: number): Traffic {
    const [namespace = ''] = rollout.split('/');
    const record = (name: string): Readonly<Record<string, string>> | undefined =>
      this.#server.storage.store(CONFIG_MAP).byKey(`${rollout}-${name}`)?.['data'] as
        Readonly<Record<string, string>> | undefined;
    const weights = record('weights');
    const told = {
      what: 'traffic',
      at: now,
      route: `recorder ${rollout}`,
      rollout,
      header: header?.name,
    } as const;
    const nothing = { service: undefined, hash: undefined, ok: false, fromApplication: false };
    // Before the first weight there is no route, and nobody who could send a request.
    if (weights === undefined) return { ...told, ...nothing, reason: 'no route' };
    const whole = Number(weights['canary']) + Number(weights['stable']);
    const matches = header !== undefined && managedNames(weights).some((name) => name === header.value);
    const end = matches || position * whole < Number(weights['canary']) ? 'canary' : 'stable';
    const hash = record('versions')?.[end] ?? '';
    const name = weights[`${end}Service`] ?? '';
    const pods = this.#server.storage
      .store(POD)
      .sorted(namespace)
      .filter((pod) => pod.metadata.labels?.[HASH_LABEL] === hash && isReady(pod));
    const target =
      name === ''
        ? { namespace, service: end, endpoints: pods.map(({ metadata }) => ({ pod: metadata.name })) }
        : { namespace, service: name, endpoints: this.#endpointsOf(namespace, name) };
    return { ...told, ...this.#ask(target, position) };
  }

  #endpointsOf(namespace: string, service: string): Target['endpoints'] {
    const key = `${namespace}/${service}`;
    const request = { host: `${key}.service`, path: '/', headers: {} };
    const services = new Map(
      this.#server.storage
        .store(SERVICE)
        .sorted()
        .map((object) => [keyOf(object.metadata), object]),
    );
    const slices = this.#server.storage.store(ENDPOINT_SLICE).sorted();
    const table = routingTable({ ingresses: [ingressOf(key, services)], services, slices });
    const route = findRoute(table, request);
    return route === undefined ? [] : (chooseBackend(route, request, () => 0)?.endpoints ?? []);
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
    backend: Target | undefined,
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

/** Of the header routes; what is mirrored has no answer. */
function managedNames(weights: Readonly<Record<string, string>>): string[] {
  const managed = JSON.parse(weights['managed'] ?? '[]') as readonly ManagedRoute[];
  return managed.flatMap(({ setHeaderRoute: route }) => (route?.name === undefined ? [] : [route.name]));
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
export function clientsOf({ objects, rollout, router }: Setup): Client[] {
  const key = keyOf(rollout.metadata);
  if (router !== undefined)
    return [
      { recorded: true, rollout: key },
      { recorded: true, rollout: key, header: { name: 'x-client', value: 'beta' } },
    ];
  return objects.flatMap((object): Client[] => {
    if (object.kind === 'Ingress') return [{ host: HOST, rollout: key }];
    // The preview is nobody's production traffic, and a canary Service alone has none.
    if (object.kind === 'Service' && !/-(preview|canary)$/.test(object.metadata.name))
      return [{ service: keyOf(object.metadata), rollout: key }];
    return [];
  });
}
