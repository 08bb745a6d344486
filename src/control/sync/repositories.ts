/** Credentials of repositories, from Secrets in the controller's namespace. Spec 11 section 3. */

import type { RepositoryCredentials } from '../../git/credentials.ts';
import { isObject } from '../../lang/json.ts';
import type { KubeApi, KubeObject } from '../../kube/api.ts';
import { ApiError } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { CONFIG_MAP, SECRET } from '../../kube/kinds.ts';
import type { Log } from '../controller.ts';

const LABEL = 'argocd.argoproj.io/secret-type';
const KNOWN_HOSTS = 'argocd-ssh-known-hosts-cm';
const KEEP_MS = 30_000;

interface Entry {
  readonly type: string;
  readonly url: string;
  readonly credentials: RepositoryCredentials;
}

/** `https://Host/x.git/` and `https://host/x` are the same repository. */
export function normalizedUrl(url: string): string {
  const trimmed = url
    .trim()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  return trimmed.replace(/^([a-z+]+:\/\/)?([^/:]*@)?([^/:]+)/i, (whole) => whole.toLowerCase());
}

export class RepositorySecrets {
  readonly #live: Pick<KubeApi, 'get' | 'list'>;
  readonly #clock: Clock;
  readonly #namespace: string;
  readonly #log: Log;
  #entries: readonly Entry[] = [];
  #knownHosts: string | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(live: Pick<KubeApi, 'get' | 'list'>, clock: Clock, namespace: string, log: Log) {
    this.#live = live;
    this.#clock = clock;
    this.#namespace = namespace;
    this.#log = log;
  }

  /** A Secret for the repository itself goes before the longest prefix among `repo-creds`. */
  async for(url: string): Promise<RepositoryCredentials> {
    if (this.#clock.monotonic() - this.#readAt >= KEEP_MS) await this.#read();
    const wanted = normalizedUrl(url);
    const own = this.#entries.find(
      (entry) => entry.type === 'repository' && normalizedUrl(entry.url) === wanted,
    );
    const template = this.#entries
      .filter((entry) => entry.type === 'repo-creds' && isBelow(wanted, normalizedUrl(entry.url)))
      .sort((a, b) => b.url.length - a.url.length)[0];
    const { username, password, sshPrivateKey, tlsClientCertData } = own?.credentials ?? {};
    const bare = [username, password, sshPrivateKey, tlsClientCertData].every((value) => value === undefined);
    const found = own !== undefined && !bare ? own : (template ?? own);
    return {
      ...found?.credentials,
      insecure: own?.credentials.insecure ?? found?.credentials.insecure,
      sshKnownHosts: this.#knownHosts,
    };
  }

  async #read(): Promise<void> {
    const namespace = this.#namespace;
    try {
      const { items } = await this.#live.list(SECRET, {
        namespace,
        labelSelector: `${LABEL} in (repository,repo-creds)`,
      });
      this.#entries = items.map(entryOf);
      const configMap = await this.#live
        .get(CONFIG_MAP, { namespace, name: KNOWN_HOSTS })
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.code === 404) return undefined;
          throw error;
        });
      const data = configMap?.['data'];
      const hosts = isObject(data) ? data['ssh_known_hosts'] : undefined;
      this.#knownHosts = typeof hosts === 'string' ? hosts : undefined;
    } catch (error) {
      // Public repositories need none of it.
      if (!(error instanceof ApiError) || (error.code !== 403 && error.code !== 404)) throw error;
      this.#log.warn({ namespace, error: error.message }, 'credentials of repositories could not be read');
    }
    this.#readAt = this.#clock.monotonic();
  }
}

const isBelow = (url: string, prefix: string): boolean =>
  prefix !== '' &&
  url.startsWith(prefix) &&
  (url.length === prefix.length || /[/:]$/.test(prefix) || /[/:]/.test(url[prefix.length] ?? ''));

function entryOf(secret: KubeObject): Entry {
  const data = isObject(secret['data']) ? secret['data'] : {};
  const read = (key: string): string | undefined => {
    const value = data[key];
    return typeof value === 'string' && value !== ''
      ? Buffer.from(value, 'base64').toString('utf8')
      : undefined;
  };
  return {
    type: secret.metadata.labels?.[LABEL] ?? '',
    url: read('url')?.trim() ?? '',
    credentials: {
      username: read('username'),
      password: read('password') ?? read('bearerToken'),
      sshPrivateKey: read('sshPrivateKey'),
      tlsClientCertData: read('tlsClientCertData'),
      tlsClientCertKey: read('tlsClientCertKey') ?? read('tlsClientKey'),
      insecure: [read('insecure'), read('insecureIgnoreHostKey')].includes('true') ? true : undefined,
    },
  };
}
