/** The demo's child processes: each with a log of its own, all of them ended with the demo. */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A part of the demo could not be started, or ended before its time. */
export class ProcessFailed extends Error {
  override readonly name = 'ProcessFailed';
}

const STOP_MS = 8000;

export interface Running {
  readonly name: string;
  readonly log: string;
  /** Standard output, line by line. */
  onLine(listener: (line: string) => void): void;
  /** The first line, or `ProcessFailed` when there is none for too long. */
  firstLine(withinMs: number): Promise<string>;
  stop(): Promise<void>;
}

export class Processes {
  readonly #program: readonly string[];
  readonly #logs: string;
  readonly #running: Running[] = [];
  #ending = false;
  /** Rejects when a process ends that was not told to. */
  readonly died: Promise<never>;
  #reject: (error: Error) => void = () => {};

  /** @param program command and first arguments of this program itself */
  constructor(program: readonly string[], logs: string) {
    this.#program = program;
    this.#logs = logs;
    this.died = new Promise<never>((_, reject) => {
      this.#reject = reject;
    });
    this.died.catch(() => {});
  }

  start(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const log = join(this.#logs, `${name}.log`);
    const file = openSync(log, 'a');
    const [command = process.execPath, ...first] = this.#program;
    const child = spawn(command, [...first, ...args], {
      // A group of its own: Ctrl-C reaches the demo only, which then ends its parts in order.
      detached: true,
      stdio: ['ignore', 'pipe', file, 'ipc'],
      // The channel lets the child notice when the demo is killed, and end as well.
      env: { ...process.env, SLUICE_LAUNCHED: '1', NODE_NO_WARNINGS: '1', ...env },
    });
    closeSync(file);
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    let told = false;
    void ended.then((how) => {
      if (!told && !this.#ending)
        this.#reject(
          new ProcessFailed(`the ${name} ended unexpectedly (${how})${lastWords(log)}; its log is ${log}`),
        );
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const running: Running = {
      name,
      log,
      onLine: (listener) => void lines.on('line', listener),
      firstLine: async (withinMs) =>
        await silentTooLong(
          `the ${name} was not ready within ${withinMs / 1000} s; its log is ${log}`,
          withinMs,
          new Promise<string>((resolve) => void lines.once('line', resolve)),
        ),
      stop: async () => {
        told = true;
        await stop(child, ended);
      },
    };
    this.#running.push(running);
    return running;
  }

  /** The last one started first. */
  async stopAll(): Promise<void> {
    this.#ending = true;
    for (const running of this.#running.splice(0).reverse()) await running.stop();
  }
}

async function silentTooLong(what: string, withinMs: number, line: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // What has ended in the meantime is waited for by nobody.
    timer = setTimeout(() => reject(new ProcessFailed(what)), withinMs).unref();
  });
  try {
    return await Promise.race([line, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The last thing it said, for the message. */
function lastWords(log: string): string {
  try {
    const words = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
    return words === '' ? '' : `: ${words.slice(0, 300)}`;
  } catch {
    return '';
  }
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL');
    }
  }, STOP_MS);
  await ended;
  clearTimeout(timer);
}
