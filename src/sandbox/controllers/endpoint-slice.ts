/** EndpointSlices of Services that have a selector. */

import { deepEqual, type JsonObject } from '../../lang/json.ts';
import { keyOf, type KubeObject } from '../../kube/api.ts';
import { ENDPOINT_SLICE, POD, SERVICE } from '../../kube/kinds.ts';
import type { Change } from '../apiserver/storage.ts';
import { MANAGER, type BuiltinController, type ControllerContext } from './loop.ts';
import { controllerReference, isReady, isTerminal, isTerminating, list, record } from './objects.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const CONTROLLER = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
const MAX_ENDPOINTS = 100;

export function endpointSliceController(context: ControllerContext): BuiltinController {
  const index = new SelectorIndex();
  return {
    name: 'endpointslice',
    *wakes(change, type) {
      if (type.group === '' && type.plural === SERVICE.plural) {
        index.update(change);
        if (change.type !== 'DELETED') yield keyOf(change.object.metadata);
      } else if (type.group === '' && type.plural === POD.plural) {
        if (!concerns(change)) return;
        const keys = new Set<string>();
        for (const pod of [change.before, change.object]) if (pod !== undefined) index.matching(pod, keys);
        yield* keys;
      } else if (type.plural === ENDPOINT_SLICE.plural && type.group === ENDPOINT_SLICE.group) {
        const service = change.object.metadata.labels?.[SERVICE_NAME];
        if (service !== undefined)
          yield keyOf({ namespace: change.object.metadata.namespace, name: service });
      }
    },
    sync(key) {
      syncService(context, key);
      return undefined;
    },
  };
}

/** Most changes of pods leave their endpoints as they were. */
function concerns(change: Change): boolean {
  const { before, object } = change;
  if (before === undefined || change.type === 'DELETED') return true;
  return (
    before['status'] !== object['status'] ||
    before.metadata.deletionTimestamp !== object.metadata.deletionTimestamp ||
    before.metadata.labels !== object.metadata.labels
  );
}

/** Services by one pair of their selector, so that a pod finds its Services without a scan. */
class SelectorIndex {
  readonly #byPair = new Map<string, Map<string, Record<string, string>>>();

  update(change: Change): void {
    if (change.before !== undefined) this.#pair(change.before)?.delete(keyOf(change.before.metadata));
    if (change.type === 'DELETED') return;
    const selector = selectorOf(change.object);
    const at = firstPair(change.object.metadata.namespace, selector);
    if (at === undefined || selector === undefined) return;
    let services = this.#byPair.get(at);
    if (services === undefined) {
      services = new Map();
      this.#byPair.set(at, services);
    }
    services.set(keyOf(change.object.metadata), selector);
  }

  #pair(service: KubeObject): Map<string, Record<string, string>> | undefined {
    const at = firstPair(service.metadata.namespace, selectorOf(service));
    return at === undefined ? undefined : this.#byPair.get(at);
  }

  matching(pod: KubeObject, keys: Set<string>): void {
    const labels = pod.metadata.labels ?? {};
    for (const [name, value] of Object.entries(labels)) {
      const services = this.#byPair.get(`${pod.metadata.namespace ?? ''}\0${name}=${value}`);
      for (const [key, selector] of services ?? []) {
        if (Object.entries(selector).every(([label, wanted]) => labels[label] === wanted)) keys.add(key);
      }
    }
  }
}

function selectorOf(service: KubeObject): Record<string, string> | undefined {
  const spec = record(service['spec']);
  if (spec['type'] === 'ExternalName') return undefined;
  const selector = record(spec['selector']) as Record<string, string>;
  return Object.keys(selector).length === 0 ? undefined : selector;
}

function firstPair(
  namespace: string | undefined,
  selector: Record<string, string> | undefined,
): string | undefined {
  const name = Object.keys(selector ?? {}).sort()[0];
  return name === undefined ? undefined : `${namespace ?? ''}\0${name}=${String(selector?.[name])}`;
}

interface Wanted {
  ports: JsonObject[];
  endpoints: JsonObject[];
}

function syncService(context: ControllerContext, key: string): void {
  const { server } = context;
  const service = server.storage.store(SERVICE).byKey(key);
  if (service === undefined || isTerminating(service)) return;
  const namespace = service.metadata.namespace as string;
  const slices = [
    ...server.storage.store(ENDPOINT_SLICE).withLabel(SERVICE_NAME, service.metadata.name, namespace),
  ]
    .filter((slice) => slice.metadata.labels?.[MANAGED_BY] === CONTROLLER && !isTerminating(slice))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const selector = selectorOf(service);
  if (selector === undefined) return;
  const wanted = wantedSlices(context, service, selector);
  const free = [...slices];
  for (const want of wanted) {
    const at = free.findIndex((slice) => deepEqual(slice['ports'] ?? [], want.ports));
    const slice = at >= 0 ? free.splice(at, 1)[0] : undefined;
    writeSlice(context, service, slice ?? free.shift(), want);
  }
  for (const slice of free) server.delete(ENDPOINT_SLICE, slice.metadata, {}, context.request);
}

