/** What one PATCH over a kept HTTPS connection costs this process, of which the client is the only work. */

import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createHttpApi } from '../../../src/kube/http/index.ts';
import { REPLICA_SET } from '../../../src/kube/kinds.ts';
import { connection } from '../../kube/connection.ts';

const AT_A_TIME = 8;
const REQUESTS = 6_000;
/** The best counts: the first are for the compiler, and others work on the machine as well. */
const ROUNDS = 6;

/** Microseconds of user and system time for each request. */
export async function benchRequest(): Promise<number> {
  const server = fork(new URL('./request-server.ts', import.meta.url));
  const port = await new Promise<unknown>((resolve) => server.once('message', resolve));
  const ca = readFileSync(new URL('../../kube/fixtures/ca.crt', import.meta.url), 'utf8');
  const api = createHttpApi(connection(`https://127.0.0.1:${String(port)}`, {}, { tls: { ca } }));
  const body = {
    metadata: { annotations: { a: 'b'.repeat(100) }, resourceVersion: '1' },
    spec: { replicas: 3 },
  };
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    let left = REQUESTS;
    const client = async (): Promise<void> => {
      while (left-- > 0)
        await api.patch(
          REPLICA_SET,
          { namespace: 'shop', name: 'web' },
          { type: 'merge', body },
          { fieldManager: 'sluice' },
        );
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, client));
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / REQUESTS);
  }
  api.close();
  server.disconnect();
  return best;
}
