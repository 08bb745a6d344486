/** Names of revisions: what may be asked for, and how a list of refs answers. Spec 11 section 1. */

import { GitError } from './errors.ts';

export const FULL_SHA = /^[0-9a-f]{40}$/;
const SHORT_SHA = /^[0-9a-f]{7,39}$/;
const MAX_LENGTH = 255;

export function isShortSha(revision: string): boolean {
  return SHORT_SHA.test(revision);
}

/** Throws `GitError` for what git would take for an option, an expression or a range. `''` means HEAD. */
export function checkRevision(revision: string): string {
  if (revision === '') return 'HEAD';
  const refuse = (why: string): GitError =>
    new GitError(
      'InvalidRevision',
      `targetRevision "${revision.slice(0, 100)}" is refused: ${why}; use a branch, a tag, HEAD or a commit`,
    );
  if (revision.length > MAX_LENGTH) throw refuse(`it is longer than ${MAX_LENGTH} characters`);
  if (revision.startsWith('-')) throw refuse('it starts with "-", which git would take for an option');
  // The rules of git-check-ref-format, which also exclude ranges, `@{...}`, `^` and `~`.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(?:\/|$)/.test(revision)) {
    throw refuse('it is not a valid name of a ref');
  }
  if (/^[/.]|[/.]$|\/\./.test(revision) || revision === '@') throw refuse('it is not a valid name of a ref');
  return revision;
}

/** Ref name to object id, as `git ls-remote` prints it; `refs/tags/v1^{}` is the commit of an annotated tag. */
type RefList = ReadonlyMap<string, string>;

/**
 * The full name of the ref and its commit. A branch goes before a tag of the same name.
 * undefined: no such ref.
 */
export function resolveInRefs(revision: string, refs: RefList): { ref: string; sha: string } | undefined {
  const candidates =
    revision === 'HEAD' || revision.startsWith('refs/')
      ? [revision]
      : [`refs/heads/${revision}`, `refs/tags/${revision}`, `refs/${revision}`];
  for (const ref of candidates) {
    const sha = refs.get(`${ref}^{}`) ?? refs.get(ref);
    if (sha !== undefined) return { ref, sha };
  }
  return undefined;
}