function wantedSlices(
  context: ControllerContext,
  service: KubeObject,
  selector: Record<string, string>,
): Wanted[] {
  const spec = record(service['spec']);
  const [label, value] = Object.entries(selector).sort(([a], [b]) => (a < b ? 1 : -1))[0] as [string, string];
  const pods = [...context.server.storage.store(POD).withLabel(label, value, service.metadata.namespace)]
    .filter((pod) =>
      Object.entries(selector).every(([name, wanted]) => pod.metadata.labels?.[name] === wanted),
    )
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const groups = new Map<string, Wanted>();
  for (const pod of pods) {
    const endpoint = endpointOf(pod, spec['publishNotReadyAddresses'] === true);
    if (endpoint === undefined) continue;
    const ports = portsFor(spec, pod);
    const id = JSON.stringify(ports);
    let group = groups.get(id);
    if (group === undefined || group.endpoints.length >= MAX_ENDPOINTS) {
      if (group !== undefined) groups.set(`${id}#${groups.size}`, group);
      group = { ports, endpoints: [] };
      groups.set(id, group);
    }
    group.endpoints.push(endpoint);
  }
  // A Service without endpoints keeps one empty slice.
  return groups.size > 0 ? [...groups.values()] : [{ ports: [], endpoints: [] }];
}

function endpointOf(pod: KubeObject, publishAll: boolean): JsonObject | undefined {
  const status = record(pod['status']);
  const ip = status['podIP'];
  if (isTerminal(pod) || typeof ip !== 'string' || ip === '') return undefined;
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const node = record(pod['spec'])['nodeName'];
  return {
    addresses: [ip],
    conditions: { ready: publishAll || (serving && !terminating), serving, terminating },
    ...(typeof node === 'string' && node !== '' ? { nodeName: node } : {}),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace as string,
      name: pod.metadata.name,
      uid: pod.metadata.uid as string,
    },
  };
}

/** Named target ports are looked up in the pod; a pod without the name serves no such port. */
function portsFor(spec: JsonObject, pod: KubeObject): JsonObject[] {
  return list(spec['ports']).flatMap((port) => {
    const target = port['targetPort'];
    let number = typeof target === 'number' ? target : undefined;
    if (typeof target === 'string') {
      for (const container of list(record(pod['spec'])['containers'])) {
        const named = list(container['ports']).find(
          (item) => item['name'] === target && (item['protocol'] ?? 'TCP') === (port['protocol'] ?? 'TCP'),
        );
        number ??= typeof named?.['containerPort'] === 'number' ? named['containerPort'] : undefined;
      }
    }
    if (number === undefined) return [];
    return [{ name: port['name'] ?? '', protocol: port['protocol'] ?? 'TCP', port: number }];
  });
}

function writeSlice(
  context: ControllerContext,
  service: KubeObject,
  slice: KubeObject | undefined,
  want: Wanted,
): void {
  const { server, request } = context;
  const labels = {
    ...service.metadata.labels,
    [MANAGED_BY]: CONTROLLER,
    [SERVICE_NAME]: service.metadata.name,
    ...(record(service['spec'])['clusterIP'] === 'None' ? { [HEADLESS]: '' } : {}),
  };
  if (slice === undefined) {
    const made = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        generateName: `${service.metadata.name}-`,
        namespace: service.metadata.namespace,
        labels,
        ownerReferences: [controllerReference(service)],
      },
      addressType: 'IPv4',
      ...want,
    } as unknown as KubeObject;
    server.create(ENDPOINT_SLICE, made, { fieldManager: MANAGER }, request);
    return;
  }
  if (
    deepEqual(slice['endpoints'] ?? [], want.endpoints) &&
    deepEqual(slice['ports'] ?? [], want.ports) &&
    deepEqual(slice.metadata.labels, labels)
  ) {
    return;
  }
  const removed = Object.keys(slice.metadata.labels ?? {}).filter((name) => !Object.hasOwn(labels, name));
  server.patch(
    ENDPOINT_SLICE,
    slice.metadata,
    {
      type: 'merge',
      body: {
        metadata: { labels: { ...labels, ...Object.fromEntries(removed.map((name) => [name, null])) } },
        endpoints: want.endpoints,
        ports: want.ports,
      },
    },
    { fieldManager: MANAGER },
    request,
  );
}
