/** A server of its own for `request.ts`: the same small answer to everything. */

import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../kube/fixtures/${name}`, import.meta.url));
const body = '{"kind":"ReplicaSet","metadata":{"name":"a"}}';

const server = createServer(
  { key: fixture('server.key'), cert: fixture('server.crt') },
  (request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.end(body);
    });
  },
);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
