/**
 * `npm run mutants`: automated mutants of src/plan, made by StrykerJS' instrumenter, and who catches them: the unit tests
 * of `test/plan`, and histories under all rules. A sample, bounded in time; not part of `npm test`.
 */

import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { seededRandom } from '../../../src/sandbox/random.ts';

const HELP = `Makes automated mutants of src/plan, and says how many unit tests and histories catch.

Usage: npm run mutants -- [flags]

  --files GLOB     what is mutated (src/plan/**/*.ts)
  --sample N       mutants, drawn from all of them (20)
  --seed N         of the draw (1)
  --histories N    histories for each mutant (15)
  --minutes N      stops after so long (15)
  --survivors      names the mutants that nothing caught
  --help`;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: 'src/plan/**/*.ts' },
    sample: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    histories: { type: 'string', default: '15' },
    minutes: { type: 'string', default: '15' },
    survivors: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PRELOAD = fileURLToPath(new URL('instrumented.ts', import.meta.url));
const HISTORIES = fileURLToPath(new URL('histories.ts', import.meta.url));
const LIMIT_MS = 180_000;

interface Candidate {
  readonly id: string;
  readonly place: string;
  readonly url: string;
  readonly instrumented: string;
}

/** A limit that is hit counts as caught: a mutant that never comes to an end is noticed. */
type Verdict = 'caught' | 'time-out' | 'survived';

/** The instrumenter wants a logger of log4js' shape, and has nothing to say that matters here. */
const quiet = new Proxy({} as ConstructorParameters<typeof Instrumenter>[0], {
  get: (_, name) => (String(name).startsWith('is') ? () => false : () => {}),
});

if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-mutants-'));
  try {
    const all = await candidates(directory);
    const sample = draw(all, Number(values.sample), Number(values.seed));
    console.log(`${all.length} mutants of ${values.files}, ${sample.length} drawn with seed ${values.seed}`);
    const tests = globSync('test/plan/**/*.test.ts', { cwd: ROOT }).filter((file) => !/\.slow\./.test(file));
    const runs = [
      ['unit tests', ['--test', '--test-isolation=none', ...tests]],
      ['histories', [HISTORIES, values.histories]],
    ] as const;
    const [any] = all;
    for (const [name, args] of runs) {
      const clean = any === undefined || (await verdict({ ...any, id: 'none' }, args)) === 'survived';
      if (!clean) throw new Error(`the ${name} fail without a mutant: nothing could be said of mutants`);
    }
    const until = performance.now() + Number(values.minutes) * 60_000;
    const counts = { tried: 0, byTests: 0, byHistories: 0, byEither: 0 };
    for (const candidate of sample) {
      if (performance.now() > until) {
        console.log(`stopped after ${values.minutes} minutes`);
        break;
      }
      const [byTests, byHistories] = await Promise.all([
        verdict(candidate, runs[0][1]),
        verdict(candidate, runs[1][1]),
      ]);
      counts.tried++;
      if (byTests !== 'survived') counts.byTests++;
      if (byHistories !== 'survived') counts.byHistories++;
      if (byTests !== 'survived' || byHistories !== 'survived') counts.byEither++;
      else if (values.survivors) console.log(`SURVIVES ${candidate.place}`);
      console.error(`tests: ${byTests}, histories: ${byHistories}: ${candidate.place}`);
    }
    console.log(
      `${counts.tried} mutants tried: ${counts.byTests} caught by unit tests, ${counts.byHistories} by ` +
        `${values.histories} histories, ${counts.byEither} by either`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function candidates(directory: string): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const [i, file] of globSync(values.files, { cwd: ROOT }).sort().entries()) {
    const path = resolve(ROOT, file);
    const source = { name: path, content: readFileSync(path, 'utf8'), mutate: true };
    const options = { excludedMutations: ['StringLiteral'], ignorers: [], plugins: null, noHeader: false };
    const { mutants, files } = await new Instrumenter(quiet).instrument([source], options);
    const instrumented = join(directory, `${i}.ts`);
    writeFileSync(instrumented, files[0]?.content ?? '');
    for (const { id, location, mutatorName, replacement, status } of mutants) {
      // Those that were left out are named all the same, and stand nowhere.
      if (status === 'Ignored') continue;
      found.push({
        id,
        place: `${relative(ROOT, path)}:${location.start.line} ${mutatorName}: ${replacement.slice(0, 100)}`,
        url: pathToFileURL(path).href,
        instrumented,
      });
    }
  }
  return found;
}

function draw(all: readonly Candidate[], count: number, seed: number): Candidate[] {
  const random = seededRandom(seed);
  return all
    .map((candidate) => ({ candidate, key: random() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

function verdict({ id, url, instrumented }: Candidate, args: readonly string[]): Promise<Verdict> {
  const child = spawn(process.execPath, ['--import', PRELOAD, ...args], {
    cwd: ROOT,
    stdio: 'ignore',
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    env: {
      ...process.env,
      NODE_NO_WARNINGS: '1',
      SLUICE_MUTATED: `${url} ${instrumented}`,
      __STRYKER_ACTIVE_MUTANT__: id,
    },
  });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done(code === 0 ? 'survived' : code === null ? 'time-out' : 'caught'));
  });
}
