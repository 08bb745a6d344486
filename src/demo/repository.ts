/** The demo's Git: a bare repository and a clone to commit from, by the system's git with an identity of its own. */

import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

/** Git could not do what the demo needs; the message has git's own words. */
export class GitFailed extends Error {
  override readonly name = 'GitFailed';
}

export class DemoRepository {
  /** `file://` URL of the bare repository. */
  readonly url: string;
  readonly #bare: string;
  readonly #clone: string;

  private constructor(directory: string) {
    this.#bare = join(directory, 'shop.git');
    this.#clone = join(directory, 'shop');
    this.url = pathToFileURL(this.#bare).href;
  }

  static async create(directory: string): Promise<DemoRepository> {
    const repository = new DemoRepository(directory);
    await git(directory, ['init', '--quiet', '--bare', '--initial-branch=main', repository.#bare]);
    await git(directory, ['clone', '--quiet', repository.#bare, repository.#clone]);
    await git(repository.#clone, ['checkout', '--quiet', '-B', 'main']);
    return repository;
  }

  /** Makes the work tree hold exactly these files, commits and pushes. Answers the full SHA. */
  async commit(message: string, files: ReadonlyMap<string, string>): Promise<string> {
    await git(this.#clone, ['rm', '-r', '--quiet', '--ignore-unmatch', '.']);
    for (const [path, text] of files) {
      const file = join(this.#clone, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    await git(this.#clone, ['add', '--all']);
    await git(this.#clone, ['commit', '--quiet', '-m', message]);
    return await this.#push();
  }

  /** `git revert` of one commit. Answers the new SHA. */
  async revert(sha: string): Promise<string> {
    await git(this.#clone, ['revert', '--no-edit', sha]);
    return await this.#push();
  }

  async remove(): Promise<void> {
    await rm(this.#clone, { recursive: true, force: true });
    await rm(this.#bare, { recursive: true, force: true });
  }

  async #push(): Promise<string> {
    await git(this.#clone, ['push', '--quiet', 'origin', 'main']);
    return (await git(this.#clone, ['rev-parse', 'HEAD'])).trim();
  }
}

async function git(cwd: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('git', [...args], {
      cwd,
      timeout: TIMEOUT_MS,
      env: {
        PATH: process.env['PATH'],
        LC_ALL: 'C',
        HOME: '/nonexistent',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_TERMINAL_PROMPT: '0',
        GIT_AUTHOR_NAME: 'Demo',
        GIT_AUTHOR_EMAIL: 'demo@example.com',
        GIT_COMMITTER_NAME: 'Demo',
        GIT_COMMITTER_EMAIL: 'demo@example.com',
      },
    });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    if (code === 'ENOENT')
      throw new GitFailed('there is no git on the PATH: install git and run the demo again');
    throw new GitFailed(`git ${args[0]} failed: ${stderr?.trim() || String(error)}`);
  }
}
