/** A readiness probe, really performed: httpGet against the pod's server, everything else as "the port answers". */

import { request } from 'node:http';
import { connect } from 'node:net';
import type { Probe } from './behaviour.ts';
import type { Socket } from './network.ts';

/** undefined: it passed. Otherwise what the kubelet would say. */
export async function probe({ path, timeoutMs }: Probe, { host, port }: Socket): Promise<string | undefined> {
  return await new Promise((resolve) => {
    if (path === undefined) {
      const socket = connect({ host, port, timeout: timeoutMs });
      const finish = (failure: string | undefined): void => {
        socket.destroy();
        resolve(failure);
      };
      socket.once('connect', () => finish(undefined));
      socket.once('timeout', () => finish(`dial tcp ${host}:${port}: i/o timeout`));
      socket.once('error', (error) => finish(`dial tcp ${host}:${port}: ${error.message}`));
      return;
    }
    const asked = request(
      { host, port, path, timeout: timeoutMs, agent: false, headers: { 'user-agent': 'kube-probe/1.36' } },
      (response) => {
        response.resume();
        const code = response.statusCode ?? 0;
        const passed = code >= 200 && code < 400;
        resolve(passed ? undefined : `HTTP probe failed with statuscode: ${code}`);
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('context deadline exceeded')));
    asked.once('error', (error) => resolve(`Get "http://${host}:${port}${path}": ${error.message}`));
    asked.end();
  });
}
