/** The help of a command, made from what the command says of itself. Pure. */

import type { Command } from './command.ts';
import type { FlagSpec } from './flags.ts';
import { nameOf } from './resolve.ts';

export function helpText(path: readonly Command[], globals: readonly FlagSpec[]): string {
  const command = path.at(-1);
  if (command === undefined) return '';
  const name = nameOf(path);
  const children = (command.children ?? []).filter(({ hidden }) => hidden !== true);
  const flags = shown(command.flags ?? []);
  const isRoot = path.length === 1;
  return [
    command.description ?? `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    '',
    ...usageLines(path),
    ...section(
      'Aliases',
      command.aliases === undefined ? [] : [[command.name, ...command.aliases].join(', ')],
    ),
    ...section('Examples', exampleLines(command)),
    ...section('Commands', table(children.map((child) => [child.name, child.summary]))),
    ...section('Flags', table(flags.map(flagRow))),
    ...(isRoot ? section('Flags of all commands', table(shown(globals).map(flagRow))) : []),
    '',
    ...(children.length > 0 ? [`\`${name} <command> --help\` tells more about a command.`] : []),
    ...(isRoot ? [] : ['`kubectl sluice --help` lists the flags for connection, context and namespace.']),
    'Exit code: 0 when all went well, 1 on any error.',
    '',
  ].join('\n');
}

/** Short: for a command line that is wrong. */
export function usageText(path: readonly Command[]): string {
  return [...usageLines(path), `\`${nameOf(path)} --help\` tells more.`, ''].join('\n');
}

function usageLines(path: readonly Command[]): string[] {
  const command = path.at(-1);
  const name = nameOf(path);
  const own = [name, command?.takes, '[flags]'].filter((part) => part !== undefined).join(' ');
  const lines = command?.run === undefined ? [] : [own];
  if ((command?.children ?? []).length > 0) lines.push(`${name} <command> [flags]`);
  return lines.map((line, i) => (i === 0 ? `Usage: ${line}` : `       ${line}`));
}

const shown = (flags: readonly FlagSpec[]): FlagSpec[] =>
  flags.filter(({ hidden, deprecated }) => hidden !== true && deprecated === undefined);

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];

const exampleLines = ({ examples = [] }: Command): string[] =>
  examples.flatMap(({ line, about }) => [`# ${about}`, line]);

function flagRow({
  name,
  short,
  type,
  value,
  choices,
  help,
  default: otherwise,
}: FlagSpec): [string, string] {
  const placeholder = type === 'boolean' ? '' : ` ${choices?.join('|') ?? value ?? PLACEHOLDERS[type]}`;
  const left = `${short === undefined ? '    ' : `-${short}, `}--${name}${placeholder}`;
  return [left, otherwise === undefined ? help : `${help} (default ${otherwise})`];
}

const PLACEHOLDERS = {
  boolean: '',
  text: 'TEXT',
  texts: 'TEXT',
  integer: 'N',
  duration: 'DURATION',
  timeout: 'DURATION',
} as const;

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}
