/** Icons of kinds and statuses, and their colours (spec 09 sections 6.4 and 7). Pure. */

import { type Cell, type Color, colored, type Piece, plain, type Style } from './style.ts';

export const KIND_ICONS = {
  Rollout: '⟳',
  Revision: '#',
  ReplicaSet: '⧉',
  Pod: '□',
  Job: '⊞',
  Experiment: 'Σ',
  AnalysisRun: 'α',
} as const;

export type ShownKind = keyof typeof KIND_ICONS;

interface Icon {
  readonly symbol: string;
  readonly color?: Color;
}

const DONE: Icon = { symbol: '✔', color: 'green' };
const UNDER_WAY: Icon = { symbol: '◌', color: 'blue' };
const FAILED: Icon = { symbol: '✖', color: 'red' };
const WARNING: Icon = { symbol: '⚠', color: 'red' };
const UNSURE: Icon = { symbol: '?', color: 'yellow' };

const STATUSES: ReadonlyMap<string, Icon> = new Map([
  ['Healthy', DONE],
  ['Successful', DONE],
  ['Progressing', UNDER_WAY],
  ['Running', UNDER_WAY],
  ['Paused', { symbol: '॥' }],
  ['Degraded', FAILED],
  ['Failed', FAILED],
  ['ReplicaFailure', FAILED],
  ['Error', WARNING],
  ['InvalidSpec', WARNING],
  ['Unknown', UNSURE],
  ['Inconclusive', UNSURE],
  ['Pending', { symbol: '◷', color: 'yellow' }],
  ['ScaledDown', { symbol: '•' }],
]);

const POD_STATUSES: ReadonlyMap<string, Icon> = new Map([
  ['Pending', UNDER_WAY],
  ['Terminating', UNDER_WAY],
  ['ContainerCreating', UNDER_WAY],
  ['Running', DONE],
  ['Completed', DONE],
  ['Failed', FAILED],
  ['InvalidImageName', FAILED],
  ['CrashLoopBackOff', FAILED],
  ['ImagePullBackOff', WARNING],
  ['RegistryUnavailable', WARNING],
  ['Unknown', UNSURE],
]);

function podIcon(status: string): Icon | undefined {
  if (status.startsWith('Init:')) return UNDER_WAY;
  if (status.startsWith('Signal:') || status.startsWith('ExitCode:')) return FAILED;
  if (status.endsWith('Error') || status.startsWith('Err')) return WARNING;
  return POD_STATUSES.get(status);
}

/** `✔ Healthy`; the bare word without symbols. */
export function statusCell(kind: ShownKind, status: string, style: Style): Cell {
  const icon = kind === 'Pod' ? podIcon(status) : STATUSES.get(status);
  if (!style.symbols || status === '') return plain(status);
  return [...colored(icon?.symbol ?? ' ', icon?.color), { text: ` ${status}` }];
}

const MARKS: Readonly<Record<string, string>> = {
  Successful: '+',
  Failed: 'x',
  Inconclusive: '?',
  Error: '!',
};

/** One character for the phase of a measurement or a run. */
export function phaseMark(phase: string, { symbols }: Style): Piece {
  const icon = STATUSES.get(phase);
  const typed = Object.hasOwn(MARKS, phase) ? MARKS[phase] : undefined;
  return { text: (symbols ? icon?.symbol : typed) ?? '.', color: icon?.color };
}

export const phaseColor = (phase: string): Color | undefined => STATUSES.get(phase)?.color;

export interface Counts {
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
}

/** `✔ 3,✖ 1`: how measurements went. */
export function countsCell(counts: Counts, style: Style): Cell {
  const parts: [Icon, string, number][] = [
    [DONE, 'successful', counts.successful],
    [FAILED, 'failed', counts.failed],
    [UNSURE, 'inconclusive', counts.inconclusive],
    [WARNING, 'error', counts.error],
  ];
  return parts
    .filter(([, , count]) => count > 0)
    .flatMap(([icon, word, count], i) => [
      { text: i === 0 ? '' : ',' },
      ...(style.symbols
        ? [{ text: icon.symbol, color: icon.color }, { text: ` ${count}` }]
        : [{ text: `${word}:${count}` }]),
    ]);
}

const TAGS: Readonly<Record<string, Color>> = {
  canary: 'yellow',
  stable: 'green',
  active: 'green',
  preview: 'blue',
  ping: 'blue',
  pong: 'blue',
};

export const tagColor = (tag: string): Color | undefined =>
  Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined;

/** Names of runs that are still going stand out. */
export const runColor = (status: string): Color | undefined =>
  status === 'Pending' || status === 'Running' ? 'blue' : undefined;
