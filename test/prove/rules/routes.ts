/** What really sends requests where, read from the objects of the data plane and never from a status of ours. */

import type { KubeObject } from '../../../src/kube/api.ts';
import { keyOf } from '../../../src/kube/api.ts';
import { maxWeightOf, routingOf, servicesOf, strategyOf } from './facts.ts';
import { at, beside, HASH, listAt, numberAt, recordAt, textAt } from './read.ts';
import type { Destination, Route, Version } from './types.ts';

/** What the readers of routes may ask. */
export interface RouteObjects {
  get(kind: string, key: string): KubeObject | undefined;
  objects(kind: string): ReadonlyMap<string, KubeObject>;
}

interface Reading {
  readonly key: string;
  readonly rollout: KubeObject;
  readonly versions: ReadonlyMap<string, Version>;
  readonly objects: RouteObjects;
}

/** Kinds whose objects send traffic; a change of one of them may be a change of a route. */
export const ROUTING_KINDS: ReadonlySet<string> = new Set(['Service', 'Ingress', 'ConfigMap']);

export function routesOf(reading: Reading): Route[] {
  const services = servicesOf(reading.rollout);
  if (strategyOf(reading.rollout) === 'blueGreen')
    return selectorRoute(reading, services.active, 'stable', 'active');
  const routing = routingOf(reading.rollout);
  if (routing === undefined)
    return [...plainRoutes(reading), ...selectorRoute(reading, services.stable, 'stable')];
  return [...nginxRoutes(reading), ...recorderRoutes(reading)];
}

/** Services that users made for all pods of the Rollout. */
function* plainRoutes(reading: Reading): Generator<Route> {
  const { rollout, key } = reading;
  const labels = recordAt(rollout, 'spec', 'template', 'metadata', 'labels');
  const own = new Set(Object.values(servicesOf(rollout)));
  for (const [service, object] of reading.objects.objects('Service')) {
    if (own.has(object.metadata.name) || beside(key, object.metadata.name) !== service) continue;
    const selector = recordAt(object, 'spec', 'selector');
    const names = Object.keys(selector);
    if (names.length > 0 && names.every((name) => labels[name] === selector[name]))
      yield* selectorRoute(reading, object.metadata.name, 'other');
  }
}

function selectorRoute(
  reading: Reading,
  name: string | undefined,
  role: Destination['role'],
  kind: 'active' | 'selector' = 'selector',
): Route[] {
  if (name === undefined) return [];
  const key = beside(reading.key, name);
  if (reading.objects.get('Service', key) === undefined) return [];
  const to = destination(reading, name, role, 100);
  return [
    {
      id: `service ${key}`,
      rollout: reading.key,
      kind,
      destinations: [to],
      max: 100,
      source: key,
    },
  ];
}

function* nginxRoutes(reading: Reading): Generator<Route> {
  const { rollout, key, objects } = reading;
  const nginx = at(routingOf(rollout), 'nginx');
  if (nginx === undefined) return;
  const prefix = textAt(nginx, 'annotationPrefix') ?? 'nginx.ingress.kubernetes.io';
  const { stable, canary } = servicesOf(rollout);
  if (stable === undefined || canary === undefined) return;
  const single = textAt(nginx, 'stableIngress');
  const names = single === undefined ? listAt(nginx, 'stableIngresses') : [single];
  for (const name of names) {
    if (typeof name !== 'string') continue;
    const base = objects.get('Ingress', beside(key, name));
    if (base === undefined || !mentions(base, stable)) continue;
    const beyond = objects.get('Ingress', beside(key, canaryIngressName(rollout.metadata.name, name)));
    const annotations = beyond?.metadata.annotations ?? {};
    const acts = annotations[`${prefix}/canary`] === 'true' && mentions(beyond, canary);
    const max = acts ? Number(annotations[`${prefix}/canary-weight-total`] ?? 100) : 100;
    const weight = acts ? Number(annotations[`${prefix}/canary-weight`] ?? 0) : 0;
    const source = beyond === undefined ? keyOf(base.metadata) : keyOf(beyond.metadata);
    const id = `ingress ${keyOf(base.metadata)}`;
    yield {
      id,
      rollout: key,
      kind: 'weighted',
      max,
      source,
      destinations: [
        destination(reading, stable, 'stable', max - weight),
        destination(reading, canary, 'canary', weight),
      ],
    };
    const header = annotations[`${prefix}/canary-by-header`];
    if (acts && header !== undefined)
      yield {
        id: `${id} header ${header}`,
        rollout: key,
        kind: 'header',
        max,
        source,
        destinations: [destination(reading, canary, 'canary', max)],
      };
  }
}

