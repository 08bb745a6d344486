/**
 * The one pool of keep-alive connections to a server. It is replaced when the TLS material changes (rotated CA or
 * certificates) or when a request found the other end dead; requests under way end on the old one.
 */

import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
// The package as a whole brings fetch, caches and WebSockets along: 14 MB.
import Pool from 'undici/lib/dispatcher/pool.js';
import type { Credentials } from '../credentials.ts';
import { type Connection, KubeconfigError } from '../kubeconfig.ts';
import { proxyFromEnvironment } from './proxy.ts';

export interface Ready {
  readonly pool: Dispatcher;
  readonly authorization: string | undefined;
}

/** Idle connections are closed after a minute, before load balancers and API servers do it behind our back. */
const IDLE_SOCKET_MS = 60_000;
/** TCP probes find a dead peer under a quiet watch, where no bytes of ours would be missed. */
const PROBE_AFTER_MS = 30_000;
const MAX_SOCKETS = 512;

export class ConnectionPool {
  readonly #connection: Connection;
  #pool: Dispatcher | undefined;
  #revision = '';

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async ready(): Promise<Ready> {
    const credentials = await this.#connection.credentials.current();
    if (this.#pool === undefined || credentials.revision !== this.#revision) {
      this.retire();
      this.#pool = await createPool(this.#connection, credentials);
      this.#revision = credentials.revision;
    }
    return { pool: this.#pool, authorization: credentials.authorization };
  }

  /** Open a fresh connection for the next request; close the idle ones soon, the busy ones when they end. */
  retire(): void {
    const old = this.#pool;
    this.#pool = undefined;
    // Who has just been given it may still send.
    setImmediate(() => void old?.close());
  }

  /** Ends everything, also what is under way. */
  close(): void {
    void this.#pool?.destroy(new Error('the client was closed'));
    this.#pool = undefined;
  }
}

async function createPool(connection: Connection, credentials: Credentials): Promise<Dispatcher> {
  const { server } = connection;
  const tls = {
    ...(credentials.tls.ca === undefined ? {} : { ca: credentials.tls.ca }),
    ...(credentials.tls.cert === undefined ? {} : { cert: credentials.tls.cert }),
    ...(credentials.tls.key === undefined ? {} : { key: credentials.tls.key }),
    ...(connection.tlsServerName === undefined ? {} : { servername: connection.tlsServerName }),
    ...(connection.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
    minVersion: 'TLSv1.2' as const,
    keepAliveInitialDelay: PROBE_AFTER_MS,
  };
  const common = { keepAliveTimeout: IDLE_SOCKET_MS, connections: MAX_SOCKETS, allowH2: false };
  const proxy = connection.proxyUrl ?? proxyFromEnvironment(server, process.env);
  if (proxy === undefined) return new Pool(server.origin, { ...common, connect: tls });
  if (/^socks/i.test(proxy))
    return new Pool(server.origin, { ...common, connect: await throughSocks(connection, proxy, tls) });
  const { ProxyAgent } = await import('undici');
  return new ProxyAgent({ ...common, uri: httpProxy(proxy), requestTls: tls });
}

function httpProxy(proxy: string): string {
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new KubeconfigError('the proxy-url of the cluster must be an http, https or socks5 URL');
  }
  return proxy;
}

/** client-node knows SOCKS. */
async function throughSocks(
  connection: Connection,
  proxyUrl: string,
  tls: object,
): Promise<(options: { hostname: string; port: string }, done: Connected) => Promise<void>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const { server } = connection;
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'cluster', server: server.href, skipTLSVerify: connection.insecureSkipTlsVerify, proxyUrl },
    { name: 'user' },
  );
  const options: { agent?: unknown } = { ...tls };
  await config.applyToHTTPSOptions(options);
  const agent = options.agent as Agent & { connect(request: object, options: object): Promise<Socket> };
  const secureEndpoint = server.protocol === 'https:';
  return async ({ hostname, port }, done) => {
    const target = { host: hostname, port: Number(port || (secureEndpoint ? 443 : 80)), secureEndpoint };
    let socket: Socket;
    try {
      // It wants a request to tell of the proxy's address, and to end with the connection.
      socket = await agent.connect(new PassThrough(), { ...tls, ...target });
    } catch (error) {
      done(error as Error, null);
      return;
    }
    done(null, socket);
  };
}

type Connected = (...how: [null, Socket] | [Error, null]) => void;
