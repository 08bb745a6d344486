/** From a command line to the command that it names and what is left for it. Pure. */

import { UsageError } from '../errors.ts';
import type { Command } from './command.ts';
import type { FlagSpec } from './flags.ts';
import { nearest } from './suggest.ts';

export interface Resolved {
  /** From the root to the command. */
  readonly path: readonly Command[];
  /** The line without the names of the commands. */
  readonly rest: readonly string[];
}

/** Flags may stand before the names, as in `kubectl sluice -n shop get rollout web`. Throws `UsageError`. */
export function resolveCommand(
  root: Command,
  globals: readonly FlagSpec[],
  argv: readonly string[],
): Resolved & { readonly error?: UsageError } {
  const path = [root];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i] ?? '';
    const command = path.at(-1) ?? root;
    const children = command.children ?? [];
    if (children.length === 0 || word === '--') return { path, rest: [...rest, ...argv.slice(i)] };
    if (word.startsWith('-') && word.length > 1) {
      rest.push(word);
      if (takesNext(word, [...globals, ...(command.flags ?? [])]) && i + 1 < argv.length) {
        i += 1;
        rest.push(argv[i] ?? '');
      }
      continue;
    }
    const child = children.find(({ name, aliases = [] }) => name === word || aliases.includes(word));
    if (child === undefined) return { path, rest: argv.slice(i), error: unknownCommand(word, path) };
    path.push(child);
  }
  return { path, rest };
}

function takesNext(word: string, specs: readonly FlagSpec[]): boolean {
  const spec = word.startsWith('--')
    ? specs.find(({ name }) => word === `--${name}`)
    : specs.find(({ short }) => short !== undefined && word === `-${short}`);
  return spec !== undefined && spec.type !== 'boolean';
}

function unknownCommand(word: string, path: readonly Command[]): UsageError {
  const known = (path.at(-1)?.children ?? []).filter(({ hidden }) => hidden !== true);
  const near = nearest(
    word,
    known.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
  );
  const names = known.map(({ name }) => name).join(', ');
  return new UsageError(
    `unknown command ${JSON.stringify(word)} for "${nameOf(path)}"; ` +
      (near === undefined ? `it is one of ${names}` : `did you mean "${near}"?`),
  );
}

/** `kubectl sluice get rollout`. */
export const nameOf = (path: readonly Command[]): string => path.map(({ name }) => name).join(' ');
