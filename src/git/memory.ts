/** Repositories in memory, for simulations on a virtual clock and for tests: branches, tags and commits. */

import { createHash } from 'node:crypto';
import { GitError } from './errors.ts';
import { checkRevision, FULL_SHA, isShortSha, resolveInRefs } from './revision.ts';
import type { GitSource, RepositoryAccess } from './source.ts';
import { SourceTree, type TreeEntry } from './tree.ts';
import { parseRepositoryUrl } from './url.ts';

/** Path to text. A value of `{ link }` is a symbolic link. */
export type MemoryFiles = Readonly<Record<string, string | { readonly link: string }>>;

interface Commit {
  readonly sha: string;
  readonly parent: string | undefined;
  readonly message: string;
  readonly files: MemoryFiles;
}

export class MemoryRepository {
  readonly #commits = new Map<string, Commit>();
  readonly refs = new Map<string, string>();

  /** Replaces the whole tree of `branch`. Answers with the commit id. */
  commit(files: MemoryFiles, message = 'change', branch = 'main'): string {
    const ref = `refs/heads/${branch}`;
    const parent = this.refs.get(ref);
    const sha = createHash('sha1')
      .update(JSON.stringify([parent ?? '', message, files]))
      .digest('hex');
    this.#commits.set(sha, { sha, parent, message, files: { ...files } });
    this.refs.set(ref, sha);
    if (!this.refs.has('HEAD') || branch === 'main') this.refs.set('HEAD', sha);
    return sha;
  }

  /** Changes some files of the branch; `undefined` removes a file. */
  change(changes: Readonly<Record<string, string | undefined>>, message = 'change', branch = 'main'): string {
    const files: Record<string, string | { readonly link: string }> = { ...this.filesAt(this.head(branch)) };
    for (const [path, text] of Object.entries(changes)) {
      if (text === undefined) delete files[path];
      else files[path] = text;
    }
    return this.commit(files, message, branch);
  }

  /** A new commit with the files that were there before the last one. */
  revert(branch = 'main'): string {
    const last = this.#commits.get(this.head(branch));
    if (last?.parent === undefined) throw new Error('nothing to revert');
    return this.commit(this.filesAt(last.parent), `Revert "${last.message}"`, branch);
  }

  tag(name: string, sha: string): void {
    this.refs.set(`refs/tags/${name}`, sha);
  }

  head(branch = 'main'): string {
    const sha = this.refs.get(`refs/heads/${branch}`);
    if (sha === undefined) throw new Error(`no branch ${branch}`);
    return sha;
  }

  has(sha: string): boolean {
    return this.#commits.has(sha);
  }

  find(prefix: string): string | undefined {
    return [...this.#commits.keys()].find((sha) => sha.startsWith(prefix));
  }

  filesAt(sha: string): MemoryFiles {
    return this.#commits.get(sha)?.files ?? {};
  }
}

export class MemoryGit implements GitSource {
  readonly repositories = new Map<string, MemoryRepository>();
  /** While set, everything fails with it: an unreachable server. */
  failure: GitError | undefined;
  /** A server that takes its time. */
  delay: ((url: string) => Promise<void> | undefined) | undefined;

  repository(url: string): MemoryRepository {
    const known = this.repositories.get(url) ?? new MemoryRepository();
    this.repositories.set(url, known);
    return known;
  }

  #open(access: RepositoryAccess): MemoryRepository {
    if (this.failure !== undefined) throw this.failure;
    parseRepositoryUrl(access.url, { allowFile: true });
    const repository = this.repositories.get(access.url);
    if (repository === undefined) {
      throw new GitError(
        'RepositoryNotFound',
        `repository ${access.url} does not exist; check source.repoURL`,
      );
    }
    return repository;
  }

  async resolve(access: RepositoryAccess, revision: string): Promise<string> {
    await this.delay?.(access.url);
    const repository = this.#open(access);
    const name = checkRevision(revision);
    const sha =
      resolveInRefs(name, repository.refs)?.sha ??
      (FULL_SHA.test(name) && repository.has(name) ? name : undefined) ??
      (isShortSha(name) ? repository.find(name) : undefined);
    if (sha === undefined) {
      throw new GitError(
        'RevisionNotFound',
        `revision "${name}" is not in ${access.url}; check source.targetRevision`,
      );
    }
    return sha;
  }

  async withTree<T>(
    access: RepositoryAccess,
    sha: string,
    read: (tree: SourceTree) => Promise<T>,
  ): Promise<T> {
    const files = this.#open(access).filesAt(sha);
    const encode = (path: string): Uint8Array => {
      const value = files[path];
      return new TextEncoder().encode(typeof value === 'object' ? value.link : (value ?? ''));
    };
    const entries = new Map<string, TreeEntry>(
      Object.entries(files).map(([path, value]) => [
        path,
        { type: typeof value === 'object' ? 'symlink' : 'file', size: encode(path).length },
      ]),
    );
    return await read(new SourceTree({ sha, entries, read: async (path) => encode(path) }));
  }
}
