/** Reads objects of a mirror through one `git cat-file --batch` for as long as a tree is open. */

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { GitError } from './errors.ts';

interface Request {
  readonly sha: string;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

export class BlobReader {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #timeoutMs: number;
  #buffer: Buffer = Buffer.alloc(0);
  #chunks: Buffer[] = [];
  #pending: Request[] = [];
  #wanted: { size: number } | undefined;
  #failed: Error | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(mirror: string, env: Readonly<Record<string, string>>, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#child = spawn('git', [`--git-dir=${mirror}`, 'cat-file', '--batch'], {
      env: { ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#advance();
    });
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', (error) =>
      this.#fail(new GitError('Failed', `git cat-file failed: ${error.message}`)),
    );
    this.#child.on('close', () =>
      this.#fail(new GitError('Failed', 'git cat-file ended before it had answered')),
    );
  }

  read(sha: string): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      this.#pending.push({ sha, resolve, reject });
      this.#arm();
      this.#child.stdin.write(`${sha}\n`);
    });
  }

  close(): void {
    this.#fail(new GitError('Failed', 'the tree is closed'));
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    this.#timer = setTimeout(
      () => this.#fail(new GitError('Timeout', `git cat-file gave no answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
  }

  #fail(error: Error): void {
    if (this.#failed !== undefined) return;
    this.#failed = error;
    clearTimeout(this.#timer);
    for (const request of this.#pending.splice(0)) request.reject(error);
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }

  /** Answers look like `<sha> blob <size>\n<bytes>\n`, or `<sha> missing\n`, in the order of the questions. */
  #advance(): void {
    for (;;) {
      const request = this.#pending[0];
      if (request === undefined) return;
      if (this.#wanted === undefined) {
        this.#collect();
        const end = this.#buffer.indexOf(10);
        if (end < 0) return;
        const [, kind, size] = this.#buffer.subarray(0, end).toString('latin1').split(' ');
        this.#buffer = this.#buffer.subarray(end + 1);
        if (kind !== 'blob' || size === undefined) {
          this.#pending.shift();
          request.reject(
            new GitError('Failed', `object ${request.sha} is ${kind ?? 'unreadable'} in the mirror`),
          );
          this.#arm();
          continue;
        }
        this.#wanted = { size: Number(size) };
      }
      const { size } = this.#wanted;
      const have = this.#buffer.length + this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      if (have < size + 1) return;
      this.#collect();
      const bytes = Uint8Array.from(this.#buffer.subarray(0, size));
      this.#buffer = this.#buffer.subarray(size + 1);
      this.#wanted = undefined;
      this.#pending.shift();
      this.#arm();
      request.resolve(bytes);
    }
  }

  #collect(): void {
    if (this.#chunks.length === 0) return;
    this.#buffer = Buffer.concat([this.#buffer, ...this.#chunks.splice(0)]);
  }
}
