/** `backtest`: what a template would have said of past data. */

import { formatDuration } from '../../lang/duration.ts';
import type { Answer } from '../../plan/analysis/answer.ts';
import type { EvidenceMode } from '../../plan/analysis/outcomes.ts';
import { samplesMetric } from '../../plan/analysis/samples.ts';
import { durationOf } from '../../plan/analysis/tasks.ts';
import type { Metric } from '../../plan/analysis/types.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { History } from '../backtest/history.ts';
import { backtestModel } from '../backtest/model.ts';
import { type Ask, simulateRun, type SimulatedRun } from '../backtest/simulate.ts';
import { type BacktestTemplate, prometheusOf, readBacktestTemplate } from '../backtest/template.ts';
import { readInstant, usualStep } from '../backtest/time-range.ts';
import { CliError, UsageError } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import { backtestLines } from '../view/backtest.ts';
import { NO_COLOR_FLAG, readArgument, SYMBOLS_FLAG } from './shared.ts';

const DEFAULT_MAX_QUERIES = 5_000;
const DEFAULT_LENGTH_MS = 30 * 60_000;
const MAX_RUNS = 5_000;
/** Runs that are looked at side by side. */
const ABREAST = 8;
const TELL_EVERY_MS = 2_000;

export const backtest: Command = {
  name: 'backtest',
  summary: 'draw what an analysis template would have said of past data',
  description:
    'Begins a run of the template at every step between two times of the past, asks Prometheus what it would have\n' +
    'answered then, and judges by the code of the controller. Nothing is written anywhere. Metrics of other providers\n' +
    'than Prometheus and the judge are left out.',
  takes: '[TEMPLATE]',
  min: 0,
  max: 1,
  flags: [
    {
      name: 'from',
      type: 'text',
      value: 'TIME',
      help: 'first run: 6h (so long ago), or 2026-01-31T12:00:00Z',
    },
    { name: 'to', type: 'text', value: 'TIME', help: 'last run', default: 'now' },
    { name: 'step', type: 'duration', help: 'from run to run; about 72 runs when absent' },
    {
      name: 'for',
      type: 'duration',
      help: 'how long a run is followed that does not end by itself',
      default: '30m',
    },
    {
      name: 'arg',
      short: 'a',
      type: 'texts',
      value: 'NAME=VALUE',
      help: 'argument of the template; may be repeated',
    },
    {
      name: 'prometheus',
      type: 'text',
      value: 'URL',
      help: 'ask this one, and not the address of the template',
    },
    {
      name: 'filename',
      short: 'f',
      type: 'text',
      value: 'FILE',
      help: 'file with the template; - is standard input',
    },
    {
      name: 'evidence',
      type: 'text',
      choices: ['stock', 'strict'],
      help: 'what no clear answer means; by the annotation of the template when absent, or stock',
    },
    { name: 'global', type: 'boolean', help: 'the template is a ClusterAnalysisTemplate' },
    {
      name: 'max-queries',
      type: 'integer',
      help: 'ask no more than so many',
      default: String(DEFAULT_MAX_QUERIES),
    },
    OUTPUT_FLAG,
    NO_COLOR_FLAG,
    SYMBOLS_FLAG,
  ],
  examples: [
    {
      about: 'A template of a file against the last six hours',
      line: 'kubectl sluice backtest -f error-rate.yaml --from 6h --prometheus http://localhost:9090 -a service=web',
    },
    {
      about: 'A template of the cluster, around an incident',
      line: 'kubectl sluice backtest error-rate --from 2026-01-31T10:00:00Z --to 2026-01-31T12:00:00Z --step 1m',
    },
  ],
  async run(invocation) {
    const { flags, args, clock, print, style, io } = invocation;
    const now = clock.now();
    const from = flags.text('from');
    if (from === undefined) throw new UsageError('when does it begin? give --from, such as --from 6h');
    const range = {
      from: readInstant('from', from, now),
      to: readInstant('to', flags.text('to') ?? 'now', now),
    };
    if (range.to <= range.from) throw new UsageError('--to must be after --from');
    if (range.to > now) throw new CliError('--to is in the future');
    const template = await readBacktestTemplate(invocation, {
      name: args[0],
      file: flags.text('filename'),
      global: flags.boolean('global'),
      args: flags.texts('arg').map(readArgument),
      prometheus: flags.text('prometheus'),
    });
    for (const name of template.leftOut)
      io.err(
        `Warning: metric ${JSON.stringify(name)} is left out: only Prometheus can be asked about the past\n`,
      );
    const stepMs = stepOf(invocation, template.metrics, range);
    const { runs, queries } = await replay(invocation, template, { ...range, stepMs, now });
    const model = backtestModel({ ...range, ...template, template: template.label, stepMs, queries, runs });
    if (print.format === 'text') print.lines(backtestLines(model, style));
    else print.document(model);
  },
};

