/** VirtualServices: which routes share out the traffic, and whether they can (spec 07 section 2.1). Pure. */

import { internal, invalid, type FieldError } from '../../../../api/field-error.ts';
import type { IstioVirtualService, Rollout } from '../../../../api/rollout.ts';
import type { JsonObject } from '../../../../lang/json.ts';
import { Field } from '../field.ts';
import { ROUTING, virtualServiceReferences } from './objects.ts';

export function validateIstioConfig({ spec }: Rollout): FieldError[] {
  const istio = spec.strategy?.canary?.trafficRouting?.istio;
  if (istio === undefined || (istio.virtualService === undefined) !== (istio.virtualServices === undefined)) {
    return [];
  }
  return [internal(`${ROUTING}.istio`, 'either VirtualService or VirtualServices must be configured')];
}

type Protocol = 'HTTP' | 'TLS' | 'TCP';

/** A VirtualService that the Rollout names needs routes that hold both destinations. */
export function validateVirtualService(
  name: string,
  virtualService: JsonObject,
  rollout: Rollout,
): FieldError[] {
  if (rollout.spec.strategy?.canary?.trafficRouting?.istio === undefined) {
    const detail = 'Rollout object is not configured with Istio traffic routing';
    return [invalid(`${ROUTING}.istio`, name, detail)];
  }
  const reference = virtualServiceReferences(rollout).find((candidate) => candidate.name === name);
  if (reference === undefined) return [];
  const spec = new Field(virtualService, '', []).child('spec');
  const errors: FieldError[] = [];
  let sections = 0;
  for (const protocol of ['HTTP', 'TLS', 'TCP'] as const) {
    const routes = spec.child(protocol.toLowerCase()).value;
    if (!Array.isArray(routes)) continue;
    sections += 1;
    const problem = judge(protocol, routes, reference.config, rollout);
    if (problem !== undefined) errors.push(invalid(reference.field, name, problem));
  }
  if (sections === 0) {
    const detail = 'Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService';
    errors.push(invalid(reference.field, name, detail));
  }
  return errors;
}

function judge(
  protocol: Protocol,
  values: readonly unknown[],
  config: IstioVirtualService,
  rollout: Rollout,
): string | undefined {
  const routes = values.map((value) => new Field(value, '', []));
  const destinations = routes.map((route) => route.child('route').value);
  if (!destinations.every((list) => list === undefined || Array.isArray(list))) {
    return `Unable to get ${protocol} routes for Istio VirtualService`;
  }
  const selected = select(protocol, routes, config, rollout);
  const error =
    typeof selected === 'string'
      ? selected
      : selected.map((route) => destinationError(route, rollout)).find((text) => text !== undefined);
  return error === undefined
    ? undefined
    : `Istio VirtualService has invalid ${protocol} routes. Error: ${error}`;
}

function select(
  protocol: Protocol,
  routes: readonly Field[],
  config: IstioVirtualService,
  rollout: Rollout,
): Field[] | string {
  if (protocol === 'HTTP') return selectHttp(routes, config.routes ?? [], rollout);
  const wanted = protocol === 'TLS' ? config.tlsRoutes : config.tcpRoutes;
  if (wanted === undefined || wanted.length === 0) return selectOnly(protocol, routes, rollout);
  const matching = routes.filter((route) =>
    wanted.some((want) => {
      const hosts = 'sniHosts' in want ? (want.sniHosts as string[] | undefined) : undefined;
      return (
        portOf(route) === (want.port ?? 0) && (protocol === 'TCP' || sameSet(hostsOf(route), hosts ?? []))
      );
    }),
  );
  return matching.length > 0
    ? matching
    : `No matching ${protocol} routes found in the defined Virtual Service.`;
}

function selectHttp(routes: readonly Field[], names: readonly string[], rollout: Rollout): Field[] | string {
  if (names.length === 0) return selectOnly('HTTP', routes, rollout);
  const found: Field[] = [];
  for (const name of names) {
    const route = routes.find((candidate) => candidate.child('name').value === name);
    if (route === undefined) return `HTTP Route '${name}' is not found in the defined Virtual Service.`;
    found.push(route);
  }
  return found;
}

/** Without a choice there must be one route, not counting those that steps make. */
function selectOnly(protocol: Protocol, routes: readonly Field[], rollout: Rollout): Field[] | string {
  const managed = new Set(
    (rollout.spec.strategy?.canary?.trafficRouting?.managedRoutes ?? []).map(({ name }) => name),
  );
  const own = routes.filter((route) => !managed.has(String(route.child('name').value ?? '')));
  if (own.length === 1) return [own[0] as Field];
  const section = protocol.toLowerCase();
  const field = protocol === 'HTTP' ? 'routes' : `${section}Routes`;
  return `spec.${section}[] should be set in VirtualService and it must have exactly one route when omitting ${ROUTING}.istio.virtualService.${field}`;
}

/** The one port of a route's matches; 0 where there is none, -1 where there are several. */
function portOf(route: Field): number {
  const ports = new Set(
    route
      .child('match')
      .items()
      .map((match) => match.child('port').value)
      .filter((port) => port !== undefined),
  );
  if (ports.size > 1) return -1;
  const [port] = ports;
  return typeof port === 'number' ? port : 0;
}

const hostsOf = (route: Field): string[] =>
  route
    .child('match')
    .items()
    .flatMap((match) => match.child('sniHosts').texts())
    .map((host) => host.text());

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  new Set(a).size === new Set(b).size && a.every((item) => b.includes(item));

/** By subsets where a DestinationRule is configured, else by hosts, of which only the first part counts. */
function destinationError(route: Field, rollout: Rollout): string | undefined {
  const canary = rollout.spec.strategy?.canary;
  const rule = canary?.trafficRouting?.istio?.destinationRule;
  const destinations = route
    .child('route')
    .items()
    .map((item) => item.child('destination'));
  if (rule !== undefined) {
    const subsets = destinations.map((destination) => destination.child('subset').value);
    if (!subsets.includes(rule.canarySubsetName)) {
      return `Canary DestinationRule subset '${rule.canarySubsetName}' not found in route`;
    }
    if (!subsets.includes(rule.stableSubsetName)) {
      return `Stable DestinationRule subset '${rule.stableSubsetName}' not found in route`;
    }
    return undefined;
  }
  const { canaryService, stableService } = serviceNames(rollout);
  const hosts = destinations.map((destination) => destination.child('host').text().split('.')[0]);
  if (!hosts.includes(canaryService)) return `Canary Service '${canaryService}' not found in route`;
  if (!hosts.includes(stableService)) return `Stable Service '${stableService}' not found in route`;
  return undefined;
}

/** With ping-pong, the pair takes the place of services that are not named. */
function serviceNames({ spec, status }: Rollout): { canaryService: string; stableService: string } {
  const canary = spec.strategy?.canary;
  const named = { canaryService: canary?.canaryService ?? '', stableService: canary?.stableService ?? '' };
  const pair = canary?.pingPong;
  if (pair === undefined || named.canaryService !== '' || named.stableService !== '') return named;
  return status?.canary?.stablePingPong === 'ping'
    ? { stableService: pair.pingService, canaryService: pair.pongService }
    : { stableService: pair.pongService, canaryService: pair.pingService };
}
