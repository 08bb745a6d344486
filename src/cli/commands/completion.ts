/** What may stand next on the command line: the hidden `__complete` that shells and kubectl call. */

import type { Clock } from '../../kube/clock.ts';
import { ANALYSIS_RUN, EXPERIMENT, ROLLOUT } from '../../kube/kinds.ts';
import type { ConnectionFlags } from '../../kube/kubeconfig.ts';
import { connectionFlags, GLOBAL_FLAGS } from '../args/connection.ts';
import { parseFlags } from '../args/flags.ts';
import { resolveCommand } from '../args/resolve.ts';
import type { Session } from '../invocation.ts';
import type { CliIo } from '../io.ts';
import { COMMANDS } from './index.ts';
import { deadline } from '../live/deadline.ts';
import { listAll } from '../../kube/list-all.ts';

const TYPES = { rollout: ROLLOUT, experiment: EXPERIMENT, analysisrun: ANALYSIS_RUN };
/** Nobody waits longer for a Tab. */
const PATIENCE_MS = 3000;
/** Of the completion protocol: no file names. */
const NO_FILES = ':4';

interface CompleteOptions {
  readonly io: CliIo;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly connect: (flags: ConnectionFlags) => Promise<Session>;
}

/** Prints `word<tab>description` lines, then the directive. A line that makes no sense has no completions. */
export async function completeWords(words: readonly string[], options: CompleteOptions): Promise<number> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  let found: string[] = [];
  try {
    found = await candidates(before, current, options);
  } catch {
    // Completion never disturbs the line that is being typed.
  }
  const fitting = found.filter((line) => line.startsWith(current));
  options.io.out([...fitting, NO_FILES, ''].join('\n'));
  return 0;
}

async function candidates(
  before: readonly string[],
  current: string,
  options: CompleteOptions,
): Promise<string[]> {
  const { path, rest, error } = resolveCommand(COMMANDS, GLOBAL_FLAGS, before);
  if (error !== undefined) return [];
  const command = path.at(-1) ?? COMMANDS;
  const specs = [...(command.flags ?? []), ...GLOBAL_FLAGS];
  if (current.startsWith('-'))
    return specs
      .filter(({ hidden, deprecated }) => hidden !== true && deprecated === undefined)
      .map(({ name, help }) => `--${name}\t${help}`);
  const { flags, args } = parseFlags(rest, specs);
  if (command.children !== undefined && args.length === 0)
    return command.children
      .filter(({ hidden }) => hidden !== true)
      .map(({ name, summary }) => `${name}\t${summary}`);
  if (command.completes === undefined || args.length > 0) return [];
  const session = await options.connect(connectionFlags(flags));
  const limit = deadline(options.clock, options.signal, PATIENCE_MS);
  try {
    const { namespace } = session;
    const objects = await listAll(session.api, TYPES[command.completes], { namespace, signal: limit.signal });
    return objects.map(({ metadata }) => metadata.name).toSorted();
  } finally {
    limit.end();
    session.close?.();
  }
}
