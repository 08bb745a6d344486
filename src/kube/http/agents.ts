/**
 * The one pooled keep-alive agent of a connection. It is replaced when the TLS material changes (rotated CA or
 * certificates) or when a request found the other end dead; requests under way end on the old one.
 */

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Credentials } from '../credentials.ts';
import { type Connection, KubeconfigError } from '../kubeconfig.ts';
import { proxyFromEnvironment } from './proxy.ts';

export interface Ready {
  readonly agent: HttpAgent;
  readonly authorization: string | undefined;
}

/** Idle connections are closed after a minute, before load balancers and API servers do it behind our back. */
const IDLE_SOCKET_MS = 60_000;
/** TCP probes find a dead peer under a quiet watch, where no bytes of ours would be missed. */
const PROBE_AFTER_MS = 30_000;
const MAX_SOCKETS = 512;

export class AgentPool {
  readonly #connection: Connection;
  #agent: HttpAgent | undefined;
  #revision = '';

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async ready(): Promise<Ready> {
    const credentials = await this.#connection.credentials.current();
    if (this.#agent === undefined || credentials.revision !== this.#revision) {
      this.retire();
      this.#agent = await createAgent(this.#connection, credentials);
      this.#revision = credentials.revision;
    }
    return { agent: this.#agent, authorization: credentials.authorization };
  }

  /** Open a fresh connection for the next request; close the idle ones now, the busy ones when they end. */
  retire(): void {
    const old = this.#agent;
    this.#agent = undefined;
    if (old === undefined) return;
    old.maxFreeSockets = 0;
    for (const sockets of Object.values(old.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  /** Ends everything, also what is under way. */
  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }
}

async function createAgent(connection: Connection, credentials: Credentials): Promise<HttpAgent> {
  const secure = connection.server.protocol === 'https:';
  const common = {
    keepAlive: true,
    keepAliveMsecs: PROBE_AFTER_MS,
    scheduling: 'lifo' as const,
    maxSockets: MAX_SOCKETS,
    maxFreeSockets: 32,
    timeout: IDLE_SOCKET_MS,
  };
  const tls = {
    ...(credentials.tls.ca === undefined ? {} : { ca: credentials.tls.ca }),
    ...(credentials.tls.cert === undefined ? {} : { cert: credentials.tls.cert }),
    ...(credentials.tls.key === undefined ? {} : { key: credentials.tls.key }),
    ...(connection.tlsServerName === undefined ? {} : { servername: connection.tlsServerName }),
    ...(connection.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2' as const,
  };
  const proxy = connection.proxyUrl ?? proxyFromEnvironment(connection.server, process.env);
  if (proxy !== undefined && /^socks/i.test(proxy)) return socksAgent(connection, proxy, tls);
  const through =
    proxy === undefined
      ? {}
      : { proxyEnv: { HTTP_PROXY: httpProxy(proxy), HTTPS_PROXY: httpProxy(proxy), NO_PROXY: '' } };
  return secure
    ? new OneServerAgent({ ...common, ...tls, ...through })
    : new HttpAgent({ ...common, ...through });
}

/**
 * Node finds a free connection by a name that it makes of all TLS options, certificates and all, several times for
 * each request. Ours are all to one server with one set of options.
 */
class OneServerAgent extends HttpsAgent {
  override getName(): string {
    return 'api-server';
  }
}

function httpProxy(proxy: string): string {
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new KubeconfigError('the proxy-url of the cluster must be an http, https or socks5 URL');
  }
  return proxy;
}

/** client-node knows SOCKS; its agent keeps connections when it is told to. */
async function socksAgent(connection: Connection, proxyUrl: string, tls: object): Promise<HttpAgent> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: 'cluster',
      server: connection.server.href,
      skipTLSVerify: connection.insecureSkipTlsVerify,
      proxyUrl,
    },
    { name: 'user' },
  );
  const options: { agent?: unknown } = { ...tls };
  await config.applyToHTTPSOptions(options);
  const agent = options.agent as HttpAgent & { keepAlive: boolean };
  agent.keepAlive = true;
  agent.maxFreeSockets = 32;
  return agent;
}
