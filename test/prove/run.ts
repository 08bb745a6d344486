/** `npm run prove`: named histories, then random ones under faults, all rules watching. */

import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PLAN } from './answers/plan.ts';
import { WHY } from './answers/why.ts';
import { coveredBranches, type FunctionCoverage } from './coverage.ts';
import { randomHistory } from './generate.ts';
import type { History } from './history.ts';
import { huntAll } from './mutants/search.ts';
import { MUTANTS } from './mutants/table.ts';
import { type Named, NAMED, playNamed } from './named.ts';
import { Report } from './report.ts';
import { WATCHED } from './registry.ts';
import { shrink } from './shrink.ts';
import { LIVENESS, simulate } from './simulate.ts';
import { Story } from './story.ts';
import type { Answer, Order, Which } from './worker.ts';

const HELP = `Plays histories of the whole system and checks every rule at every moment: those that have a name, then
random ones under faults. Without flags it ends with the mutants.

Usage: npm run prove -- [flags]

  --histories N   how many random ones (10000)
  --seed N        seed of the first of them (1); history i has the seed N + i
  --named TEXT    only those named ones whose name contains the text
  --no-named      no named ones; nor are there any where --seed is given
  --rule N        check this rule only (0: liveness, ${WHY}: why, ${PLAN}: plan)
  --shrink        make the first history that breaks each rule as small as it gets, and tell it
  --mutants       plant each defect of the mutation table, and say whether the search finds it
  --story         tell the history of --seed, or those of --named, whether they break a rule or not
  --workers N     processes (one for each core)
  --covered N     which branches of src/plan are reached is measured in the first N only (1000), which takes half as long
                  again there
  --no-coverage   the same as --covered 0
  --missed        name the branches that are not reached
  --known         don't fail for what test/prove/open.ts lists as open
  --help

Ends with 1 when a rule is broken.`;

const BATCH = 20;
const PROGRESS_MS = 5_000;

