/** What `get analysisrun` shows: the run, and for each metric its values against its limits. Pure. */

import { humanDuration } from '../../lang/duration.ts';
import { type ConditionLimit, limitText } from '../../lang/condition-limits.ts';
import { parseTime } from '../../lang/time.ts';
import {
  type AnalysisDetail,
  drawnValue,
  type MeasurementModel,
  type MetricModel,
} from '../model/analysis-detail.ts';
import { numbersOf } from '../model/measured-value.ts';
import { keyLine } from './frame.ts';
import { phaseColor, phaseMark, statusCell } from './icons.ts';
import { bars, scaleOf, shortNumber } from './sparkline.ts';
import { type Cell, paint, plain, type Style } from './style.ts';
import { tableLines } from './table.ts';
import { ageOf, type Scene } from './tree.ts';

/** Measurements that are drawn, and those that are told one by one. */
const MAX_DRAWN = 80;
const MAX_TOLD = 5;
const MAX_TEXT = 160;
/** The question is what people come for. */
const MAX_QUESTION = 600;

export function analysisRunLines(run: AnalysisDetail, scene: Scene): string[] {
  const { style } = scene;
  const line = (key: string, value: string): string[] =>
    value === '' ? [] : [keyLine(key, plain(value), style)];
  return [
    ...line('Name:', run.name),
    ...line('Namespace:', run.namespace),
    keyLine('Status:', statusCell('AnalysisRun', run.status, style), style),
    ...line('Message:', run.message),
    ...line('Belongs to:', placeOf(run)),
    ...line('Took:', timesOf(run, scene)),
    ...(run.terminated ? line('Terminated:', 'its end was asked for') : []),
    ...run.metrics.flatMap((metric) => ['', ...metricLines(metric, style)]),
  ];
}

function placeOf({ owner, type, stepIndex, revision }: AnalysisDetail): string {
  const what = type === 'Step' && stepIndex !== '' ? `step ${stepIndex}` : type.toLowerCase();
  return [owner, revision === 0 ? '' : `revision ${revision}`, what].filter((part) => part !== '').join(', ');
}

function timesOf(run: AnalysisDetail, { now }: Scene): string {
  const begun = parseTime(run.startedAt);
  if (begun === undefined) return '';
  const ended = parseTime(run.completedAt);
  const length = humanDuration((ended ?? now) - begun);
  return ended === undefined
    ? `${length} so far`
    : `${length}, from ${run.startedAt} to ${run.completedAt} (${ageOf(run.completedAt, now)} ago)`;
}

function metricLines(metric: MetricModel, style: Style): string[] {
  const line = (key: string, value: Cell): string => keyLine(`  ${key}`, value, style);
  const text = (key: string, value: string, most = MAX_TEXT): string[] =>
    value === '' ? [] : [line(key, plain(clipped(value, most)))];
  const head = keyLine(
    'Metric:',
    [{ text: `${metric.name}  ` }, ...statusCell('AnalysisRun', metric.phase, style), ...dryRunCell(metric)],
    style,
  );
  return [
    head,
    ...text('Message:', metric.message),
    ...text('Asks:', [metric.provider, metric.asks].filter((part) => part !== '').join(': '), MAX_QUESTION),
    ...text('Succeeds when:', metric.successCondition),
    ...text('Fails when:', metric.failureCondition),
    ...text('Counts:', countsText(metric)),
    ...valueLines(metric, style),
    ...lastLines(metric, style),
  ];
}

const dryRunCell = ({ dryRun }: MetricModel): Cell =>
  dryRun ? [{ text: '  (dry run: decides nothing)' }] : [];

const clipped = (text: string, most = MAX_TEXT): string =>
  text.length <= most ? text : `${text.slice(0, most - 3)}...`;

