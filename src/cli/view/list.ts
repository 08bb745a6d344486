/** The tables of `list` (spec 09 sections 5.3 and 5.4; analysis runs are ours). Pure. */

import type { KubeObject } from '../../kube/api.ts';
import { humanDuration } from '../../lang/duration.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import { durationOf, isCompleted } from '../model/experiment.ts';
import type { AnalysisRunModel } from '../model/analysis-run.ts';
import { createdAt, textAt } from '../model/read.ts';
import type { RolloutSummary } from '../model/rollout.ts';
import { plain, type Style } from './style.ts';
import { tableLines } from './table.ts';
import { ageOf } from './tree.ts';

export interface ListOptions {
  readonly withNamespace: boolean;
  /** When the line is printed, milliseconds since the epoch; undefined: not shown. */
  readonly timestamp?: number | undefined;
}

interface Column {
  readonly title: string;
  readonly width: number;
}

const column = (title: string, width: number): Column => ({ title, width });

const TIMESTAMP = column('TIMESTAMP', 20);
const NAMESPACE = column('NAMESPACE', 9);
const ROLLOUTS = [
  column('NAME', 10),
  column('STRATEGY', 9),
  column('STATUS', 12),
  column('STEP', 4),
  column('SET-WEIGHT', 10),
  column('READY', 5),
  column('DESIRED', 7),
  column('UP-TO-DATE', 10),
  column('AVAILABLE', 9),
];
const EXPERIMENTS = [
  column('NAME', 10),
  column('STATUS', 6),
  column('DURATION', 8),
  column('REMAINING', 9),
  column('AGE', 3),
];

const ANALYSIS_RUNS = [
  column('NAME', 10),
  column('OWNER', 9),
  column('REVISION', 8),
  column('STATUS', 12),
  column('MEASUREMENTS', 12),
  column('AGE', 3),
  column('MESSAGE', 7),
];

/** The part of a line that tells whether something changed. */
export function rolloutColumns(model: RolloutSummary): string[] {
  const { replicas } = model;
  return [
    model.name,
    model.strategy,
    model.status,
    model.step === undefined || model.step === '' ? '-' : model.step,
    model.setWeight === undefined ? '-' : String(model.setWeight),
    `${replicas.ready}/${replicas.current}`,
    String(replicas.desired),
    String(replicas.updated),
    String(replicas.available),
  ];
}

export interface Row {
  readonly namespace: string;
  readonly columns: readonly string[];
}

/** Without `header`, further lines under a table that was printed before; `widths` are those of that table. */
export function rolloutTable(
  rows: readonly Row[],
  options: ListOptions,
  style: Style,
  how: { header: boolean; widths?: readonly number[] } = { header: true },
): string[] {
  return listLines(ROLLOUTS, rows, options, style, how);
}

export function experimentTable(rows: readonly Row[], options: ListOptions, style: Style): string[] {
  return listLines(EXPERIMENTS, rows, options, style, { header: true });
}

export function analysisRunTable(rows: readonly Row[], options: ListOptions, style: Style): string[] {
  return listLines(ANALYSIS_RUNS, rows, options, style, { header: true });
}

export function analysisRunColumns(
  run: AnalysisRunModel & { readonly owner: string },
  now: number,
): string[] {
  const counts: [string, number][] = [
    ['ok', run.successful],
    ['failed', run.failed],
    ['inconclusive', run.inconclusive],
    ['error', run.error],
  ];
  const measured = counts.filter(([, n]) => n > 0).map(([word, n]) => `${n} ${word}`);
  return [
    run.name,
    run.owner === '' ? '-' : run.owner,
    run.revision === 0 ? '-' : String(run.revision),
    run.status,
    measured.length === 0 ? '-' : measured.join(', '),
    ageOf(run.createdAt, now),
    run.message,
  ];
}

/** The widths that a table of these rows has, for lines that come later. */
export function rolloutWidths(rows: readonly Row[]): number[] {
  return ROLLOUTS.map(({ title, width }, i) =>
    Math.max(title.length, width, ...rows.map(({ columns }) => columns[i]?.length ?? 0)),
  );
}

function listLines(
  columns: readonly Column[],
  rows: readonly Row[],
  { withNamespace, timestamp }: ListOptions,
  style: Style,
  { header, widths }: { header: boolean; widths?: readonly number[] },
): string[] {
  const lead = [...(timestamp === undefined ? [] : [TIMESTAMP]), ...(withNamespace ? [NAMESPACE] : [])];
  const head = [...lead, ...columns].map(({ title }) => plain(title));
  const body = rows.map((row) =>
    [
      ...(timestamp === undefined ? [] : [formatTime(timestamp)]),
      ...(withNamespace ? [row.namespace] : []),
      ...row.columns,
    ].map(plain),
  );
  const minimum = [
    ...lead.map(({ width }) => width),
    ...columns.map(({ width }, i) => Math.max(width, widths?.[i] ?? 0)),
  ];
  return tableLines(header ? [head, ...body] : body, style, minimum);
}

export function experimentColumns(experiment: KubeObject, now: number): string[] {
  const phase = textAt(experiment, 'status', 'phase');
  const duration = durationOf(experiment);
  const available = parseTime(textAt(experiment, 'status', 'availableAt'));
  const left =
    duration === undefined || available === undefined || isCompleted(phase) ? 0 : available + duration - now;
  return [
    experiment.metadata.name,
    phase,
    duration === undefined ? '-' : humanDuration(duration),
    left > 0 ? humanDuration(left) : '-',
    ageOf(createdAt(experiment), now),
  ];
}
