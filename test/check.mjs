// `npm run check`: types, lint, format, unused code. All of them run, then the exit code tells.
import { spawnSync } from 'node:child_process';

const steps = [
  ['tsc', ['-p', '.']],
  ['oxlint', ['--deny-warnings']],
  ['prettier', ['--check', '--cache', '--log-level=warn', '.']],
  ['knip', ['--no-progress']],
];
let failed = 0;
for (const [tool, args] of steps) {
  const started = performance.now();
  const { status } = spawnSync(tool, args, { stdio: 'inherit' });
  if (status !== 0) failed += 1;
  console.log(
    `${status === 0 ? 'ok  ' : 'FAIL'} ${tool} (${((performance.now() - started) / 1000).toFixed(1)} s)`,
  );
}
process.exit(failed === 0 ? 0 : 1);
