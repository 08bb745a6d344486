/** A connection to a server of a test, without credentials unless some are given. */

import type { Credentials } from '../../src/kube/credentials.ts';
import type { Connection } from '../../src/kube/kubeconfig.ts';

export function connection(
  url: string,
  more: Partial<Connection> = {},
  credentials: Partial<Credentials> = {},
): Connection {
  return {
    server: new URL(url),
    namespace: 'default',
    namespaceGiven: false,
    context: '',
    inCluster: false,
    insecureSkipTlsVerify: false,
    tlsServerName: undefined,
    proxyUrl: undefined,
    impersonate: undefined,
    requestTimeoutMs: undefined,
    credentials: {
      current: async () => ({ tls: {}, revision: '1', authorization: undefined, ...credentials }),
      invalidate: () => {},
    },
    ...more,
  };
}
