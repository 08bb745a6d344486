/** One pod's program: a real HTTP server at the pod's address that answers as its behaviour says. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../kube/clock.ts';
import { Registry } from '../metrics/registry.ts';
import type { Behaviour } from './behaviour.ts';
import type { PodNetwork } from './network.ts';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const MAX_BODY_BYTES = 1024 * 1024;

export interface PodServer {
  readonly registry: Registry;
  /** From now on answers ask the client to close its connection, so that few are open when the drain begins. */
  retire(): void;
  /** Goes on answering open connections, takes no new ones, and ends when they are done or `graceMs` has passed. */
  drain(graceMs: number): Promise<void>;
  /** Ends at once, as a killed process does. */
  kill(): void;
}

export interface PodServerOptions {
  readonly pod: string;
  readonly address: string;
  readonly behaviour: Behaviour;
  readonly network: PodNetwork;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Rejects with the system's error when it can't listen; then none of its ports stays open. */
export async function startPodServer(options: PodServerOptions): Promise<PodServer> {
  const { address, behaviour, clock, network } = options;
  const program = new Program(options);
  const servers: Server[] = [];
  const kill = (): void => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  };
  try {
    for (const port of behaviour.ports) {
      const server = createServer({ keepAliveTimeout: 5000 }, (request, response) => {
        program.answer(request, response);
      });
      await network.listen(server, address, port);
      servers.push(server);
    }
  } catch (error) {
    kill();
    throw error;
  }
  return {
    registry: program.registry,
    retire: () => {
      program.retiring = true;
    },
    kill,
    async drain(graceMs) {
      program.retiring = true;
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

class Program {
  readonly registry = new Registry();
  retiring = false;
  readonly #options: PodServerOptions;
  readonly #count = this.registry.counter('http_requests_total', 'Requests by version and code.');
  readonly #duration = this.registry.histogram(
    'http_request_duration_seconds',
    'Time to answer, by version.',
    BUCKETS,
  );
  #served = 0;

  constructor(options: PodServerOptions) {
    this.#options = options;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.retiring) response.shouldKeepAlive = false;
    swallow(request);
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/metrics') {
      response
        .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
        .end(this.registry.exposition());
    } else if (path === '/healthz' || path === '/readyz') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    } else {
      this.#serve(request, response, path);
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse, path: string): void {
    const { behaviour, clock, pod, random } = this.#options;
    this.#served += 1;
    const bad =
      (behaviour.errorEvery > 0 && this.#served % behaviour.errorEvery === 0) ||
      (behaviour.errorRate > 0 && random() < behaviour.errorRate);
    const code = bad ? 500 : 200;
    const delay = Math.max(0, behaviour.latencyMs + (random() - 0.5) * 2 * behaviour.latencyJitterMs);
    const started = clock.monotonic();
    const send = (): void => {
      this.#count({ version: behaviour.version, code: String(code) });
      this.#duration({ version: behaviour.version }, (clock.monotonic() - started) / 1000);
      const says = { version: behaviour.version, pod, path, ok: !bad };
      const html = (request.headers.accept ?? '').includes('text/html');
      response
        .writeHead(code, {
          'content-type': html ? 'text/html; charset=utf-8' : 'application/json',
          'x-version': behaviour.version,
          'x-pod': pod,
        })
        .end(html ? page(says) : `${JSON.stringify(says)}\n`);
    };
    if (delay === 0) send();
    else clock.setTimer(delay, send);
  }
}

/** A body is of no interest, but has to be read for the connection to be used again. */
function swallow(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) request.destroy();
  });
  request.on('error', () => {});
}

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

function page({
  version,
  pod,
  path,
  ok,
}: {
  version: string;
  pod: string;
  path: string;
  ok: boolean;
}): string {
  return [
    '<!doctype html><meta charset="utf-8">',
    `<title>${escape(version)}</title>`,
    '<body style="font:16px system-ui;display:grid;place-content:center;min-height:90vh;text-align:center">',
    `<h1 style="font-size:5em;margin:0">${escape(version)}</h1>`,
    `<p>${ok ? 'answered' : 'failed'} by ${escape(pod)} for ${escape(path)}</p>`,
    '',
  ].join('\n');
}
