/** The controller as its own process, as users run it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../src/bin/sluice.main.ts', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/sluice.js', import.meta.url));
const START_LIMIT_MS = 30_000;

export interface ControllerProcessOptions {
  readonly kubeconfig: string;
  readonly log: string;
  readonly args?: readonly string[];
  /** Of Node: `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What `npm run build` made, as it is shipped, instead of the sources. */
  readonly built?: boolean;
}

export class ControllerProcess {
  readonly child: ChildProcess;
  private readonly logFile: string;

  constructor({
    kubeconfig,
    log,
    args = [],
    nodeArgs = [],
    env = {},
    built = false,
  }: ControllerProcessOptions) {
    this.logFile = log;
    const out = openSync(log, 'a');
    this.child = spawn(
      process.execPath,
      [
        ...nodeArgs,
        built ? BUILT : PROGRAM,
        'controller',
        '--kubeconfig',
        kubeconfig,
        '--metricsPort',
        '0',
        '--healthzPort',
        '0',
        ...args,
      ],
      { stdio: ['ignore', out, out], env: { ...process.env, ...env, NODE_NO_WARNINGS: '1' } },
    );
    closeSync(out);
  }

  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Resolves once the log holds `pattern`. */
  async says(pattern: RegExp, limitMs = START_LIMIT_MS): Promise<void> {
    const limit = performance.now() + limitMs;
    while (!pattern.test(this.log)) {
      if (this.child.exitCode !== null)
        throw new Error(`the controller ended with ${this.child.exitCode}:\n${this.log}`);
      if (performance.now() > limit)
        throw new Error(`the controller did not say ${pattern}:\n${this.log.slice(-3000)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await ended;
  }
}