const { values } = parseArgs({
  options: {
    histories: { type: 'string' },
    seed: { type: 'string' },
    rule: { type: 'string' },
    named: { type: 'string' },
    'no-named': { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    story: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    workers: { type: 'string', default: String(availableParallelism()) },
    covered: { type: 'string', default: '1000' },
    'no-coverage': { type: 'boolean', default: false },
    missed: { type: 'boolean', default: false },
    known: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

// `npm run prove --seed 7` gives the flag to npm, and would play ten thousand other histories.
const swallowed = ['histories', 'seed', 'rule', 'shrink', 'story', 'mutants'].find(
  (name) => process.env[`npm_config_${name.replaceAll('-', '_')}`],
);
if (swallowed !== undefined) {
  console.error(
    `npm has kept --${swallowed} for itself: write it behind two dashes, npm run prove -- --${swallowed}`,
  );
  process.exit(2);
}

const DEFAULTS = { histories: 10_000, seed: 1, rule: 1 };
const number = (name: 'histories' | 'seed' | 'rule' | 'workers' | 'covered'): number => {
  const value = Number(values[name] ?? DEFAULTS[name as keyof typeof DEFAULTS]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} needs a whole number, not ${values[name]}`);
  process.exit(2);
};

const rule = values.rule === undefined ? undefined : number('rule');
const rules = WATCHED.filter((candidate) => rule === undefined || candidate.number === rule);
// Who asks for seeds wants those, and not the named ones before them.
const unnamed = values['no-named'] || (values.seed !== undefined && values.named === undefined);
const named: readonly Named[] = unnamed ? [] : NAMED.filter(({ name }) => name.includes(values.named ?? ''));

if (values.named !== undefined && named.length === 0) {
  console.error(`no history has a name with ${values.named} in it`);
  process.exit(2);
}
if (values.help) console.log(HELP);
else if (values.mutants) process.exitCode = await huntMutants();
else if (values.story && values.named !== undefined) await tellNamed();
else if (values.story) await tell(randomHistory(number('seed')));
else {
  const isWhole = process.argv.length === 2;
  process.exitCode = (await prove()) + (isWhole ? await huntMutants() : 0) > 0 ? 1 : 0;
}

async function huntMutants(): Promise<number> {
  const mutants = MUTANTS.filter((mutant) => rule === undefined || mutant.rule === rule);
  const found = await huntAll(mutants, number('workers'), ({ mutant, seed, text }) => {
    const what = seed === undefined ? 'SURVIVES' : `found by seed ${seed}`;
    console.log(`rule ${mutant.rule} (${mutant.thread}), ${mutant.name}: ${what}\n         ${text}`);
  });
  const caught = found.filter(({ seed }) => seed !== undefined).length;
  console.log(`${caught} of ${found.length} mutants found`);
  return caught === found.length ? 0 : 1;
}

async function prove(): Promise<number> {
  const first = number('seed');
  const count = values.named === undefined ? number('histories') : 0;
  const report = new Report();
  const coverage: (readonly FunctionCoverage[])[] = [];
  const began = performance.now();
  const total = named.length + count;
  const covered = Math.min(total, values['no-coverage'] ? 0 : number('covered'));
  /** So many are given to the workers of now. */
  let end = covered;
  let next = 0;
  let shownAt = began;
  const take = (): Which[] => {
    const batch = Array.from(
      { length: Math.min(BATCH, end - next) },
      (_, i) => named[next + i]?.name ?? first + next + i - named.length,
    );
    next += batch.length;
    return batch;
  };
  const show = (): void => {
    if (performance.now() - shownAt < PROGRESS_MS) return;
    shownAt = performance.now();
    const elapsed = (shownAt - began) / 1000;
    const left = Math.round((elapsed / Math.max(report.histories, 1)) * (total - report.histories));
    console.error(`${report.histories} of ${total} histories, ${report.broken} broken, about ${left} s left`);
  };
  const work = (measures: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = startWorker(measures);
      worker.on('error', reject);
      worker.on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
      );
      worker.on('message', (answer: Answer) => {
        if (answer.what === 'outcome') report.add(answer.which, answer.outcome, answer.cpuMs, answer.wrong);
        else if (answer.what === 'failed') report.failed(answer.which, answer.error);
        else if (answer.what === 'coverage') coverage.push(answer.scripts);
        else {
          const histories = take();
          worker.send(histories.length === 0 ? 'end' : ({ histories, rule } satisfies Order));
        }
        show();
      });
    });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      for (const line of report.lines(rules, (performance.now() - began) / 1000)) console.log(line);
      process.exit(130);
    });
  }
  const workers = Array.from({ length: Math.max(1, number('workers')) });
  if (covered > 0) await Promise.all(workers.map(() => work(true)));
  end = total;
  if (next < end) await Promise.all(workers.map(() => work(false)));
  for (const line of report.lines(rules, (performance.now() - began) / 1000)) console.log(line);
  if (coverage.length > 0) {
    const { branches, missed } = await coveredBranches(coverage);
    const percent = (100 * (branches - missed.length)) / branches;
    console.log(
      `branches of src/plan reached${covered < total ? ` by the first ${covered}` : ''}: ${percent.toFixed(1)} % (${branches - missed.length} of ${branches})`,
    );
    if (values.missed) for (const { file, line, text } of missed) console.log(`  ${file}:${line}  ${text}`);
  }
  if (values.shrink) for (const [broken, seed] of report.firstOf()) await shrinkAndTell(seed, broken);
  return (values.known ? report.unknown : report.broken) === 0 ? 0 : 1;
}

function startWorker(measures: boolean): ChildProcess {
  const args = measures ? ['--coverage'] : [];
  return fork(fileURLToPath(new URL('worker.ts', import.meta.url)), args, {
    serialization: 'advanced',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
}

async function tell(history: History): Promise<void> {
  const story = new Story(history);
  const { violations, end, problems } = await simulate(history, {
    rules,
    onHappening: (happening) => story.see(happening),
    onViolation: (violation) => story.violation(violation),
  });
  console.log(story.lines.join('\n'));
  console.log(`the end: ${end}; ${violations.length} violations`);
  for (const problem of problems.slice(0, 10)) console.log(`log: ${problem}`);
}

async function tellNamed(): Promise<void> {
  for (const history of named) {
    const { outcome, wrong, story } = await playNamed(history, rules);
    console.log(`${history.name}\n${story}`);
    console.log(`the end: ${outcome.end}; ${outcome.violations.length} violations`);
    if (wrong !== undefined) console.log(`WRONG: ${wrong}`);
  }
}

async function shrinkAndTell(seed: number, broken: number): Promise<void> {
  const watching = broken === LIVENESS ? [] : WATCHED.filter(({ number: candidate }) => candidate === broken);
  const { history, tries } = await shrink(randomHistory(seed), async (candidate) => {
    try {
      const { violations } = await simulate(candidate, {
        rules: watching,
        livenessOnly: broken === LIVENESS,
      });
      return violations.some((violation) => violation.rule === broken);
    } catch {
      return false;
    }
  });
  console.log(`\nrule ${broken}, seed ${seed}, shrunk in ${tries} tries:`);
  await tell(history);
  console.log(JSON.stringify(history));
}
