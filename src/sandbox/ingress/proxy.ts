/** The ingress data plane: a reverse proxy that obeys the routing table and counts what it served. */

import {
  Agent,
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeApi } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { ENDPOINT_SLICE, INGRESS, SERVICE } from '../../kube/kinds.ts';
import { follow } from '../follow.ts';
import type { Registry } from '../metrics/registry.ts';
import {
  type Backend,
  chooseBackend,
  type Endpoint,
  findRoute,
  type Route,
  routingTable,
} from './routing.ts';
import { publishAddress } from './status.ts';

const UPSTREAM_TIMEOUT_MS = 15_000;
/** As nginx's keepalive_timeout. A short one closes connections under requests that are on their way. */
const CLIENT_IDLE_MS = 75_000;
/** As nginx's proxy_next_upstream: another endpoint when this one refused the connection. */
const MAX_TRIES = 3;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface ProxyOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly registry: Registry;
  readonly host: string;
  readonly port: number;
  /** Where an endpoint really listens (`PodNetwork.dial`). Default: where it says. */
  readonly dial?: ((address: string, port: number) => { host: string; port: number }) | undefined;
}

export interface Proxy {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  close(): Promise<void>;
}

export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const stop = new AbortController();
  const agent = new Agent({ keepAlive: true, maxSockets: 256, keepAliveMsecs: 2000 });
  let table: Route[] = [];
  let stale = true;
  const changed = (): void => {
    stale = true;
  };
  const ingresses = follow(options.api, INGRESS, options.clock, stop.signal, changed);
  const services = follow(options.api, SERVICE, options.clock, stop.signal, changed);
  const slices = follow(options.api, ENDPOINT_SLICE, options.clock, stop.signal, changed);
  const current = (): Route[] => {
    if (stale) {
      stale = false;
      table = routingTable({
        ingresses: ingresses.objects.values(),
        services: services.objects,
        slices: slices.objects.values(),
      });
    }
    return table;
  };

  const count = options.registry.counter(
    'nginx_ingress_controller_requests',
    'Requests by ingress, service that served them, and status.',
  );
  const duration = options.registry.histogram(
    'nginx_ingress_controller_request_duration_seconds',
    'Time from the request to the last byte of the answer.',
    BUCKETS,
  );
  const turn = new Map<string, number>();
  const dial = options.dial ?? ((host, port) => ({ host, port }));

  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const started = options.clock.monotonic();
    const asked = { host: incoming.headers.host ?? '', path: incoming.url ?? '/', headers: flat(incoming) };
    const route = findRoute(current(), asked);
    if (route === undefined) {
      outgoing.writeHead(404, { 'content-type': 'text/plain' }).end('default backend - 404\n');
      return;
    }
    const backend = chooseBackend(route, asked, options.random);
    const finish = (status: number, version: string): void => {
      const labels = {
        namespace: route.backend.namespace,
        ingress: route.backend.ingress,
        service: backend.service,
        canary: backend === route.backend ? '' : `${backend.namespace}-${backend.service}-${backend.port}`,
        host: route.host,
        path: route.path,
        method: incoming.method ?? 'GET',
      };
      count({ ...labels, version, status: String(status) });
      duration(labels, (options.clock.monotonic() - started) / 1000);
    };
    forward(incoming, outgoing, backend, { agent, turn, dial, finish });
  };

  const server: Server = createServer({ keepAliveTimeout: CLIENT_IDLE_MS }, serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      stop.abort(error);
      reject(error);
    });
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  publishAddress(options.api, options.clock, options.host, stop.signal);
  return {
    url: `http://${options.host}:${port}`,
    async close() {
      stop.abort(new Error('proxy closed'));
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Forwarding {
  readonly agent: Agent;
  /** Service -> the endpoint whose turn it is. */
  readonly turn: Map<string, number>;
  readonly dial: (address: string, port: number) => { host: string; port: number };
  /** `version`: what the pod calls itself in `x-version`. */
  readonly finish: (status: number, version: string) => void;
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  backend: Backend,
  { agent, turn, dial, finish }: Forwarding,
): void {
  const fail = (status: number, text: string): void => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
    finish(status, '');
  };
  const key = `${backend.namespace}/${backend.service}`;
  const attempt = (tries: number): void => {
    const next = (turn.get(key) ?? 0) % Math.max(1, backend.endpoints.length);
    turn.set(key, next + 1);
    const endpoint: Endpoint | undefined = backend.endpoints[next];
    if (endpoint === undefined) {
      fail(503, `service ${key} has no ready endpoints`);
      return;
    }
    let answered = false;
    const upstream = httpRequest(
      {
        agent,
        ...dial(endpoint.address, endpoint.port),
        method: incoming.method,
        path: incoming.url,
        headers: {
          ...incoming.headers,
          connection: 'keep-alive',
          'x-forwarded-for': incoming.socket.remoteAddress ?? '',
        },
        timeout: UPSTREAM_TIMEOUT_MS,
      },
      (response) => {
        answered = true;
        const version = response.headers['x-version'];
        const { connection: _, 'keep-alive': __, ...headers } = response.headers;
        outgoing.writeHead(response.statusCode ?? 502, headers);
        response.pipe(outgoing);
        response.once('end', () =>
          finish(response.statusCode ?? 502, typeof version === 'string' ? version : ''),
        );
        response.once('error', () => fail(502, 'upstream broke off'));
      },
    );
    upstream.once('timeout', () => upstream.destroy(new Error('upstream timed out')));
    upstream.once('error', (error: NodeJS.ErrnoException) => {
      if (answered) return;
      // Nothing was answered and nothing was sent but a request without a body: another endpoint may take it.
      const again = tries < MAX_TRIES && (incoming.method === 'GET' || incoming.method === 'HEAD');
      if (again) attempt(tries + 1);
      else
        fail(
          error.message === 'upstream timed out' ? 504 : 502,
          `upstream ${endpoint.address}:${endpoint.port}: ${error.message}`,
        );
    });
    // A body can be sent once only; a request without one is simply ended, at every try.
    if (incoming.method === 'GET' || incoming.method === 'HEAD') upstream.end();
    else incoming.pipe(upstream);
  };
  attempt(1);
}

function flat(incoming: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
}
