/** What `backtest` shows: values against limits, verdicts under them, and runs told in words. Pure. */

import { formatDuration } from '../../lang/duration.ts';
import { parseTime } from '../../lang/time.ts';
import { isWorse } from '../../plan/analysis/assess.ts';
import type { AnalysisPhase } from '../../plan/analysis/types.ts';
import { type BacktestMetric, type BacktestModel, type BacktestRun, VERDICTS } from '../backtest/model.ts';
import { drawnValue } from '../model/analysis-detail.ts';
import { limitsText } from './analysis-run.ts';
import { chartLines, GUTTER, joined } from './chart.ts';
import { keyLine } from './frame.ts';
import { phaseMark, statusCell } from './icons.ts';
import { type Cell, paint, plain, type Style } from './style.ts';
import { tableLines } from './table.ts';

const MAX_COLUMNS = 72;
const HEIGHT = 7;
const MAX_SPANS = 12;

export function backtestLines(model: BacktestModel, style: Style): string[] {
  const grid = gridOf(model);
  const { from, to, stepSeconds, queries } = model;
  const line = (key: string, text: string): string => keyLine(key, plain(text), style);
  return [
    line('Template:', model.template),
    line(
      'Runs:',
      `one every ${formatDuration(stepSeconds * 1000)} from ${from} to ${to}; ${queries} queries`,
    ),
    keyLine('Verdicts:', verdictsCell(model, style), style),
    ...model.metrics.flatMap((metric) => ['', ...metricLines(metric, grid, style)]),
    '',
    markLine('a run begun', runColumns(model.runs, grid), style),
    paint(plain(axisText(grid)), style),
    '',
    ...spanLines(model.runs, style),
  ];
}

function verdictsCell({ summary }: BacktestModel, style: Style): Cell {
  return VERDICTS.filter((verdict) => (summary[verdict.toLowerCase()] ?? 0) > 0).flatMap((verdict, i) => [
    { text: `${i === 0 ? '' : ', '}${summary[verdict.toLowerCase()] ?? 0} ` },
    ...statusCell('AnalysisRun', verdict, style),
  ]);
}

interface Grid {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
}

/** One column for each start, or several starts for a column; measurements after the last start get columns too. */
function gridOf({ runs, metrics, from, stepSeconds }: BacktestModel): Grid {
  const times = [
    ...runs.map(({ startedAt }) => startedAt),
    ...metrics.flatMap(({ points }) => points.map((p) => p.time)),
  ];
  const begin = parseTime(from) ?? 0;
  const last = times.reduce((max, time) => Math.max(max, parseTime(time) ?? 0), begin);
  const steps = Math.floor((last - begin) / (stepSeconds * 1000)) + 1;
  const columns = Math.max(1, Math.min(MAX_COLUMNS, steps));
  return { from: begin, to: begin + Math.max(steps, 1) * stepSeconds * 1000, columns };
}

const columnOf = (time: string, { from, to, columns }: Grid): number =>
  Math.min(columns - 1, Math.floor((((parseTime(time) ?? from) - from) / (to - from)) * columns));

/** Of several in one column the worst is shown. */
function columnsOf<T extends { readonly phase: string }>(
  items: readonly T[],
  timeOf: (item: T) => string,
  grid: Grid,
): (T | undefined)[] {
  const columns = Array.from<T | undefined>({ length: grid.columns });
  for (const item of items) {
    const at = columnOf(timeOf(item), grid);
    const shown = columns[at];
    if (shown === undefined || isWorse(item.phase as AnalysisPhase, shown.phase as AnalysisPhase))
      columns[at] = item;
  }
  return columns;
}

const runColumns = (runs: readonly BacktestRun[], grid: Grid): (BacktestRun | undefined)[] =>
  columnsOf(runs, ({ startedAt }) => startedAt, grid);

function metricLines(metric: BacktestMetric, grid: Grid, style: Style): string[] {
  const columns = columnsOf(metric.points, ({ time }) => time, grid);
  const limits = [...metric.successWhen, ...metric.failureWhen].map(({ value }) => value);
  const points = columns.map((point) =>
    point === undefined ? undefined : { value: drawnValue(point), phase: point.phase },
  );
  const isDrawn = points.some((point) => point?.value !== undefined);
  return [
    keyLine('Metric:', plain(`${metric.name}${limitsText(metric)}`), style),
    ...(isDrawn
      ? chartLines(points, [...new Set(limits)], HEIGHT, style)
      : [plain('  no number was measured')]
    ).map((cell) => paint(cell, style).trimEnd()),
    markLine('judged', columns, style),
    paint(plain(axisText(grid)), style),
    ...messageLines(metric, style),
  ];
}

function markLine(
  label: string,
  columns: readonly ({ readonly phase: string } | undefined)[],
  style: Style,
): string {
  const marks = columns.map((item) => (item === undefined ? { text: ' ' } : phaseMark(item.phase, style)));
  return paint([{ text: `${label.padStart(GUTTER - 1)} ` }, ...joined(marks)], style).trimEnd();
}

/** Begin and end of the columns, under them. */
function axisText({ from, to, columns }: Grid): string {
  const short = (ms: number): string => new Date(ms).toISOString().slice(11, 19);
  const [first, last] = [short(from), short(to)];
  const gap = Math.max(1, columns - first.length - last.length);
  return `${' '.repeat(GUTTER)}${first}${' '.repeat(gap)}${columns > first.length + last.length ? last : ''}`.trimEnd();
}

/** What measurements without a verdict said, most frequent first. */
function messageLines({ points }: BacktestMetric, style: Style): string[] {
  const counts = new Map<string, number>();
  for (const { message } of points) if (message !== '') counts.set(message, (counts.get(message) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([message, count]) => paint(plain(`  ${count} times: ${message}`), style));
}

/** Neighbouring runs with one end and one reason, as one line. */
function spanLines(runs: readonly BacktestRun[], style: Style): string[] {
  const spans: { first: BacktestRun; last: BacktestRun; count: number }[] = [];
  for (const run of runs) {
    const span = spans.at(-1);
    if (span !== undefined && span.first.phase === run.phase) {
      span.last = run;
      span.count += 1;
    } else spans.push({ first: run, last: run, count: 1 });
  }
  const rows = spans
    .slice(0, MAX_SPANS)
    .map(({ first, last, count }): Cell[] => [
      plain(first.startedAt),
      plain(count === 1 ? '' : last.startedAt),
      plain(String(count)),
      statusCell('AnalysisRun', first.phase, style),
      plain(first.message),
    ]);
  const left = spans.length - rows.length;
  return [
    ...tableLines([['FIRST BEGUN', 'LAST BEGUN', 'RUNS', 'VERDICT', 'WHY'].map(plain), ...rows], style),
    ...(left > 0 ? [`... ${left} more lines: -o json has all runs`] : []),
  ];
}
