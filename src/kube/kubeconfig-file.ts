/** Kubeconfig files: reading, merging several, and choosing a context, by the rules of kubectl. No connections. */

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { isObject, type JsonObject } from '../lang/json.ts';
import { parseYaml } from '../lang/yaml.ts';

/** Says what is wrong with a kubeconfig or a connection flag, in one sentence that needs no stack. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

export interface Cluster {
  server?: string;
  certificateAuthority?: string;
  certificateAuthorityData?: string;
  insecureSkipTlsVerify?: boolean;
  tlsServerName?: string;
  proxyUrl?: string;
}

export interface User {
  token?: string;
  tokenFile?: string;
  clientCertificate?: string;
  clientCertificateData?: string;
  clientKey?: string;
  clientKeyData?: string;
  username?: string;
  password?: string;
  impersonate?: string;
  impersonateGroups?: string[];
  /** Left to @kubernetes/client-node. */
  exec?: JsonObject;
  authProvider?: JsonObject;
}

export interface Context {
  cluster: string;
  user: string;
  namespace?: string;
}

export interface Kubeconfig {
  /** Where it was read from, for messages. */
  from: string;
  currentContext: string;
  clusters: Map<string, Cluster>;
  users: Map<string, User>;
  contexts: Map<string, Context>;
}

const MAX_BYTES = 8 * 1024 * 1024;

/**
 * `explicit` (`--kubeconfig`) must exist and stands alone; else the files of KUBECONFIG, merged, missing ones
 * skipped; else `~/.kube/config`. Undefined when there is none.
 */
export async function readKubeconfig(
  explicit: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Kubeconfig | undefined> {
  if (explicit !== undefined && explicit !== '') {
    const config = await readOne(explicit);
    if (config === undefined) throw new KubeconfigError(`kubeconfig ${explicit} does not exist`);
    return config;
  }
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const paths = listed.length > 0 ? listed : [join(env['HOME'] ?? homedir(), '.kube', 'config')];
  const configs: Kubeconfig[] = [];
  for (const path of new Set(paths)) {
    const config = await readOne(path);
    if (config !== undefined) configs.push(config);
  }
  return configs.length === 0 ? undefined : mergeKubeconfigs(configs);
}

/** Of each name and of the current context the first file that has one counts. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const merged: Kubeconfig = {
    from: configs.map((config) => config.from).join(', '),
    currentContext: configs.find((config) => config.currentContext !== '')?.currentContext ?? '',
    clusters: new Map(),
    users: new Map(),
    contexts: new Map(),
  };
  for (const config of configs.toReversed()) {
    for (const [name, value] of config.clusters) merged.clusters.set(name, value);
    for (const [name, value] of config.users) merged.users.set(name, value);
    for (const [name, value] of config.contexts) merged.contexts.set(name, value);
  }
  return merged;
}

async function readOne(path: string): Promise<Kubeconfig | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new KubeconfigError(`kubeconfig ${path} can't be read: ${message}`, { cause: error });
  }
  if (text.length > MAX_BYTES) throw new KubeconfigError(`kubeconfig ${path} is larger than 8 MiB`);
  return parseKubeconfig(text, path);
}

/** Relative paths in it are relative to the file. */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  let document: unknown;
  try {
    document = parseYaml(text, path)[0] ?? {};
  } catch (error) {
    throw new KubeconfigError(`kubeconfig ${path}: ${(error as Error).message}`, { cause: error });
  }
  if (!isObject(document)) throw new KubeconfigError(`kubeconfig ${path} is not a mapping`);
  const base = dirname(path);
  return {
    from: path,
    currentContext: textAt(document, 'current-context') ?? '',
    clusters: entries(document, 'clusters', 'cluster', path, (raw) => clusterOf(raw, base)),
    users: entries(document, 'users', 'user', path, (raw) => userOf(raw, base)),
    contexts: entries(document, 'contexts', 'context', path, contextOf),
  };
}

function entries<T>(
  document: JsonObject,
  list: string,
  field: string,
  path: string,
  read: (raw: JsonObject) => T,
): Map<string, T> {
  const found = new Map<string, T>();
  const items = document[list] ?? [];
  if (!Array.isArray(items)) throw new KubeconfigError(`kubeconfig ${path}: ${list} is not a list`);
  for (const item of items) {
    if (!isObject(item) || typeof item['name'] !== 'string') {
      throw new KubeconfigError(`kubeconfig ${path}: an item of ${list} has no name`);
    }
    const raw = item[field] ?? {};
    if (!isObject(raw)) {
      throw new KubeconfigError(`kubeconfig ${path}: ${field} '${item['name']}' is not a mapping`);
    }
    if (!found.has(item['name'])) found.set(item['name'], read(raw));
  }
  return found;
}

const textAt = (raw: JsonObject, key: string): string | undefined => {
  const value = raw[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Only the keys that have a value, as `exactOptionalPropertyTypes` wants it. */
function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

const fileIn = (base: string, path: string | undefined): string | undefined =>
  path === undefined || isAbsolute(path) ? path : join(base, path);

function clusterOf(raw: JsonObject, base: string): Cluster {
  return present<Cluster>({
    server: textAt(raw, 'server'),
    certificateAuthority: fileIn(base, textAt(raw, 'certificate-authority')),
    certificateAuthorityData: textAt(raw, 'certificate-authority-data'),
    insecureSkipTlsVerify: raw['insecure-skip-tls-verify'] === true ? true : undefined,
    tlsServerName: textAt(raw, 'tls-server-name'),
    proxyUrl: textAt(raw, 'proxy-url'),
  });
}

function userOf(raw: JsonObject, base: string): User {
  const groups = raw['as-groups'];
  const exec = raw['exec'];
  const provider = raw['auth-provider'];
  return present<User>({
    token: textAt(raw, 'token'),
    tokenFile: fileIn(base, textAt(raw, 'tokenFile')),
    clientCertificate: fileIn(base, textAt(raw, 'client-certificate')),
    clientCertificateData: textAt(raw, 'client-certificate-data'),
    clientKey: fileIn(base, textAt(raw, 'client-key')),
    clientKeyData: textAt(raw, 'client-key-data'),
    username: textAt(raw, 'username'),
    password: textAt(raw, 'password'),
    impersonate: textAt(raw, 'as'),
    impersonateGroups: Array.isArray(groups)
      ? groups.filter((group): group is string => typeof group === 'string')
      : undefined,
    exec: isObject(exec) ? withCommandIn(exec, base) : undefined,
    authProvider: isObject(provider) ? provider : undefined,
  });
}

/** A command with a slash in it is relative to the kubeconfig; a bare name is looked up in the PATH. */
function withCommandIn(exec: JsonObject, base: string): JsonObject {
  const command = exec['command'];
  const relative = typeof command === 'string' && command.includes('/') && !isAbsolute(command);
  return relative ? { ...exec, command: join(base, command) } : exec;
}

function contextOf(raw: JsonObject): Context {
  return present<Context>({
    cluster: textAt(raw, 'cluster') ?? '',
    user: textAt(raw, 'user') ?? '',
    namespace: textAt(raw, 'namespace'),
  });
}
