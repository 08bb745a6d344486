/**
 * Where measurements may go. A template is written by whoever may release, and must not make the controller fetch from
 * the cloud's metadata service or from hosts that the operator excluded (server-side request forgery). Names are checked
 * as they stand, and addresses when a connection is made, so that no answer of a name server changes the verdict.
 */

import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface DestinationRules {
  /** Why a host as the URL names it is out of bounds. Undefined for names: their addresses decide. */
  refusesHost(hostname: string): string | undefined;
  refusesAddress(hostname: string, address: string): string | undefined;
}

/** An entry that is no host name, address or network. */
export class DestinationRuleError extends Error {
  override readonly name = 'DestinationRuleError';
}

/** `code` of the error that a refused connection ends with. */
export const DENIED_CODE = 'EDENIED';

/**
 * Metadata services hand out the node's credentials to whoever asks. Loopback and private networks are allowed, because
 * that is where metric servers are.
 */
const DENIED_NETWORKS = [
  // Link-local: metadata of AWS, Azure, Google, OpenStack, DigitalOcean; ECS and EKS credentials.
  '169.254.0.0/16',
  'fe80::/10',
  // The same in IPv6 clothes: NAT64 and 6to4.
  '64:ff9b::a9fe:0/112',
  '2002:a9fe::/32',
  // Metadata over IPv6: AWS instances, EKS pod identity, Google.
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  // Metadata outside of link-local: Alibaba, Azure's host, Oracle's first generation.
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
];
/** Told apart by name, for where a proxy looks names up. */
const DENIED_NAMES = [
  'metadata.google.internal',
  'metadata.goog',
  'metadata',
  'instance-data',
  'instance-data.ec2.internal',
];

export interface DestinationLists {
  /** Host names (`*.example.com` for all below), addresses and networks. Not empty: nothing else may be reached. */
  readonly allow?: readonly string[] | undefined;
  /** Of the same form; goes before `allow`. */
  readonly deny?: readonly string[] | undefined;
}

/** A single address in `allow` lifts the built-in denial of that address. Throws `DestinationRuleError`. */
export function destinationRules({ allow = [], deny = [] }: DestinationLists = {}): DestinationRules {
  const allowed = matcherOf(allow);
  const denied = matcherOf(deny);
  const builtIn = matcherOf([...DENIED_NETWORKS, ...DENIED_NAMES]);
  const lifted = matcherOf(allow.filter((entry) => isIP(unbracketed(entry.trim())) !== 0));

  const refusesAddress = (hostname: string, address: string): string | undefined => {
    const host = plainHost(hostname);
    const shown = host === address ? address : `${host}, which is ${address},`;
    if (denied.hasAddress(address)) return `${shown} is excluded by --analysis-deny-hosts`;
    if (builtIn.hasAddress(address) && !lifted.hasAddress(address))
      return `${shown} must not be reached by measurements (link-local and metadata addresses)`;
    if (allow.length > 0 && !allowed.hasName(host) && !allowed.hasAddress(address))
      return `${shown} is not among --analysis-allow-hosts`;
    return undefined;
  };

  return {
    refusesAddress,
    refusesHost(hostname) {
      const host = plainHost(hostname);
      if (isIP(host) !== 0) return refusesAddress(host, host);
      if (denied.hasName(host)) return `${host} is excluded by --analysis-deny-hosts`;
      if (builtIn.hasName(host) && !allowed.hasName(host))
        return `${host} must not be reached by measurements (a metadata service)`;
      if (allow.length > 0 && !allowed.hasName(host) && !allowed.hasNetworks)
        return `${host} is not among --analysis-allow-hosts`;
      return undefined;
    },
  };
}

/**
 * For an agent: resolves as usual and leaves out what must not be reached. Without rules it lets everything through, and
 * always the `proxies`: those are hosts that the operator sends requests through, and look the other names up themselves.
 */
export function guardedLookup(
  given: DestinationRules | undefined,
  resolve: Resolve,
  proxies: ReadonlySet<string> = new Set(),
): LookupFunction {
  const addressesOf = async (hostname: string, family: unknown): Promise<readonly LookupAddress[]> => {
    const rules = proxies.has(plainHost(hostname)) ? undefined : given;
    const all = await resolve(hostname);
    const asked = family === 4 || family === 6 ? all.filter((each) => each.family === family) : all;
    const refusals = asked.map(({ address }) => rules?.refusesAddress(hostname, address));
    const left = asked.filter((_, index) => refusals[index] === undefined);
    if (left.length > 0) return left;
    const refusal = refusals.find((each) => each !== undefined);
    throw refusal === undefined ? withCode('no such host', 'ENOTFOUND') : withCode(refusal, DENIED_CODE);
  };
  const look = async (...[hostname, options, callback]: Parameters<LookupFunction>): Promise<void> => {
    let left: readonly LookupAddress[];
    try {
      left = await addressesOf(hostname, options.family);
    } catch (error) {
      callback(error as NodeJS.ErrnoException, '');
      return;
    }
    if (options.all === true) callback(null, [...left]);
    else callback(null, left[0]?.address ?? '', left[0]?.family);
  };
  return (...request) => void look(...request);
}

export const resolveBySystem: Resolve = (hostname) => systemLookup(hostname, { all: true });

/** Hosts of the proxies that axios takes from the environment. */
export function proxyHosts(env: Readonly<Record<string, string | undefined>>): Set<string> {
  const urls = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [
    env[name],
    env[name.toUpperCase()],
  ]);
  return new Set(
    urls.flatMap((url) => {
      const whole = url?.includes('://') === true ? url : `http://${url ?? ''}`;
      return URL.canParse(whole) ? [plainHost(new URL(whole).hostname)] : [];
    }),
  );
}

const withCode = (message: string, code: string): NodeJS.ErrnoException =>
  Object.assign(new Error(message), { code });

interface Matcher {
  readonly hasNetworks: boolean;
  hasName(host: string): boolean;
  hasAddress(address: string): boolean;
}

const NAME = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

function matcherOf(entries: readonly string[]): Matcher {
  const networks = new BlockList();
  const names: string[] = [];
  let hasNetworks = false;
  for (const raw of entries) {
    const entry = plainHost(raw.trim());
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    if (family !== 0 && rest.length === 0) {
      addNetwork(networks, address, family === 4 ? 'ipv4' : 'ipv6', prefix, raw);
      hasNetworks = true;
    } else if (NAME.test(entry)) names.push(entry);
    else
      throw new DestinationRuleError(
        `${JSON.stringify(raw)} is no host name, address or network: write example.com, *.example.com, 10.1.2.3 or 10.0.0.0/8`,
      );
  }
  return {
    hasNetworks,
    hasName: (host) =>
      names.some((name) => (name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name)),
    hasAddress(address) {
      const family = isIP(address);
      return family !== 0 && networks.check(address, family === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

function addNetwork(
  networks: BlockList,
  address: string,
  family: 'ipv4' | 'ipv6',
  prefix: string | undefined,
  raw: string,
): void {
  if (prefix === undefined) {
    networks.addAddress(address, family);
    return;
  }
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
  if (!(bits <= (family === 'ipv4' ? 32 : 128)))
    throw new DestinationRuleError(`${JSON.stringify(raw)} has no valid prefix length`);
  networks.addSubnet(address, bits, family);
}

/** As names are compared: lower case, without brackets, final dots and zone. */
const plainHost = (hostname: string): string =>
  unbracketed(hostname.toLowerCase()).replace(/%.*$/, '').replace(/\.+$/, '');
const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
