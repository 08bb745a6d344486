/**
 * The files of one commit, read without a work tree. Paths are inside the repository, `/`-separated, without a
 * leading `/`; the root is ''. Symlinks are followed inside the repository only. Spec 11 section 3.
 */

import { GitError } from './errors.ts';

export interface TreeEntry {
  /** `file` also for executables. Submodules are left out. */
  readonly type: 'file' | 'symlink';
  readonly size: number;
}

/** What a kind of repository must give. */
interface TreeData {
  readonly sha: string;
  /** Every file of the commit by its path. */
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** The bytes of a file, or the target of a symlink. */
  read(path: string): Promise<Uint8Array>;
}

export interface TreeLimits {
  readonly maxFileBytes: number;
  /** All that is read from one tree in one rendering. */
  readonly maxTotalBytes: number;
}

export const DEFAULT_TREE_LIMITS: TreeLimits = {
  maxFileBytes: 5 * 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
};
const MAX_LINKS = 16;

/** `a/b` + `../c` gives `a/c`; undefined when the path leaves the repository or is absolute. */
export function joinInside(directory: string, relative: string): string | undefined {
  if (relative.startsWith('/') || relative.includes('\0')) return undefined;
  const parts = directory === '' ? [] : directory.split('/');
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else {
      parts.push(part);
    }
  }
  return parts.join('/');
}

export const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0));

export class SourceTree {
  readonly #data: TreeData;
  readonly #limits: TreeLimits;
  readonly #directories = new Set<string>(['']);
  readonly #cache = new Map<string, string | Uint8Array>();
  #bytes = 0;

  constructor(data: TreeData, limits: TreeLimits = DEFAULT_TREE_LIMITS) {
    this.#data = data;
    this.#limits = limits;
    for (const path of data.entries.keys()) {
      for (let dir = parentOf(path); dir !== '' && !this.#directories.has(dir); dir = parentOf(dir)) {
        this.#directories.add(dir);
      }
    }
  }

  get sha(): string {
    return this.#data.sha;
  }

  /** The real path of what `path` names, symlinks followed; undefined when there is nothing. */
  async resolve(path: string): Promise<{ path: string; type: 'file' | 'directory' } | undefined> {
    let rest = path === '' ? [] : path.split('/');
    let done = '';
    let links = 0;
    while (rest.length > 0) {
      const [part = '', ...next] = rest;
      const here = done === '' ? part : `${done}/${part}`;
      const entry = this.#data.entries.get(here);
      if (entry?.type === 'symlink') {
        links += 1;
        if (links > MAX_LINKS) {
          throw new GitError('PathOutside', `${path}: more than ${MAX_LINKS} symbolic links in a row`);
        }
        const target = new TextDecoder().decode(await this.#data.read(here));
        const joined = joinInside(done, target);
        if (joined === undefined) {
          throw new GitError('PathOutside', `${here} is a symbolic link that leads out of the repository`);
        }
        rest = [...(joined === '' ? [] : joined.split('/')), ...next];
        done = '';
        continue;
      }
      if (entry !== undefined) return next.length === 0 ? { path: here, type: 'file' } : undefined;
      if (!this.#directories.has(here)) return undefined;
      done = here;
      rest = next;
    }
    return { path: done, type: 'directory' };
  }

  async isFile(path: string): Promise<boolean> {
    return (await this.resolve(path))?.type === 'file';
  }

  async isDirectory(path: string): Promise<boolean> {
    return (await this.resolve(path))?.type === 'directory';
  }

  /** Names of all files below a real directory (no symlink followed), relative to it, sorted by code unit. */
  filesBelow(directory: string): string[] {
    const prefix = directory === '' ? '' : `${directory}/`;
    const names: string[] = [];
    for (const path of this.#data.entries.keys()) {
      if (path.startsWith(prefix)) names.push(path.slice(prefix.length));
    }
    return names.sort();
  }

  async bytes(path: string): Promise<Uint8Array> {
    const real = await this.resolve(path);
    if (real === undefined)
      throw new GitError('PathNotFound', `${path} does not exist at ${this.sha.slice(0, 12)}`);
    if (real.type === 'directory')
      throw new GitError('PathNotFound', `${path} is a directory, a file is needed`);
    const cached = this.#cache.get(real.path);
    if (cached instanceof Uint8Array) return cached;
    const size = this.#data.entries.get(real.path)?.size ?? 0;
    if (size > this.#limits.maxFileBytes) {
      throw new GitError(
        'TooLarge',
        `${path} has ${size} bytes; the limit for a file is ${this.#limits.maxFileBytes}`,
      );
    }
    this.#bytes += size;
    if (this.#bytes > this.#limits.maxTotalBytes) {
      throw new GitError(
        'TooLarge',
        `the files that are read add up to more than ${this.#limits.maxTotalBytes} bytes`,
      );
    }
    const content = await this.#data.read(real.path);
    this.#cache.set(real.path, content);
    return content;
  }

  async text(path: string): Promise<string> {
    return new TextDecoder('utf-8').decode(await this.bytes(path));
  }
}
