/** HTTPS_PROXY, HTTP_PROXY and NO_PROXY as kubectl reads them, where the kubeconfig names no proxy. */

import { BlockList, isIP, isIPv4 } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

export function proxyFromEnvironment(server: URL, env: Environment): string | undefined {
  const read = (name: string): string => env[name] ?? env[name.toLowerCase()] ?? '';
  const proxy = server.protocol === 'https:' ? read('HTTPS_PROXY') : read('HTTP_PROXY');
  if (proxy === '') return undefined;
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  // Go never goes through a proxy to the machine itself.
  if (host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return undefined;
  const port = server.port === '' ? (server.protocol === 'https:' ? '443' : '80') : server.port;
  if (
    read('NO_PROXY')
      .split(',')
      .some((rule) => exempts(rule.trim().toLowerCase(), host, port))
  )
    return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** `*`, an address, a network in CIDR form, a domain (with or without its subdomains), each with an optional port. */
function exempts(rule: string, host: string, port: string): boolean {
  if (rule === '') return false;
  if (rule === '*') return true;
  const slash = rule.indexOf('/');
  if (slash > 0) {
    const [network, bits] = [rule.slice(0, slash), Number(rule.slice(slash + 1))];
    if (isIP(network) === 0 || isIP(host) !== isIP(network) || !Number.isInteger(bits)) return false;
    const list = new BlockList();
    const family = isIPv4(network) ? 'ipv4' : 'ipv6';
    if (bits < 0 || bits > (family === 'ipv4' ? 32 : 128)) return false;
    list.addSubnet(network, bits, family);
    return list.check(host, family);
  }
  const match = /^(.*?)(?::(\d+))?$/.exec(rule);
  const [, name = rule, wanted] = isIP(rule) === 6 ? [rule, rule] : (match ?? [rule, rule]);
  if (wanted !== undefined && wanted !== port) return false;
  if (isIP(host) !== 0) return host === name;
  if (name.startsWith('.') || name.startsWith('*.')) return host.endsWith(name.replace(/^\*/, ''));
  return host === name || host.endsWith(`.${name}`);
}
