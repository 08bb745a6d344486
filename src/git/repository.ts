/**
 * One bare mirror and one lock for each repository. Commits are fetched shallowly and pinned by a ref of our
 * own; trees are read at the commit, without a work tree. Spec 11 section 3.
 */

import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobReader } from './blobs.ts';
import { gitEnvironment, run, type CommandResult } from './command.ts';
import { prepareCredentials, type PreparedCredentials } from './credentials.ts';
import { GitError } from './errors.ts';
import { classifyFailure } from './failures.ts';
import { redact } from './redact.ts';
import { checkRevision, FULL_SHA, isShortSha, resolveInRefs } from './revision.ts';
import type { GitSource, RepositoryAccess } from './source.ts';
import { DEFAULT_TREE_LIMITS, SourceTree, type TreeEntry, type TreeLimits } from './tree.ts';
import { parseRepositoryUrl, type RepositoryUrl } from './url.ts';

interface SystemGitOptions {
  /** Mirrors live here. Only this process may use it. */
  readonly cacheDirectory: string;
  /** `--allow-file-repos`. */
  readonly allowFile?: boolean | undefined;
  /** One git command. */
  readonly timeoutMs?: number | undefined;
  readonly treeLimits?: TreeLimits | undefined;
  /** Files in one commit. */
  readonly maxEntries?: number | undefined;
  /** Repositories that are worked on at the same time. */
  readonly parallel?: number | undefined;
  /** A mirror that holds more commits than this is made anew, so that the disk doesn't grow with uptime. */
  readonly maxPinned?: number | undefined;
}

interface Session {
  readonly url: RepositoryUrl;
  readonly mirror: string;
  readonly env: Record<string, string>;
  readonly secrets: readonly string[];
  readonly signal: AbortSignal | undefined;
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const PINS = 'refs/sluice/pinned';

export class SystemGit implements GitSource {
  readonly #options: { readonly [K in keyof SystemGitOptions]-?: NonNullable<SystemGitOptions[K]> };
  readonly #locks = new Map<string, Promise<unknown>>();
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Refs as last listed, so that fetching a commit asks for the ref that names it. */
  readonly #refOf = new Map<string, string>();

  constructor(options: SystemGitOptions) {
    this.#options = {
      cacheDirectory: options.cacheDirectory,
      allowFile: options.allowFile ?? false,
      timeoutMs: options.timeoutMs ?? 60_000,
      treeLimits: options.treeLimits ?? DEFAULT_TREE_LIMITS,
      maxEntries: options.maxEntries ?? 100_000,
      maxPinned: options.maxPinned ?? 50,
      parallel: options.parallel ?? 16,
    };
  }

  async resolve(repository: RepositoryAccess, revision: string, signal?: AbortSignal): Promise<string> {
    const name = checkRevision(revision);
    return await this.#session(repository, signal, async (session) => {
      if (FULL_SHA.test(name)) {
        await this.#ensureCommit(session, name);
        return name;
      }
      const found = resolveInRefs(name, await this.#listRefs(session));
      if (found !== undefined) {
        this.#refOf.set(`${session.mirror}\n${found.sha}`, found.ref);
        if (this.#refOf.size > 1000) this.#refOf.clear();
        return found.sha;
      }
      if (isShortSha(name)) {
        await this.#fetchAll(session);
        const parsed = await this.#git(session, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
        const sha = parsed.stdout.toString('latin1').trim();
        if (parsed.code === 0 && FULL_SHA.test(sha)) return sha;
      }
      throw new GitError(
        'RevisionNotFound',
        `revision "${name}" is not in ${redact(repository.url)}; check source.targetRevision`,
      );
    });
  }

