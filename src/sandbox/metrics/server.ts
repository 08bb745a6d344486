/**
 * The sandbox's own metrics port: `/metrics` of the proxy, `/sd/pods` for a Prometheus that discovers pods over
 * HTTP, and with the built-in scraper `/api/v1/query` and `/api/v1/query_range`.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../kube/clock.ts';
import { answerQuery } from './query-api.ts';
import type { Registry } from './registry.ts';
import type { SeriesStore } from './series.ts';
import { httpDiscovery, type ScrapeTarget } from './targets.ts';

export interface MetricsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly proxy: Registry;
  readonly pods: () => readonly ScrapeTarget[];
  /** Absent: no queries are answered here. */
  readonly store?: SeriesStore | undefined;
}

export interface MetricsServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  close(): Promise<void>;
}

const MAX_FORM_BYTES = 64 * 1024;

export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer({ keepAliveTimeout: 5000 }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, { status: 'error', errorType: 'internal', error: String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  { store, clock, proxy, pods }: MetricsServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  if (url.pathname === '/metrics') {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(proxy.exposition());
    return;
  }
  if (url.pathname === '/sd/pods') {
    send(response, 200, httpDiscovery(pods()));
    return;
  }
  if (url.pathname === '/-/ready' || url.pathname === '/-/healthy') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('The sandbox is ready.\n');
    return;
  }
  if (store === undefined) {
    const error = `${url.pathname} is not served here: ask the Prometheus that the sandbox started`;
    send(response, 404, { status: 'error', errorType: 'not_found', error });
    return;
  }
  const parameters = new URLSearchParams(url.search);
  if (request.method === 'POST') {
    const form = await bodyOf(request);
    if (form === undefined) {
      send(response, 413, { status: 'error', errorType: 'bad_data', error: 'the form is too large' });
      return;
    }
    for (const [name, value] of new URLSearchParams(form)) parameters.set(name, value);
  }
  const { status, body } = answerQuery(url.pathname, parameters, store, clock.now());
  send(response, status, body);
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_FORM_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
