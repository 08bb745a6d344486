/** Turns what git printed on stderr (in the C locale) into an error that says what to do. */

import { GitError } from './errors.ts';
import { redact } from './redact.ts';

/** One line, at most 300 characters, without secrets. */
function firstLines(stderr: string, secrets: readonly string[]): string {
  const text = redact(stderr, secrets)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('hint:') && !line.startsWith('warning:'))
    .join('; ');
  return text.length > 300 ? `${text.slice(0, 297)}...` : text;
}

const RULES: readonly (readonly [RegExp, GitError['code'], (url: string) => string])[] = [
  [
    /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/i,
    'HostKeyUnknown',
    (url) =>
      `the host key of ${url} is not known; add it to the key ssh_known_hosts of ConfigMap argocd-ssh-known-hosts-cm`,
  ],
  [
    /could not read (?:Username|Password)|Authentication failed|Permission denied|HTTP Basic: Access denied|returned error: 40[13]|Invalid username or (?:password|token)/i,
    'AuthenticationFailed',
    (url) =>
      `${url} refused the credentials, or wants some; check the Secret labelled argocd.argoproj.io/secret-type: repository`,
  ],
  [
    /repository .*not found|does not appear to be a git repository|does not exist|returned error: 404|Repository not found/i,
    'RepositoryNotFound',
    (url) => `repository ${url} does not exist or may not be read; check source.repoURL and its credentials`,
  ],
  [
    /dubious ownership/i,
    'RepositoryNotFound',
    (url) =>
      `repository ${url} belongs to another user of this machine, and git refuses to read it; change its owner`,
  ],
  [
    /Could not resolve host|Connection refused|Connection timed out|Failed to connect|Network is unreachable|Connection reset|Could not read from remote|early EOF|SSL|TLS|certificate|No route to host|unexpected disconnect/i,
    'Unreachable',
    (url) => `${url} could not be reached; it is tried again`,
  ],
  [
    /transport '.*' not allowed|protocol '.*' is not supported/i,
    'ProtocolNotAllowed',
    (url) => `${url} led to a protocol that is not allowed`,
  ],
];

export function classifyFailure(
  url: string,
  doing: string,
  stderr: string,
  secrets: readonly string[],
): GitError {
  const shown = redact(url, secrets);
  const said = firstLines(stderr, secrets);
  for (const [pattern, code, text] of RULES) {
    if (pattern.test(stderr))
      return new GitError(code, said === '' ? text(shown) : `${text(shown)} (git: ${said})`);
  }
  return new GitError('Failed', `git ${doing} of ${shown} failed: ${said === '' ? 'it said nothing' : said}`);
}
