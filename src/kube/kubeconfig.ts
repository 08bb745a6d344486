/** From kubeconfig, in-cluster files and kubectl's connection flags to one `Connection`. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { type Clock, systemClock } from './clock.ts';
import { type CredentialSource, credentialSource } from './credentials.ts';
import { type Cluster, KubeconfigError, readKubeconfig, type User } from './kubeconfig-file.ts';

export { KubeconfigError } from './kubeconfig-file.ts';

/** kubectl's flags of the same names. */
export interface ConnectionFlags {
  kubeconfig?: string | undefined;
  context?: string | undefined;
  cluster?: string | undefined;
  user?: string | undefined;
  namespace?: string | undefined;
  server?: string | undefined;
  token?: string | undefined;
  certificateAuthority?: string | undefined;
  clientCertificate?: string | undefined;
  clientKey?: string | undefined;
  insecureSkipTlsVerify?: boolean | undefined;
  tlsServerName?: string | undefined;
  as?: string | undefined;
  asGroups?: readonly string[] | undefined;
  asUid?: string | undefined;
  requestTimeoutMs?: number | undefined;
}

export interface Impersonation {
  readonly user: string;
  readonly groups?: readonly string[] | undefined;
  readonly uid?: string | undefined;
}

export interface Connection {
  /** May have a path, which is the prefix of all others. */
  readonly server: URL;
  /** Of `--namespace`, the context, or the pod; `default` when none says. */
  readonly namespace: string;
  /** True when a flag, the context or the pod names the namespace. */
  readonly namespaceGiven: boolean;
  /** Name of the context; '' in a cluster or with bare flags. */
  readonly context: string;
  readonly inCluster: boolean;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName: string | undefined;
  /** http, https or socks URL through which to connect. */
  readonly proxyUrl: string | undefined;
  readonly impersonate: Impersonation | undefined;
  /** `--request-timeout`; undefined: the defaults of each verb. 0: none. */
  readonly requestTimeoutMs: number | undefined;
  readonly credentials: CredentialSource;
}

export interface LoadOptions {
  env?: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
  /** Where the files of a pod's ServiceAccount are. */
  serviceAccountDirectory?: string;
}