/** `4 of 5 measured; successful 3, failed 1 (at most 1)`. */
function countsText(metric: MetricModel): string {
  const { limits } = metric;
  const measured =
    limits?.count === undefined ? `${metric.count} measured` : `${metric.count} of ${limits.count} measured`;
  const upTo = (limit: number | undefined): string =>
    limit === undefined ? '' : limit < 0 ? ' (any number)' : ` (at most ${limit})`;
  const inARow = limits?.consecutiveSuccessLimit ?? 0;
  return [
    measured,
    `successful ${metric.successful}`,
    `failed ${metric.failed}${upTo(limits?.failureLimit)}`,
    `inconclusive ${metric.inconclusive}${upTo(limits?.inconclusiveLimit)}`,
    `errors ${metric.error}, in a row ${metric.consecutiveError}${upTo(limits?.consecutiveErrorLimit)}`,
    ...(inARow > 0 ? [`successes in a row ${metric.consecutiveSuccess} (enough: ${inARow})`] : []),
  ].join('; ');
}

/** Values above, how each was judged below. */
function valueLines(metric: MetricModel, style: Style): string[] {
  const drawn = metric.measurements.slice(-MAX_DRAWN);
  if (drawn.length === 0) return [];
  const values = drawn.map(drawnValue);
  const limits = [...metric.successWhen, ...metric.failureWhen];
  const scale = scaleOf([...values, ...limits.map(({ value }) => value)]);
  const line = bars(values, scale, style);
  const marks = drawn.map(({ phase }) => phaseMark(phase, style));
  const isNumeric = values.some((value) => value !== undefined);
  const spark: Cell = [
    ...line.map((bar, i) => ({ text: bar, color: phaseColor(drawn[i]?.phase ?? '') })),
    { text: `  ${rangeText(values)}${limitsText(metric)}${seriesText(drawn)}` },
  ];
  return [
    ...(isNumeric ? [keyLine('  Values:', spark, style)] : []),
    keyLine(isNumeric ? '' : '  Judged:', marks, style),
  ];
}

function rangeText(values: readonly (number | undefined)[]): string {
  const numbers = values.filter((value) => value !== undefined);
  const { min, max } = scaleOf(numbers);
  const some = numbers.some((value) => Number.isFinite(value));
  if (!some) return 'no number';
  return min === max ? shortNumber(min) : `${shortNumber(min)} to ${shortNumber(max)}`;
}

export function limitsText(metric: Pick<MetricModel, 'successWhen' | 'failureWhen'>): string {
  const text = (limits: readonly ConditionLimit[]): string => limits.map(limitText).join(', ');
  const success = metric.successWhen.length === 0 ? '' : `, succeeds ${text(metric.successWhen)}`;
  const failure = metric.failureWhen.length === 0 ? '' : `, fails ${text(metric.failureWhen)}`;
  return success + failure;
}

function seriesText(drawn: readonly MeasurementModel[]): string {
  const most = drawn.reduce((max, { value }) => Math.max(max, numbersOf(value).length), 0);
  return most > 1 ? `; the first of ${most} series is drawn` : '';
}

function lastLines(metric: MetricModel, style: Style): string[] {
  const told = metric.measurements.slice(-MAX_TOLD).toReversed();
  const rows = told.map((measurement): Cell[] => [
    plain(`    ${timeOf(measurement)}`),
    statusCell('AnalysisRun', measurement.phase, style),
    plain(clipped(measurement.value === '' ? '-' : measurement.value)),
    plain(clipped(aboutText(measurement))),
  ]);
  const left = metric.measurements.length - told.length;
  if (rows.length === 0) return [];
  return [
    paint(plain(left > 0 ? `  Last ${told.length} measurements:` : '  Measurements:'), style),
    ...tableLines(rows, style),
  ];
}

const timeOf = ({ finishedAt, startedAt }: MeasurementModel): string =>
  (finishedAt === '' ? startedAt : finishedAt).replace(/^.*T(.*)Z$/, '$1');

/** The message, then whatever evidence there is of it. What the metric asks stands above. */
function aboutText({ message, metadata }: MeasurementModel): string {
  const evidence = Object.entries(metadata)
    .map(([key, value]) => [key.replace(/^sluice\.dev\//, ''), value] as const)
    .filter(([key]) => key !== 'query' && key !== 'url')
    .map(([key, value]) => `${key}=${value}`);
  return [message, evidence.join(' ')].filter((part) => part !== '').join('  ');
}
