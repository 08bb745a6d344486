/** What `plan` shows a person: a course as a table, then gates, times and what is wrong. Pure. */

import { formatDuration } from '../../lang/duration.ts';
import type { CourseModel, GateModel, MomentModel, PartModel, TimesModel } from '../model/foresight.ts';
import { type Cell, type Color, plain, printable, type Style } from './style.ts';
import { tableLines } from './table.ts';

export function courseLines(course: CourseModel, style: Style): string[] {
  const { name, namespace, problems, assumed, parts } = course;
  const where = namespace === '' ? name : `${namespace}/${name}`;
  return [
    printable(`Rollout ${where}: ${summaryOf(course)}`),
    ...section(
      'Fields that are wrong or unknown',
      problems.map((p) => `${p.object}: ${p.field}: ${p.message}`),
    ),
    ...section('Not in the file, and taken to be there and to fit', assumed),
    ...parts.flatMap((part) => ['', ...partLines(course, part, style)]),
  ];
}

function summaryOf({ strategy, routers, replicas, steps }: CourseModel): string {
  if (replicas === undefined) return "its spec can't be read";
  const pods = `${replicas} pod${replicas === 1 ? '' : 's'}`;
  if (strategy === '') return pods;
  if (strategy === 'blueGreen') return `blue-green, ${pods}`;
  const by = routers.length === 0 ? 'weights by numbers of pods' : `traffic by ${routers.join(' and ')}`;
  return `canary, ${pods}, ${steps.length} step${steps.length === 1 ? '' : 's'}, ${by}`;
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${printable(line)}`)];

const TITLES: Readonly<Record<PartModel['kind'], string>> = {
  'first deploy': 'The first deploy',
  update: 'An update of the pod template',
  rollback: 'Back to an earlier version',
  'update under way': 'How the update under way goes on',
  change: 'A change without a new version',
  nothing: 'Nothing to do: all is as it is wanted',
};

function partLines(course: CourseModel, part: PartModel, style: Style): string[] {
  if (part.refusal !== undefined) return ['Nothing would be done:', `  ${printable(part.refusal)}`];
  if (part.moments.length === 0) return [TITLES[part.kind]];
  return [
    `${TITLES[part.kind]}:`,
    ...tableLines(rowsOf(course, part), style).map((line) => `  ${line}`),
    ...endingLines(part),
    ...part.gates.flatMap((gate) => gateLines(gate, course.steps.length)),
    ...timesLines(course, part),
  ];
}

const COLORS: Readonly<Record<string, Color>> = { Healthy: 'green', Degraded: 'red', Paused: 'yellow' };

/** Rows of moments in which something happens that a person wants to know. */
function rowsOf(course: CourseModel, { moments }: PartModel): Cell[][] {
  const isCanary = course.strategy === 'canary' && course.steps.length > 0;
  const isRouted = course.routers.length > 0;
  const row = (
    time: string,
    step: string,
    fresh: string,
    old: string,
    weight: string,
    what: Cell,
  ): Cell[] => [
    plain(time),
    ...(isCanary ? [plain(step)] : []),
    plain(fresh),
    plain(old),
    ...(isRouted ? [plain(weight)] : []),
    what,
  ];
  const rows = [row('TIME', 'STEP', 'NEW', 'OLD', 'WEIGHT', plain('WHAT HAPPENS'))];
  let before: MomentModel | undefined;
  for (const moment of merged(moments)) {
    const what = happening(moment, before);
    if (what.length > 0 || moment.step !== before?.step)
      rows.push(
        row(
          durationText(moment.seconds),
          stepOf(course, moment.step),
          `${moment.new.available}/${moment.new.size}`,
          `${moment.old.available}/${moment.old.size}`,
          String(moment.weight ?? ''),
          [{ text: what.map(({ text }) => text).join(', '), color: what.at(-1)?.color }],
        ),
      );
    before = moment;
  }
  return rows;
}

/** What happens at one instant within one step stands in one row. */
function merged(moments: readonly MomentModel[]): MomentModel[] {
  const result: MomentModel[] = [];
  for (const moment of moments) {
    const last = result.at(-1);
    if (
      last !== undefined &&
      last.seconds === moment.seconds &&
      last.step === moment.step &&
      !moment.promoted
    )
      result[result.length - 1] = {
        ...moment,
        actions: [...last.actions, ...moment.actions],
        promoted: last.promoted,
      };
    else result.push(moment);
  }
  return result;
}

function happening(
  moment: MomentModel,
  before: MomentModel | undefined,
): { text: string; color?: Color | undefined }[] {
  const texts: { text: string; color?: Color | undefined }[] = moment.actions.map((text) => ({ text }));
  if (moment.promoted) texts.unshift({ text: 'someone promotes' });
  const color = COLORS[moment.phase];
  const isNews =
    moment.phase !== before?.phase || (moment.phase !== 'Progressing' && moment.message !== before.message);
  if (isNews && color !== undefined)
    texts.push({ text: moment.message === '' ? moment.phase : `${moment.phase}: ${moment.message}`, color });
  return texts;
}

function stepOf({ steps }: CourseModel, index: number | undefined): string {
  if (index === undefined || steps.length === 0) return '';
  const text = steps[index];
  return text === undefined ? 'all done' : `${index + 1}/${steps.length} ${text}`;
}

/** `1h2m3.5s` without zeros at its end. */
export const durationText = (seconds: number): string => {
  const tenths = Math.round(seconds * 10) * 100;
  return formatDuration(tenths)
    .replace(/(?<=[hm])0s$/, '')
    .replace(/(?<=h)0m$/, '');
};

function endingLines({ ending, moments }: PartModel): string[] {
  const last = moments.at(-1);
  if (ending === 'settled' || last === undefined) return [];
  if (ending === 'endless') return ['  It goes on for longer than was looked ahead.'];
  const why = last.message === '' ? last.phase : `${last.phase}: ${last.message}`;
  return [`  Here it stays until a person does something (${printable(why)}).`];
}

function gateLines(gate: GateModel, steps: number): string[] {
  const place =
    gate.step === undefined
      ? `${gate.type} analysis`
      : `${gate.type} analysis of step ${gate.step + 1}/${steps}`;
  const quick =
    gate.quickestSeconds === undefined ? 'as long as the update lasts' : durationText(gate.quickestSeconds);
  const slow =
    gate.slowestSeconds === undefined || gate.slowestSeconds === gate.quickestSeconds
      ? ''
      : `, ${durationText(gate.slowestSeconds)} at the longest`;
  const fails =
    gate.failsAfterSeconds === undefined
      ? ''
      : `; a bad version fails it after ${durationText(gate.failsAfterSeconds)}`;
  return [
    '',
    printable(`  Gate: ${place}, from ${durationText(gate.startsAtSeconds)}: takes ${quick}${slow}${fails}`),
    ...gate.metrics
      .flatMap((metric) =>
        metric.seen
          ? [
              `    ${metric.name}: ${metric.provider}${metric.query === undefined ? '' : ` ${metric.query}`}`,
              ...[
                metric.successCondition === undefined ? undefined : `good where ${metric.successCondition}`,
                metric.failureCondition === undefined ? undefined : `bad where ${metric.failureCondition}`,
                `measured ${metric.count === undefined ? (metric.interval === undefined ? 'once' : 'without end') : `${metric.count} times`}` +
                  (metric.interval === undefined ? '' : ` every ${metric.interval}`) +
                  (metric.initialDelay === undefined ? '' : ` after ${metric.initialDelay}`),
                `failures allowed: ${metric.failureLimit ?? 0}`,
                metric.holds ? 'without a clear answer it holds, for as long as there is none' : undefined,
                metric.waitsForTraffic ? 'measures nothing before the new version gets traffic' : undefined,
              ]
                .filter((line) => line !== undefined)
                .map((line) => `      ${line}`),
            ]
          : ['    its template is not in the file, and taken to pass at once'],
      )
      .map(printable),
  ];
}

function timesLines(course: CourseModel, { times, promotions, kind }: PartModel): string[] {
  const pods = `pods that are ready after ${durationText(course.podReadySeconds)}`;
  const people =
    promotions === 0
      ? ''
      : `, the wait for ${promotions === 1 ? 'a promotion' : `${promotions} promotions`} not counted`;
  const lines = [
    times.finishSeconds === undefined
      ? undefined
      : `finished after ${durationText(times.finishSeconds)}, with ${pods}${people}`,
    times.longestSeconds === undefined || times.longestSeconds === times.finishSeconds
      ? undefined
      : `finished after ${durationText(times.longestSeconds)} at the longest, where gates take all the tries that they have`,
    ...(kind === 'first deploy' ? [] : wayOutLines(course, times)),
  ].filter((line) => line !== undefined);
  return section('Times', lines).map((line) => (line === '' ? line : `  ${line}`));
}

function wayOutLines(
  { steps }: CourseModel,
  { abort, noticedSeconds, abortsByItself }: TimesModel,
): string[] {
  const lines: string[] = [];
  if (abort !== undefined) {
    const step =
      abort.step === undefined || steps.length === 0
        ? ''
        : ` (at worst: ${stepOf({ steps } as CourseModel, abort.step)})`;
    const { safeSeconds, doneSeconds } = abort;
    const safe = safeSeconds === 0 ? 'at once' : `within ${durationText(safeSeconds ?? 0)}`;
    lines.push(
      safeSeconds === undefined
        ? `an abort leaves users on the new version: the stable one has no pods to take them back${step}`
        : `an abort takes users off the new version ${safe}, and is through after ${durationText(doneSeconds)}${step}`,
    );
  }
  if (noticedSeconds !== undefined)
    lines.push(
      `a version that never gets ready is Degraded after ${durationText(noticedSeconds)}` +
        (abortsByItself ? ', and aborted' : ', and waits for someone to abort it'),
    );
  return lines;
}
