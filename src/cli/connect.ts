/** From flags to a cluster. */

import { createHttpApi } from '../kube/http/index.ts';
import { type ConnectionFlags, loadConnection } from '../kube/kubeconfig.ts';
import type { Session } from './invocation.ts';

/** Reads the kubeconfig; the first request connects. Rejects with `KubeconfigError`. */
export async function connect(flags: ConnectionFlags, version: string): Promise<Session> {
  const connection = await loadConnection(flags);
  const api = createHttpApi(connection, { userAgent: `kubectl-sluice/${version}` });
  return {
    api,
    namespace: connection.namespace,
    server: connection.server.href.replace(/\/$/, ''),
    context: connection.context,
    close: () => api.close(),
  };
}
