/** One pod's program: a real HTTP server on the pod's own address that answers as its behaviour says. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../kube/clock.ts';
import { Registry } from '../metrics/registry.ts';
import type { Behaviour } from './behaviour.ts';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export interface PodServer {
  readonly registry: Registry;
  /** Goes on answering open connections, takes no new ones, and ends when they are done or `graceMs` has passed. */
  drain(graceMs: number): Promise<void>;
  /** Ends at once, as a killed process does. */
  kill(): void;
}

export interface PodServerOptions {
  readonly pod: string;
  readonly address: string;
  readonly behaviour: Behaviour;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Rejects with the system's error when a port can't be bound; then none of them stays open. */
export async function startPodServer({
  pod,
  address,
  behaviour,
  clock,
  random,
}: PodServerOptions): Promise<PodServer> {
  const registry = new Registry();
  const count = registry.counter('http_requests_total', 'Requests by version and code.');
  const duration = registry.histogram('http_request_duration_seconds', 'Time to answer.', BUCKETS);
  let served = 0;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(registry.exposition());
      return;
    }
    if (path === '/healthz' || path === '/readyz') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
      return;
    }
    served += 1;
    const bad =
      (behaviour.errorEvery > 0 && served % behaviour.errorEvery === 0) ||
      (behaviour.errorRate > 0 && random() < behaviour.errorRate);
    const code = bad ? 500 : 200;
    const delay = Math.max(0, behaviour.latencyMs + (random() - 0.5) * 2 * behaviour.latencyJitterMs);
    const started = clock.monotonic();
    const send = (): void => {
      const labels = { version: behaviour.version, code: String(code) };
      count(labels);
      duration({ version: behaviour.version }, (clock.monotonic() - started) / 1000);
      const body = JSON.stringify({ version: behaviour.version, pod, path, ok: !bad });
      response
        .writeHead(code, { 'content-type': 'application/json', 'x-version': behaviour.version, 'x-pod': pod })
        .end(`${body}\n`);
    };
    if (delay === 0) send();
    else clock.setTimer(delay, send);
  };

  const servers: Server[] = [];
  const kill = (): void => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  };
  try {
    for (const port of behaviour.ports)
      servers.push(await listen(createServer({ keepAliveTimeout: 5000 }, answer), address, port));
  } catch (error) {
    kill();
    throw error;
  }
  return {
    registry,
    kill,
    async drain(graceMs) {
      const timer = clock.setTimer(graceMs, kill);
      await Promise.all(
        servers.map(
          async (server) =>
            await new Promise<void>((resolve) => {
              server.close(() => resolve());
              server.closeIdleConnections();
            }),
        ),
      );
      timer.cancel();
    },
  };
}

async function listen(server: Server, address: string, port: number): Promise<Server> {
  return await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve(server);
    });
  });
}
