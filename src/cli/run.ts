/** The command line as a function: parse, run, tell what went wrong. Answers with the exit code, and sets nothing. */

import type { Clock } from '../kube/clock.ts';
import type { ConnectionFlags } from '../kube/kubeconfig.ts';
import type { Command } from './args/command.ts';
import { connectionFlags, GLOBAL_FLAGS } from './args/connection.ts';
import { type Flags, parseFlags } from './args/flags.ts';
import { helpText, usageText } from './args/help.ts';
import { resolveCommand } from './args/resolve.ts';
import { COMMANDS } from './commands/index.ts';
import { CliError, tellError, UsageError } from './errors.ts';
import { completeWords } from './commands/completion.ts';
import type { BuildInfo, Invocation, Session } from './invocation.ts';
import { type CliIo, isCapable } from './io.ts';
import { type OutputFormat, Printer } from './printer.ts';
import { printable } from './view/style.ts';

export interface CliOptions {
  readonly io: CliIo;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly build: BuildInfo;
  readonly connect: (flags: ConnectionFlags) => Promise<Session>;
}

/** 0: all went well; 1: any error. Never rejects. */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<number> {
  const { io } = options;
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
  if (words[0] === '__complete') return completeWords(words.slice(1), options);
  const { path, rest, error } = resolveCommand(COMMANDS, GLOBAL_FLAGS, words);
  const command = path.at(-1) ?? COMMANDS;
  let session: Promise<Session> | undefined;
  let printer: Printer | undefined;
  let verbose = false;
  try {
    if (asksForHelp(words)) {
      io.out(helpText(path, GLOBAL_FLAGS));
      return 0;
    }
    if (error !== undefined) throw error;
    if (command.run === undefined) {
      if (rest.length > 0) parseFlags(rest, [...GLOBAL_FLAGS, ...(command.flags ?? [])]);
      io.err(helpText(path, GLOBAL_FLAGS));
      return 1;
    }
    const { flags, args, notices } = parseFlags(rest, [...(command.flags ?? []), ...GLOBAL_FLAGS]);
    verbose = (flags.number('kloglevel') ?? 0) > 0;
    for (const notice of notices) io.err(`${notice}\n`);
    checkCount(command, args);
    printer = new Printer(io, (flags.text('output') as OutputFormat | undefined) ?? 'text');
    const invocation: Invocation = {
      ...options,
      args,
      flags,
      print: printer,
      style: styleOf(io, flags),
      session: () => (session ??= options.connect(connectionFlags(flags))),
    };
    await command.run(invocation);
    printer.finish();
    return 0;
  } catch (failure) {
    printer?.finish();
    await tell(failure);
    return 1;
  } finally {
    await close(session);
  }

  async function tell(failure: unknown): Promise<void> {
    if (options.signal.aborted && !(failure instanceof CliError)) {
      io.err('Error: interrupted\n');
      return;
    }
    const about = await session?.catch(() => undefined);
    const { message, hint } = tellError(failure, about);
    io.err(`Error: ${printable(message)}\n`);
    if (hint !== undefined) io.err(`Hint: ${printable(hint)}\n`);
    if (failure instanceof UsageError) io.err(`\n${usageText(path)}`);
    if (verbose && failure instanceof Error && failure.stack !== undefined) io.err(`${failure.stack}\n`);
  }
}

/** Anywhere before `--`, so that help is one key away whatever else is wrong with the line. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end < 0 ? undefined : end).some((word) => word === '--help' || word === '-h');
}

function checkCount(command: Command, args: readonly string[]): void {
  const { takes = '', min = 0, max = min } = command;
  if (args.length < min) throw new UsageError(`${takes.replaceAll(/[[\].]/g, '')} is missing`);
  if (args.length > max)
    throw new UsageError(
      max === 0
        ? `no argument is expected, but there is ${JSON.stringify(args[0])}`
        : `${max} argument${max === 1 ? ' is' : 's are'} expected, but there are ${args.length}`,
    );
}

/** Colours and symbols are for eyes: a terminal has them, a pipe or a file doesn't. */
function styleOf(io: CliIo, flags: Flags): Invocation['style'] {
  const capable = isCapable(io);
  const noColor = flags.boolean('no-color') || (io.env['NO_COLOR'] ?? '') !== '';
  return { color: capable && !noColor, symbols: capable || flags.boolean('symbols') };
}

async function close(session: Promise<Session> | undefined): Promise<void> {
  try {
    (await session)?.close?.();
  } catch {
    // It never came about; the reason has been told.
  }
}