function stepOf(
  { flags }: Invocation,
  metrics: readonly Metric[],
  range: { from: number; to: number },
): number {
  const rangeMs = range.to - range.from;
  const given = flags.number('step');
  if (given !== undefined && (given < 1000 || given % 1000 !== 0))
    throw new UsageError('--step must be whole seconds, and at least one');
  const stepMs = given ?? usualStep(metrics, rangeMs);
  const runs = Math.floor(rangeMs / stepMs) + 1;
  if (runs > MAX_RUNS)
    throw new UsageError(
      `--step ${formatDuration(stepMs)} makes ${runs} runs, and at most ${MAX_RUNS} are possible: take a larger one`,
    );
  return stepMs;
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly now: number;
}

async function replay(
  invocation: Invocation,
  { spec, metrics, ...template }: BacktestTemplate,
  { from, to, stepMs, now }: Range,
): Promise<{ runs: SimulatedRun[]; queries: number }> {
  const { clock, random, signal, io, flags } = invocation;
  const maxQueries = flags.number('max-queries') ?? DEFAULT_MAX_QUERIES;
  const lengthMs = flags.number('for') ?? DEFAULT_LENGTH_MS;
  const starts = Array.from({ length: Math.floor((to - from) / stepMs) + 1 }, (_, i) => from + i * stepMs);
  // A measurement comes due just after its second.
  const mode = (flags.text('evidence') as EvidenceMode | undefined) ?? template.mode ?? 'stock';
  const untilOf = (startedAt: number): number => Math.min(now, startedAt + lengthMs) + 999;
  // The controller's defaults of the environment are not those of a laptop, so they count here as they stand.
  const history = new History({ clock, random, signal, env: io.env, maxQueries });
  await askOnce(history, metrics, now);

  const toAsk = await expectedQueries(starts, (startedAt, ask) =>
    simulateRun(spec, metrics, { startedAt, until: untilOf(startedAt), mode }, ask),
  );
  if (toAsk > maxQueries)
    throw new CliError(
      `about ${toAsk} queries are needed, and ${maxQueries} are allowed`,
      'take a larger --step, a shorter range, or a larger --max-queries',
    );
  let told = clock.monotonic();
  const ask: Ask = async (metric, at, step) => {
    const answer = await history.measure(metric, at, step);
    if (clock.monotonic() - told > TELL_EVERY_MS) {
      told = clock.monotonic();
      io.err(`Asked ${history.asked} of about ${toAsk} queries ...\n`);
    }
    return answer;
  };
  const runs = await inOrder(starts, (startedAt) =>
    simulateRun(spec, metrics, { startedAt, until: untilOf(startedAt), mode }, ask),
  );
  return { runs, queries: history.asked };
}

/** A server that can't be reached would be drawn as a long row of errors. */
async function askOnce(history: History, metrics: readonly Metric[], now: number): Promise<void> {
  for (const metric of metrics) {
    const { rangeQuery: _, ...rest } = prometheusOf(metric) ?? {};
    const trial = {
      name: `trial of ${metric.name}`,
      provider: { prometheus: { ...rest, query: 'vector(1)' } },
    };
    const answer = await history.measure(trial, Math.floor(now / 1000) * 1000);
    if (answer.kind === 'error')
      throw new CliError(
        `Prometheus can't be asked for metric ${JSON.stringify(metric.name)}: ${answer.message}`,
        'from outside of the cluster: kubectl port-forward it, and give --prometheus http://localhost:9090',
      );
  }
}

const JUDGE_INTERVAL_MS = 10_000;

/** As many as there are when every answer is a success, and a judge comes to none. */
async function expectedQueries(
  starts: readonly number[],
  simulate: (startedAt: number, ask: Ask) => Promise<SimulatedRun>,
): Promise<number> {
  const seconds = new Set<string>();
  const answer: Answer = { kind: 'verdict', phase: 'Successful' };
  const ask: Ask = (metric, at, { kind }) => {
    const { judge } = metric.provider ?? {};
    if (judge !== undefined) {
      if (kind === 'terminate') return Promise.resolve(answer);
      const wait = durationOf(judge.interval);
      for (const side of ['canary', 'stable']) seconds.add(`${side} of ${metric.name}\n${at}`);
      return Promise.resolve({
        kind: 'pending',
        resumeAt: at + (typeof wait === 'number' ? Math.max(wait, 1000) : JUDGE_INTERVAL_MS),
      });
    }
    seconds.add(`${metric.name}\n${at}`);
    if (samplesMetric(metric) !== undefined) seconds.add(`samples of ${metric.name}\n${at}`);
    return Promise.resolve(answer);
  };
  for (const startedAt of starts) await simulate(startedAt, ask);
  return seconds.size;
}

/** A few at the same time; the first failure ends it. */
async function inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(ABREAST, items.length) }, worker));
  return results;
}