export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Rejects with `KubeconfigError`, whose message says what to do. Reads files; makes no connection. */
export async function loadConnection(
  flags: ConnectionFlags = {},
  options: LoadOptions = {},
): Promise<Connection> {
  const env = options.env ?? process.env;
  const clock = options.clock ?? systemClock;
  const config = await readKubeconfig(flags.kubeconfig, env);
  let cluster: Cluster = {};
  let user: User = {};
  let namespace: string | undefined;
  let contextName = '';
  let inCluster = false;

  if (config !== undefined) {
    contextName = flags.context ?? config.currentContext;
    const context = contextName === '' ? undefined : config.contexts.get(contextName);
    if (
      contextName !== '' &&
      context === undefined &&
      (flags.context !== undefined || flags.server === undefined)
    ) {
      throw new KubeconfigError(
        `context "${contextName}" does not exist in ${config.from}${oneOf([...config.contexts.keys()])}`,
      );
    }
    const clusterName = flags.cluster ?? context?.cluster ?? '';
    const userName = flags.user ?? context?.user ?? '';
    cluster = named(config.clusters, clusterName, 'cluster', config.from);
    user = named(config.users, userName, 'user', config.from);
    namespace = context?.namespace;
  } else if (flags.context !== undefined) {
    throw new KubeconfigError(`context "${flags.context}" does not exist: there is no kubeconfig`);
  }

  if (cluster.server === undefined && flags.server === undefined) {
    const pod = await podConnection(env, options.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY);
    if (pod === undefined) {
      throw new KubeconfigError(
        config === undefined
          ? 'there is no cluster to talk to: give --kubeconfig, set KUBECONFIG, or write ~/.kube/config'
          : `${config.from} names no server: set its current-context, or give --context or --server`,
      );
    }
    ({ cluster, user, namespace } = pod);
    inCluster = true;
  }

  if (flags.server !== undefined) cluster = { ...cluster, server: flags.server };
  if (flags.certificateAuthority !== undefined) {
    const { certificateAuthorityData: _, ...rest } = cluster;
    cluster = { ...rest, certificateAuthority: flags.certificateAuthority };
  }
  if (flags.tlsServerName !== undefined) cluster = { ...cluster, tlsServerName: flags.tlsServerName };
  if (flags.insecureSkipTlsVerify === true) {
    const { certificateAuthority: _, certificateAuthorityData: __, ...rest } = cluster;
    cluster = { ...rest, insecureSkipTlsVerify: true };
  }
  if (flags.token !== undefined) {
    const { tokenFile: _, exec: __, authProvider: ___, username: ____, password: _____, ...rest } = user;
    user = { ...rest, token: flags.token };
  }
  if (flags.clientCertificate !== undefined) {
    const { clientCertificateData: _, ...rest } = user;
    user = { ...rest, clientCertificate: flags.clientCertificate };
  }
  if (flags.clientKey !== undefined) {
    const { clientKeyData: _, ...rest } = user;
    user = { ...rest, clientKey: flags.clientKey };
  }
  const as = flags.as ?? user.impersonate;
  const groups = flags.asGroups ?? user.impersonateGroups;
  if (as === undefined && groups !== undefined && groups.length > 0) {
    throw new KubeconfigError('--as-group needs --as: a group can only be impersonated with a user');
  }
  if (as === undefined && flags.asUid !== undefined) {
    throw new KubeconfigError('--as-uid needs --as: a uid can only be impersonated with a user');
  }
  namespace = flags.namespace ?? namespace;

  return {
    server: serverUrl(cluster.server ?? ''),
    namespace: namespace ?? 'default',
    namespaceGiven: namespace !== undefined,
    context: contextName,
    inCluster,
    insecureSkipTlsVerify: cluster.insecureSkipTlsVerify === true,
    tlsServerName: cluster.tlsServerName,
    proxyUrl: cluster.proxyUrl,
    impersonate:
      as === undefined
        ? undefined
        : { user: as, groups, ...(flags.asUid === undefined ? {} : { uid: flags.asUid }) },
    requestTimeoutMs: flags.requestTimeoutMs,
    credentials: credentialSource(cluster, user, clock),
  };
}

function named<T extends object>(map: Map<string, T>, name: string, what: string, from: string): T {
  if (name === '') return {} as T;
  const found = map.get(name);
  if (found === undefined) {
    throw new KubeconfigError(`${what} "${name}" does not exist in ${from}${oneOf([...map.keys()])}`);
  }
  return found;
}

const oneOf = (names: readonly string[]): string =>
  names.length === 0 ? '' : `; it has ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', ...' : ''}`;

function serverUrl(server: string): URL {
  const text = /^[a-z]+:\/\//i.test(server) ? server : `https://${server}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new KubeconfigError(`the server address "${server}" is not a URL`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new KubeconfigError(`the server address "${server}" is neither https nor http`);
  }
  return url;
}

/** What a pod finds: the addresses in the environment and the files of its ServiceAccount. */
async function podConnection(
  env: Readonly<Record<string, string | undefined>>,
  directory: string,
): Promise<{ cluster: Cluster; user: User; namespace: string | undefined } | undefined> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port || !existsSync(`${directory}/token`)) return undefined;
  return {
    cluster: {
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      certificateAuthority: `${directory}/ca.crt`,
    },
    user: { tokenFile: `${directory}/token` },
    namespace: await podNamespace(directory),
  };
}

/** The namespace of the pod that this process runs in, if it does. */
export async function podNamespace(directory = SERVICE_ACCOUNT_DIRECTORY): Promise<string | undefined> {
  try {
    const text = (await readFile(`${directory}/namespace`, 'utf8')).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
