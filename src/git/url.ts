/**
 * Repository URLs. Only what is recognised here reaches `git`: anything that git might take for an option,
 * a remote helper (`ext::...`) or a local path is refused. Source: spec 11 section 3, facts.md.
 */

import { GitError } from './errors.ts';
import { redact } from './redact.ts';

export interface RepositoryUrl {
  readonly protocol: 'https' | 'ssh' | 'file';
  /** Given to git; carries no password. */
  readonly url: string;
  /** Credentials that stood in the URL. They're handed over through the environment instead. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly host: string;
}

const MAX_URL_LENGTH = 2048;
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$|^\[[0-9A-Fa-f:.]+\]$/;
const SCP_LIKE = /^([A-Za-z0-9_][A-Za-z0-9_.-]*)@([A-Za-z0-9][A-Za-z0-9._-]*):([^:].*)$/;

function refuse(url: string, why: string): GitError {
  return new GitError(
    'InvalidUrl',
    `repository URL "${redact(url.slice(0, 200))}" is refused: ${why}; use https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH`,
  );
}

export function parseRepositoryUrl(url: string, options: { allowFile: boolean }): RepositoryUrl {
  if (url === '') throw refuse(url, 'it is empty');
  if (url.length > MAX_URL_LENGTH) throw refuse(url, `it is longer than ${MAX_URL_LENGTH} characters`);
  if (url.startsWith('-')) throw refuse(url, 'it starts with "-", which git would take for an option');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f]/.test(url)) throw refuse(url, 'it holds a blank or a control character');

  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const [, user, host, path] = SCP_LIKE.exec(url) ?? [];
    if (user === undefined || host === undefined || path === undefined)
      throw refuse(url, 'its form is unknown');
    if (path.startsWith('-')) throw refuse(url, 'its path starts with "-"');
    return { protocol: 'ssh', url, username: user, password: undefined, host };
  }
  if (scheme !== 'https' && scheme !== 'ssh' && scheme !== 'file') {
    throw new GitError(
      'ProtocolNotAllowed',
      `repository URL "${redact(url)}" uses ${scheme}://, which is not allowed; use https://, ssh:// or USER@HOST:PATH`,
    );
  }
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw refuse(url, 'it is not a valid URL');
  }
  if (scheme === 'file') {
    if (!options.allowFile) {
      throw new GitError(
        'ProtocolNotAllowed',
        `repository URL "${url}" uses file://, which is off; start the controller with --allow-file-repos to allow it`,
      );
    }
    if (parsed.host !== '' && parsed.host !== 'localhost') throw refuse(url, 'a file:// URL names no host');
    return { protocol: 'file', url, username: undefined, password: undefined, host: '' };
  }
  if (!HOST.test(parsed.hostname)) throw refuse(url, 'its host is not a valid host name');
  if (parsed.search !== '' || parsed.hash !== '') throw refuse(url, 'it holds a query or a fragment');
  if (parsed.pathname.length < 2) throw refuse(url, 'it names no repository');
  const decoded = (text: string): string | undefined => {
    if (text === '') return undefined;
    try {
      return decodeURIComponent(text);
    } catch {
      throw refuse(url, 'its user part is not validly encoded');
    }
  };
  const username = decoded(parsed.username);
  const password = decoded(parsed.password);
  if (username?.startsWith('-')) throw refuse(url, 'its user starts with "-"');
  if (scheme === 'https') {
    parsed.username = '';
    parsed.password = '';
    return { protocol: 'https', url: parsed.toString(), username, password, host: parsed.host };
  }
  if (username !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(username)) {
    throw refuse(url, 'its user holds characters that are not allowed');
  }
  parsed.password = '';
  return { protocol: 'ssh', url: parsed.toString(), username, password: undefined, host: parsed.host };
}