const canaryIngressName = (rollout: string, ingress: string): string =>
  `${`${rollout}-${ingress}`.slice(0, 253 - '-canary'.length)}-canary`;

const mentions = (ingress: KubeObject | undefined, service: string): boolean =>
  listAt(ingress, 'spec', 'rules').some((rule) =>
    listAt(rule, 'http', 'paths').some((path) => textAt(path, 'backend', 'service', 'name') === service),
  );

/** The router of the tests keeps two ConfigMaps: weights, and the versions behind them (`test/routers/recorder.ts`). */
function* recorderRoutes(reading: Reading): Generator<Route> {
  const { key, objects, rollout } = reading;
  if (at(routingOf(rollout), 'plugins', 'test/recorder') === undefined) return;
  const source = `${key}-weights`;
  const weights = at(objects.get('ConfigMap', source), 'data');
  const versions = at(objects.get('ConfigMap', `${key}-versions`), 'data');
  if (weights === undefined) return;
  const max = maxWeightOf(rollout);
  const to = (role: 'canary' | 'stable', weight: number): Destination => {
    const service = textAt(weights, `${role}Service`);
    if (service !== undefined) return destination(reading, service, role, weight);
    const hash = textAt(versions, role);
    const version = hash === undefined ? undefined : reading.versions.get(hash);
    return {
      service: `${key} ${role}`,
      role,
      weight,
      hashes: version === undefined ? [] : [version.hash],
      carrying: version?.carrying ?? 0,
    };
  };
  const additional = parsed(weights, 'additional').map((item): Destination => {
    const version = reading.versions.get(textAt(item, 'podTemplateHash') ?? '');
    return {
      service: beside(key, textAt(item, 'serviceName') ?? ''),
      role: 'other',
      weight: numberAt(item, 'weight') ?? 0,
      hashes: version === undefined ? [] : [version.hash],
      // Pods of an experiment are no version of the Rollout.
      carrying: version?.carrying ?? 1,
    };
  });
  const id = `recorder ${key}`;
  const ends = (['canary', 'stable'] as const).map((role) => to(role, Number(textAt(weights, role) ?? 0)));
  yield { id, rollout: key, kind: 'weighted', max, source, destinations: [...ends, ...additional] };
  for (const managed of parsed(weights, 'managed')) {
    const mirror = textAt(managed, 'setMirrorRoute', 'name');
    const name = mirror ?? textAt(managed, 'setHeaderRoute', 'name') ?? '';
    const kind = mirror === undefined ? 'header' : 'mirror';
    yield { id: `${id} ${name}`, rollout: key, kind, max, source, destinations: [to('canary', max)] };
  }
}

function parsed(data: unknown, name: string): readonly unknown[] {
  const list = JSON.parse(textAt(data, name) ?? '[]') as unknown;
  return Array.isArray(list) ? list : [];
}

function destination(reading: Reading, name: string, role: Destination['role'], weight: number): Destination {
  const service = beside(reading.key, name);
  const object = reading.objects.get('Service', service);
  const selector = recordAt(object, 'spec', 'selector');
  const hashes: string[] = [];
  let carrying = 0;
  for (const version of reading.versions.values()) {
    if (!selects(selector, version)) continue;
    hashes.push(version.hash);
    carrying += version.carrying;
  }
  return { service, role, weight, hashes, carrying };
}

/** By the labels of the pod template; pods get the hash of their ReplicaSet beside them. */
function selects(selector: Readonly<Record<string, unknown>>, version: Version): boolean {
  const names = Object.keys(selector);
  if (names.length === 0) return false;
  const labels = recordAt(version.replicaSet, 'spec', 'template', 'metadata', 'labels');
  return names.every((name) => (name === HASH ? version.hash : labels[name]) === selector[name]);
}

/**
 * The most of the traffic of one route that each version gets, of 1. Services of several versions are left out, and
 * so are those beside a basic canary: its pods, and not its Services, say who gets how much.
 */
export function sharesOf(routes: readonly Route[]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const route of routes) {
    if (route.kind !== 'weighted' && route.kind !== 'active') continue;
    const here = new Map<string, number>();
    for (const { hashes, weight } of route.destinations) {
      const [hash] = hashes;
      if (hash !== undefined && hashes.length === 1) here.set(hash, (here.get(hash) ?? 0) + weight);
    }
    for (const [hash, weight] of here)
      shares.set(hash, Math.max(shares.get(hash) ?? 0, route.max > 0 ? weight / route.max : 0));
  }
  return shares;
}
