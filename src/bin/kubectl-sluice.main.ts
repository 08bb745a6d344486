/** `kubectl-sluice`, which kubectl finds as `kubectl sluice`: composes, runs, and sets the exit code. */

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { connect } from '../cli/connect.ts';
import { runCli } from '../cli/run.ts';
import { systemClock } from '../kube/clock.ts';
import { exitWhenLauncherEnds } from './lifetime.ts';
import { version } from './version.ts';

/** A terminal sends Ctrl-C to launcher and program alike, and the launcher passes it on: both are one signal. */
const SAME_SIGNAL_MS = 200;

exitWhenLauncherEnds();

const stop = new AbortController();
let stoppedAt = Number.NEGATIVE_INFINITY;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted && performance.now() - stoppedAt > SAME_SIGNAL_MS) process.exit(1);
    if (stop.signal.aborted) return;
    stoppedAt = performance.now();
    stop.abort(new Error('interrupted'));
  });
}
// Whoever reads us may stop early, as `head` does.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}
// The timers of the clock keep no process alive, and between two tries there may be no connection either.
const alive = setInterval(() => {}, 1 << 30);

process.exitCode = await runCli(process.argv.slice(2), {
  io: {
    out: (chunk) => process.stdout.write(chunk),
    err: (chunk) => process.stderr.write(chunk),
    readFile: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
    env: process.env,
    isTerminal: process.stdout.isTTY === true,
    rows: () => (process.stdout.isTTY ? process.stdout.rows : undefined),
  },
  clock: systemClock,
  random: Math.random,
  signal: stop.signal,
  build: {
    version: `v${version()}`,
    details: [
      ['NodeVersion', process.version],
      ['Platform', `${process.platform}/${process.arch}`],
    ],
  },
  connect: (flags) => connect(flags, version()),
});
clearInterval(alive);
