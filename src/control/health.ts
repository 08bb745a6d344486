/** `/metrics` on one port, `/healthz` and `/readyz` on another. Small, bounded, GET and HEAD only. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export type Pages = Readonly<Record<string, () => Page | Promise<Page>>>;

export interface Endpoint {
  readonly port: number;
  close(): Promise<void>;
}

export const textPage = (status: number, body: string): Page => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});

/**
 * Serves `pages` by exact path. `port` 0: one that is free. Rejects when the port can't be bound, with a message
 * that names it.
 */
export async function servePages(
  pages: Pages,
  options: { host?: string; port: number; what: string },
): Promise<Endpoint> {
  const server = createServer({ maxHeaderSize: 16 * 1024 }, (request, response) => {
    void answer(pages, request, response);
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 15_000;
  server.keepAliveTimeout = 30_000;
  server.maxConnections = 100;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, options: { host?: string; port: number; what: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'it is in use' : error.message;
      reject(new Error(`port ${options.port} for ${options.what} can't be opened: ${why}`, { cause: error }));
    });
    server.listen(
      { port: options.port, ...(options.host === undefined ? {} : { host: options.host }) },
      resolve,
    );
  });
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let page: Page;
  try {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const make = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (request.method !== 'GET' && request.method !== 'HEAD') page = textPage(405, 'method not allowed\n');
    else page = make === undefined ? textPage(404, 'not found\n') : await make();
  } catch {
    page = textPage(500, 'internal error\n');
  }
  request.resume();
  response.on('error', () => {});
  response.writeHead(page.status, {
    'content-type': page.contentType,
    'content-length': Buffer.byteLength(page.body),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : page.body);
}
