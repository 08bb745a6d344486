/**
 * What a connection shows to the API server: TLS material and the Authorization header. Files are read again at
 * most once a minute, as rotated ServiceAccount tokens and certificates need it; exec plug-ins, OIDC and other
 * auth providers are left to @kubernetes/client-node, which is loaded only when one of them is used.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import { type Cluster, KubeconfigError, type User } from './kubeconfig-file.ts';

export interface TlsMaterial {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Credentials {
  readonly tls: TlsMaterial;
  /** Changes whenever `tls` does. */
  readonly revision: string;
  /** The Authorization header; undefined: none. */
  readonly authorization: string | undefined;
}

export interface CredentialSource {
  current(): Promise<Credentials>;
  /** The server answered 401: get fresh ones next time. */
  invalidate(): void;
}

const REREAD_MS = 60_000;
/** After a 401 files are read again at once, but not more often than this. */
const FORCED_REREAD_MS = 1_000;

export function credentialSource(cluster: Cluster, user: User, clock: Clock): CredentialSource {
  const delegated =
    (user.exec !== undefined || user.authProvider !== undefined) && user.token === undefined
      ? new DelegatedAuth(user)
      : undefined;
  let cached: Credentials | undefined;
  let readAt = 0;
  let stale = false;
  let reading: Promise<Credentials> | undefined;

  const read = async (): Promise<Credentials> => {
    const [ca, cert, key, token] = await Promise.all([
      material(cluster.certificateAuthorityData, cluster.certificateAuthority, 'certificate authority'),
      material(user.clientCertificateData, user.clientCertificate, 'client certificate'),
      material(user.clientKeyData, user.clientKey, 'client key'),
      user.tokenFile === undefined ? user.token : readText(user.tokenFile, 'token file'),
    ]);
    const given = await delegated?.get();
    const tls: TlsMaterial = { ca, cert: given?.cert ?? cert, key: given?.key ?? key };
    return {
      tls,
      revision: createHash('sha256').update(JSON.stringify(tls)).digest('hex'),
      authorization: given?.authorization ?? authorizationOf(user, token?.trim()),
    };
  };

  return {
    async current() {
      const age = clock.monotonic() - readAt;
      // Plug-ins keep their own token and know when it expires, so they are asked each time.
      const fresh = delegated === undefined && (stale ? age < FORCED_REREAD_MS : age < REREAD_MS);
      if (cached !== undefined && fresh) return cached;
      reading ??= read().finally(() => {
        reading = undefined;
      });
      try {
        cached = await reading;
      } catch (error) {
        // A file that is being replaced just now: what was read a minute ago is still good, or soon a 401.
        if (cached === undefined) throw error;
      }
      readAt = clock.monotonic();
      stale = false;
      return cached;
    },
    invalidate() {
      stale = true;
      delegated?.reset();
    },
  };
}

function authorizationOf(user: User, token: string | undefined): string | undefined {
  if (token !== undefined && token !== '') return `Bearer ${token}`;
  if (user.username === undefined) return undefined;
  return `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
}

async function material(
  data: string | undefined,
  file: string | undefined,
  what: string,
): Promise<string | undefined> {
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  return file === undefined ? undefined : readText(file, what);
}

async function readText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KubeconfigError(`the ${what} ${file} can't be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

interface Delegated {
  authorization: string | undefined;
  cert: string | undefined;
  key: string | undefined;
}

/** exec, OIDC, azure and gcp through client-node. `reset` forgets its cached token. */
class DelegatedAuth {
  readonly #user: User;
  #config: Promise<{ applyToHTTPSOptions(options: object): Promise<void> }> | undefined;

  constructor(user: User) {
    this.#user = user;
  }

  reset(): void {
    this.#config = undefined;
  }

  async get(): Promise<Delegated> {
    this.#config ??= this.#load();
    const options: { headers?: Record<string, string>; cert?: string | Buffer; key?: string | Buffer } = {};
    try {
      await (await this.#config).applyToHTTPSOptions(options);
    } catch (error) {
      this.#config = undefined;
      const by =
        this.#user.exec === undefined ? 'auth provider' : `command '${String(this.#user.exec['command'])}'`;
      throw new KubeconfigError(
        `the ${by} of the kubeconfig gave no credentials: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
    return {
      authorization: options.headers?.['Authorization'],
      cert: options.cert?.toString(),
      key: options.key?.toString(),
    };
  }

  async #load(): Promise<{ applyToHTTPSOptions(options: object): Promise<void> }> {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    const user = { name: 'user', exec: this.#user.exec, authProvider: this.#user.authProvider };
    config.loadFromClusterAndUser({ name: 'cluster', server: 'https://unused', skipTLSVerify: false }, user);
    return config;
  }
}
