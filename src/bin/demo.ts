/** `sluice demo`: reads flags, finds out what the terminal can do, runs the tour. */

import { runDemo } from '../demo/index.ts';
import { LEAST_COLUMNS } from '../demo/picture.ts';
import { describeFlags, type Flag, FlagError, parseFlags } from './flags.ts';
import { programAgain } from './program.ts';
import { abortOnSignals } from './signals.ts';

const FLAGS: readonly Flag[] = [
  {
    name: 'speed',
    kind: 'number',
    group: 'Flags',
    value: 'factor',
    fallback: 1,
    help: '2 is twice as fast, 0.5 half as fast',
  },
  {
    name: 'prometheus',
    kind: 'text',
    group: 'Flags',
    value: 'which',
    among: ['auto', 'real', 'builtin'],
    fallback: 'auto',
    help: 'a real Prometheus from the PATH, or the built-in one',
  },
  { name: 'keep', kind: 'switch', group: 'Flags', help: 'leave everything running at the end, for kubectl' },
  { name: 'no-color', kind: 'switch', group: 'Flags', help: 'no colours (also NO_COLOR)' },
  { name: 'help', short: 'h', kind: 'switch', group: 'Flags', help: 'print this' },
];

/** Resolves with the exit code: 0 when every check was true, 1 when not, 130 after Ctrl-C. */
export async function demoCommand(argv: string[]): Promise<number> {
  try {
    const flags = parseFlags('sluice demo', FLAGS, argv);
    if (flags.on('help')) {
      console.log(usage());
      return 0;
    }
    if (flags.rest.length > 0) throw new FlagError(`unexpected argument "${flags.rest[0]}"`);
    const speed = flags.number('speed') ?? 1;
    if (!(speed >= 0.1 && speed <= 10))
      throw new FlagError(`flag --speed is between 0.1 and 10, not ${speed}`);
    const { stdout, env } = process;
    const dumb = env['TERM'] === 'dumb';
    const keep = flags.on('keep');
    const stop = abortOnSignals(130);
    const code = await runDemo({
      program: programAgain(),
      out: stdout,
      live: stdout.isTTY === true && !dumb && stdout.columns > LEAST_COLUMNS,
      colour: stdout.isTTY === true && !dumb && !flags.on('no-color') && (env['NO_COLOR'] ?? '') === '',
      speed,
      keep,
      prometheus: (flags.text('prometheus') ?? 'auto') as 'auto' | 'real' | 'builtin',
      signal: stop,
    });
    return code;
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    console.error(`Error: ${error.message}`);
    return 1;
  }
}

function usage(): string {
  return [
    'The guided tour, on an embedded cluster, in about a minute and a half: a commit is synced, a canary takes real',
    'traffic step by step, a metric gate promotes the good version and aborts the bad one, `git revert` brings Git back',
    'in line, and changes by hand are put back. Every claim is measured; the exit code is 0 only if all were true.',
    '',
    'Usage: sluice demo [flags]',
    '',
    'Examples:',
    '  sluice demo',
    '  sluice demo --speed 2 --prometheus builtin',
    '  sluice demo --keep        # and then look around with kubectl',
    '',
    describeFlags(FLAGS),
    '',
    'Exit codes: 0 every check was true, 1 one was not, 130 interrupted. Needs git.',
  ].join('\n');
}
