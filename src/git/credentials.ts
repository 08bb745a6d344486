/**
 * What a private repository needs, and how it reaches git: only through the environment and through files
 * with mode 0600 in a directory of our own, never on a command line. Spec 11 section 3.
 */

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RepositoryUrl } from './url.ts';

export interface RepositoryCredentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly sshPrivateKey?: string | undefined;
  readonly tlsClientCertData?: string | undefined;
  readonly tlsClientCertKey?: string | undefined;
  /** Skips the check of the server's certificate or host key. */
  readonly insecure?: boolean | undefined;
  /** Lines of a known_hosts file. */
  readonly sshKnownHosts?: string | undefined;
}

export interface PreparedCredentials {
  readonly env: Readonly<Record<string, string>>;
  /** Texts that must not appear in any message. */
  readonly secrets: readonly string[];
  dispose(): Promise<void>;
}

const ASKPASS = `#!/bin/sh
case "$1" in
  [Uu]sername*) printf '%s\\n' "$SLUICE_GIT_USERNAME" ;;
  *) printf '%s\\n' "$SLUICE_GIT_PASSWORD" ;;
esac
`;

/** Our own paths only, but a shell reads GIT_SSH_COMMAND: quote all the same. */
const quoted = (path: string): string => `'${path.replaceAll("'", String.raw`'\''`)}'`;

export async function prepareCredentials(
  url: RepositoryUrl,
  given: RepositoryCredentials,
): Promise<PreparedCredentials> {
  const username = given.username ?? url.username;
  const password = given.password ?? url.password;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-git-'));
  const file = async (name: string, text: string, mode = 0o600): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text, { mode, flag: 'wx' });
    if (mode !== 0o600) await chmod(path, mode);
    return path;
  };
  const env: Record<string, string> = { HOME: directory };
  try {
    if (url.protocol === 'https') {
      env['GIT_ASKPASS'] = await file('askpass', ASKPASS, 0o700);
      env['SLUICE_GIT_USERNAME'] = username ?? '';
      env['SLUICE_GIT_PASSWORD'] = password ?? '';
      if (given.tlsClientCertData !== undefined && given.tlsClientCertKey !== undefined) {
        env['GIT_SSL_CERT'] = await file('client.crt', given.tlsClientCertData);
        env['GIT_SSL_KEY'] = await file('client.key', given.tlsClientCertKey);
      }
      if (given.insecure === true) env['GIT_SSL_NO_VERIFY'] = 'true';
    }
    if (url.protocol === 'ssh') {
      const options = ['ssh', '-F', '/dev/null', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'];
      options.push('-o', 'ConnectTimeout=20', '-o', 'GlobalKnownHostsFile=/dev/null');
      if (given.sshPrivateKey !== undefined) {
        const key = given.sshPrivateKey.replaceAll('\r\n', '\n');
        options.push('-i', quoted(await file('id', key.endsWith('\n') ? key : `${key}\n`)));
      }
      if (given.insecure === true) {
        options.push('-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null');
      } else {
        const knownHosts = await file('known_hosts', given.sshKnownHosts ?? '');
        options.push('-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${quoted(knownHosts)}`);
      }
      env['GIT_SSH_COMMAND'] = options.join(' ');
      env['GIT_SSH_VARIANT'] = 'ssh';
    }
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const secrets = [password, given.sshPrivateKey, given.tlsClientCertKey].filter(
    (secret): secret is string => secret !== undefined && secret !== '',
  );
  return { env, secrets, dispose: () => rm(directory, { recursive: true, force: true }) };
}
