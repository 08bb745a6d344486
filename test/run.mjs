// Runs a suite with Node's own test runner: `npm test`, `npm run test:slow`, `npm run test:cluster`.
// `npm test -- test/lang` runs only files under that path, `--retry` runs failed files once more; further flags go to
// the runner.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const args = process.argv.slice(2);
const take = (flag) => {
  const at = args.indexOf(flag);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
};
const retry = take('--retry');
const suite = take('--slow') ? 'slow' : take('--cluster') ? 'cluster' : 'fast';
const paths = args.filter((arg) => !arg.startsWith('-'));
const flags = args.filter((arg) => arg.startsWith('-'));

const belongs = {
  fast: (file) => !file.endsWith('.slow.test.ts') && !file.startsWith('test/cluster/'),
  slow: (file) => file.endsWith('.slow.test.ts') && !file.startsWith('test/cluster/'),
  cluster: (file) => file.startsWith('test/cluster/'),
}[suite];
const files = globSync('test/**/*.test.ts')
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => belongs(file) && (paths.length === 0 || paths.some((path) => file.startsWith(path))))
  .sort();
if (files.length === 0) {
  console.error(`no test files in the ${suite} suite${paths.length > 0 ? ` under ${paths.join(', ')}` : ''}`);
  process.exit(1);
}

/** Of a single test: nothing hangs for ever, on however slow a machine. */
const TIMEOUT_MS = 1_200_000;
const stillOpen = new URL('still-open.mjs', import.meta.url).href;
const concurrency = suite === 'cluster' ? 1 : 2;
/** Each file is a process of its own: types are stripped and code is compiled once for all of them. */
const compiled = fileURLToPath(new URL('../.cache/compiled', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'sluice-run-'));

/** One run of the runner: its exit status, and what the tally counted. */
function run(list) {
  const tally = join(scratch, 'tally.json');
  rmSync(tally, { force: true });
  const reporters = [
    ['spec', 'stdout'],
    [fileURLToPath(new URL('tally.mjs', import.meta.url)), tally],
  ].flatMap(([name, destination]) => [
    `--test-reporter=${name}`,
    `--test-reporter-destination=${destination}`,
  ]);
  const { status } = spawnSync(
    process.execPath,
    [
      `--import=${stillOpen}`,
      '--test',
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${TIMEOUT_MS}`,
      ...reporters,
      ...flags,
      ...list,
    ],
    { stdio: 'inherit', env: { NODE_COMPILE_CACHE: compiled, ...process.env, NODE_NO_WARNINGS: '1' } },
  );
  const counted = existsSync(tally)
    ? JSON.parse(readFileSync(tally, 'utf8'))
    : { passed: 0, failed: 1, skipped: 0, files: [] };
  return { status: status ?? 1, ...counted };
}

let result = run(files);
const again = result.files.filter((file) => existsSync(file));
// Suites with real processes and real time share a loaded machine in CI: what failed gets one more chance, in the open.
if (retry && result.status !== 0 && again.length > 0) {
  console.log(`\n${again.length} file(s) failed and are run once more: ${again.join(', ')}\n`);
  const second = run(again);
  result = { ...second, passed: result.passed + second.passed, skipped: result.skipped + second.skipped };
}
rmSync(scratch, { recursive: true, force: true });
console.log(`${suite}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
process.exit(result.status);
