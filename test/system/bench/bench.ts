/**
 * `npm run bench`: the numbers of docs/measured.md. The built controller works as a process of its own over HTTPS against
 * the sandbox's API server, with the clients' rate limit out of the way.
 */

import { parseArgs } from 'node:util';
import { benchAnalysis, printBench } from '../bench-analysis.ts';
import { benchRequest } from './request.ts';
import { type Figures, IDLE_MS, measure } from './run.ts';
import { KINDS } from './workload.ts';

const HELP = `npm run bench -- [--n 100,1000] [--only canary,nginx,blue-green,analysis,request] [--namespaces 1,50]

  --n           how many Rollouts, one run each (default 100,1000)
  --only        which kinds of them (default all); analysis is AnalysisRuns instead, in one process on virtual
                time; request is one PATCH of the client
  --namespaces  in how many namespaces (default 1)
  BENCH_NODE_ARGS="--cpu-prof --cpu-prof-dir=..." is given to the controller's Node`;

const ANALYSIS = 'analysis';
const REQUEST = 'request';
const ANALYSIS_SECONDS = 30;

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '100,1000' },
    only: { type: 'string', default: [...KINDS.map(({ name }) => name), ANALYSIS, REQUEST].join(',') },
    namespaces: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const numbers = (text: string): number[] =>
  text.split(',').map((item) => {
    const number = Number(item);
    if (Number.isInteger(number) && number > 0) return number;
    console.error(`${JSON.stringify(item)} is no number of anything\n\n${HELP}`);
    process.exit(2);
  });

if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const only = values.only.split(',');
const kinds = only
  .filter((name) => name !== ANALYSIS && name !== REQUEST)
  .map((name) => {
    const kind = KINDS.find((item) => item.name === name);
    if (kind !== undefined) return kind;
    console.error(`there is no kind ${JSON.stringify(name)}\n\n${HELP}`);
    process.exit(2);
  });

const isTerminal = process.stderr.isTTY === true;
/** Of a log, one line in so long. */
const LINE_MS = 15_000;
let toldAt = -Infinity;
const tell = (text: string): void => {
  if (isTerminal) process.stderr.write(`\r\u001b[K${text}`);
  else if (text !== '' && performance.now() - toldAt >= LINE_MS) {
    toldAt = performance.now();
    console.error(text);
  }
};

const row = (cells: readonly (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`);
const HEADS = [
  'kind',
  'N',
  'namespaces',
  'writes of an update',
  'of the bound',
  'Events',
  'passes',
  'CPU deploy',
  'CPU update',
  'all after',
  'reaction p50, p99',
  'RSS start, end, peak',
  `idle ${IDLE_MS / 1000} s: requests, passes`,
];
if (kinds.length > 0) {
  row(HEADS);
  row(HEADS.map(() => '---'));
}
const details: string[] = [];
for (const kind of kinds)
  for (const namespaces of numbers(values.namespaces))
    for (const count of numbers(values.n)) {
      const figures = await measure(kind, count, namespaces, tell);
      tell('');
      row(cellsOf(figures));
      details.push(detailsOf(figures));
    }
if (details.length > 0) console.log(`\n${details.join('\n')}\n`);
if (only.includes(ANALYSIS))
  for (const runs of numbers(values.n)) {
    const options = { runs, seconds: ANALYSIS_SECONDS, metrics: 1 };
    printBench(options, await benchAnalysis(options));
  }
if (only.includes(REQUEST)) console.log(`a PATCH over HTTPS: ${(await benchRequest()).toFixed(0)} µs of CPU`);
process.exit(0);

function cellsOf(figures: Figures): string[] {
  const { kind, count, namespaces, writes, passes, reactions, idle } = figures;
  const isEvent = (what: string): boolean => what.endsWith(' events');
  const sum = (items: readonly (readonly [string, number])[]): number =>
    items.reduce((total, [, n]) => total + n, 0);
  const objects = sum(writes.filter(([what]) => !isEvent(what)));
  const events = sum(writes.filter(([what]) => isEvent(what)));
  const at = (share: number): string =>
    `${Math.round(reactions[Math.min(reactions.length - 1, Math.floor(reactions.length * share))] ?? 0)}`;
  const mb = (value: number): string => value.toFixed(0);
  return [
    kind.name,
    String(count),
    String(namespaces),
    objects.toFixed(2),
    (objects / kind.bound).toFixed(2),
    events.toFixed(1),
    passes.toFixed(1),
    `${figures.deployCpuMs.toFixed(1)} ms`,
    `${figures.updateCpuMs.toFixed(1)} ms`,
    `${figures.updateSeconds.toFixed(0)} s`,
    `${at(0.5)}, ${at(0.99)} ms`,
    `${mb(figures.startMb)}, ${mb(figures.endMb)}, ${mb(figures.peakMb)} MB`,
    `${sum(idle.requests)}, ${idle.passes}`,
  ];
}

function detailsOf({ kind, count, writes, idle }: Figures): string {
  const list = (items: readonly (readonly [string, number])[]): string =>
    items.map(([what, n]) => `${n.toFixed(2)} ${what}`).join(', ');
  const waste = idle.requests.length === 0 ? '' : `; idle: ${list(idle.requests)}`;
  return `${kind.name}, N = ${count}, of one update: ${list(writes)}${waste}`;
}