  async withTree<T>(
    repository: RepositoryAccess,
    sha: string,
    read: (tree: SourceTree) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (!FULL_SHA.test(sha)) throw new GitError('InvalidRevision', `"${sha}" is not a full commit id`);
    return await this.#session(repository, signal, async (session) => {
      await this.#ensureCommit(session, sha);
      const { entries, objects } = await this.#listTree(session, sha);
      const blobs = new BlobReader(session.mirror, session.env, this.#options.timeoutMs);
      try {
        return await read(
          new SourceTree(
            { sha, entries, read: (path) => blobs.read(objects.get(path) ?? '') },
            this.#options.treeLimits,
          ),
        );
      } finally {
        blobs.close();
      }
    });
  }

  /** Holds the repository's lock and its credentials while `work` runs. */
  async #session<T>(
    repository: RepositoryAccess,
    signal: AbortSignal | undefined,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const url = parseRepositoryUrl(repository.url, { allowFile: this.#options.allowFile });
    const mirror = join(
      this.#options.cacheDirectory,
      createHash('sha256').update(url.url).digest('hex').slice(0, 32),
    );
    return await this.#locked(mirror, async () => {
      await this.#turn();
      let prepared: PreparedCredentials | undefined;
      try {
        prepared = await prepareCredentials(url, repository.credentials ?? {});
        const env = gitEnvironment(url.protocol === 'file', prepared.env);
        const session: Session = { url, mirror, env, secrets: prepared.secrets, signal };
        await this.#openMirror(session);
        return await work(session);
      } finally {
        await prepared?.dispose();
        this.#running -= 1;
        this.#waiting.shift()?.();
      }
    });
  }

  /** Waits until fewer than `parallel` repositories are worked on. */
  async #turn(): Promise<void> {
    while (this.#running >= this.#options.parallel) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
  }

  async #locked<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.catch(() => {});
    this.#locks.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.#locks.get(key) === settled) this.#locks.delete(key);
    }
  }

  async #git(session: Session, args: readonly string[], input?: string): Promise<CommandResult> {
    return await run('git', [`--git-dir=${session.mirror}`, ...args], {
      env: session.env,
      signal: session.signal,
      timeoutMs: this.#options.timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      ...(input === undefined ? {} : { input }),
    });
  }

  #failure(session: Session, doing: string, result: CommandResult): GitError {
    const shown = redact(session.url.url, session.secrets);
    switch (result.ended) {
      case 'missing':
        return new GitError('GitMissing', 'the program git was not found on the PATH; install git');
      case 'timeout':
        return new GitError(
          'Timeout',
          `git ${doing} of ${shown} took longer than ${this.#options.timeoutMs / 1000} s and was ended; it is tried again`,
        );
      case 'aborted':
        return new GitError('Failed', `git ${doing} of ${shown} was stopped`);
      case 'output-limit':
        return new GitError(
          'TooLarge',
          `git ${doing} of ${shown} printed more than ${MAX_OUTPUT_BYTES} bytes`,
        );
      case 'exit':
        return classifyFailure(session.url.url, doing, result.stderr, session.secrets);
    }
  }

  async #openMirror(session: Session): Promise<void> {
    const check = await this.#git(session, ['for-each-ref', '--format=%(refname)', PINS]);
    if (check.ended === 'missing') throw this.#failure(session, 'open', check);
    const pinned = check.stdout.toString('utf8').split('\n').length - 1;
    if (check.code === 0 && pinned <= this.#options.maxPinned) return;
    await rm(session.mirror, { recursive: true, force: true });
    await mkdir(session.mirror, { recursive: true, mode: 0o700 });
    const made = await run('git', ['init', '--quiet', '--bare', '--template=', '--', session.mirror], {
      env: session.env,
      timeoutMs: this.#options.timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    if (made.code !== 0) throw this.#failure(session, 'init', made);
  }

  async #listRefs(session: Session): Promise<ReadonlyMap<string, string>> {
    const result = await this.#git(session, ['ls-remote', '--quiet', '--', session.url.url]);
    if (result.code !== 0) throw this.#failure(session, 'ls-remote', result);
    const refs = new Map<string, string>();
    for (const line of result.stdout.toString('utf8').split('\n')) {
      const [sha = '', ref] = line.split('\t');
      if (ref !== undefined && FULL_SHA.test(sha)) refs.set(ref, sha);
    }
    return refs;
  }

  async #hasCommit(session: Session, sha: string): Promise<boolean> {
    const result = await this.#git(session, ['cat-file', '-e', `${sha}^{tree}`]);
    return result.code === 0;
  }

  async #ensureCommit(session: Session, sha: string): Promise<void> {
    if (await this.#hasCommit(session, sha)) return;
    const fetch = (refspec: string): Promise<CommandResult> =>
      this.#git(session, [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--depth=1',
        '--',
        session.url.url,
        refspec,
      ]);
    const ref = this.#refOf.get(`${session.mirror}\n${sha}`);
    let result = await fetch(ref ?? sha);
    // The ref may have moved on meanwhile, and some servers give no commit by its id.
    if (ref !== undefined && result.code === 0 && !(await this.#hasCommit(session, sha)))
      result = await fetch(sha);
    if (result.ended !== 'exit') throw this.#failure(session, 'fetch', result);
    if (!(await this.#hasCommit(session, sha))) {
      if (
        result.code !== 0 &&
        !/not our ref|unadvertised object|couldn't find remote ref/i.test(result.stderr)
      ) {
        throw this.#failure(session, 'fetch', result);
      }
      await this.#fetchAll(session);
      if (!(await this.#hasCommit(session, sha))) {
        throw new GitError(
          'RevisionNotFound',
          `commit ${sha} is not in ${redact(session.url.url)} (on no branch or tag); check source.targetRevision`,
        );
      }
    }
    await this.#git(session, ['update-ref', '--', `${PINS}/${sha}`, sha]);
  }

  async #fetchAll(session: Session): Promise<void> {
    const shallow = await this.#git(session, ['rev-parse', '--is-shallow-repository']);
    const result = await this.#git(session, [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--prune',
      ...(shallow.stdout.toString('latin1').trim() === 'true' ? ['--unshallow'] : []),
      '--',
      session.url.url,
      '+refs/heads/*:refs/sluice/heads/*',
      '+refs/tags/*:refs/sluice/tags/*',
    ]);
    if (result.code !== 0) throw this.#failure(session, 'fetch', result);
  }

  async #listTree(
    session: Session,
    sha: string,
  ): Promise<{ entries: Map<string, TreeEntry>; objects: Map<string, string> }> {
    const result = await this.#git(session, ['ls-tree', '-r', '-l', '-z', '--full-tree', sha]);
    if (result.code !== 0) throw this.#failure(session, 'ls-tree', result);
    const entries = new Map<string, TreeEntry>();
    const objects = new Map<string, string>();
    for (const line of result.stdout.toString('utf8').split('\0')) {
      const tab = line.indexOf('\t');
      if (tab < 0) continue;
      const [mode, type, object = '', size = '0'] = line.slice(0, tab).split(/ +/);
      if (type !== 'blob') continue;
      const path = line.slice(tab + 1);
      entries.set(path, { type: mode === '120000' ? 'symlink' : 'file', size: Number(size) });
      objects.set(path, object);
      if (entries.size > this.#options.maxEntries) {
        throw new GitError(
          'TooLarge',
          `${redact(session.url.url)} holds more than ${this.#options.maxEntries} files at ${sha.slice(0, 12)}`,
        );
      }
    }
    return { entries, objects };
  }
}
