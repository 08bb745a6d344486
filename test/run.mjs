// Runs a suite with Node's own test runner: `npm test`, `npm run test:slow`, `npm run test:cluster`.
// `npm test -- test/lang` runs only files under that path; further flags go to the runner.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const args = process.argv.slice(2);
const take = (flag) => {
  const at = args.indexOf(flag);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
};
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

const concurrency = suite === 'cluster' ? 1 : 2;
const { status } = spawnSync(
  process.execPath,
  ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...flags, ...files],
  { stdio: 'inherit', env: { ...process.env, NODE_NO_WARNINGS: '1' } },
);
process.exit(status ?? 1);
