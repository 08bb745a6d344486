/** Asks the Go programs of `test/lang/go`. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Answer {
  ok?: unknown;
  error?: string;
}

const module = fileURLToPath(new URL('../go/', import.meta.url));
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/local/go/bin` };

/** Builds the oracle; undefined where there is no Go. */
export function buildOracle(): ((language: string, questions: readonly unknown[]) => Answer[]) | undefined {
  if (spawnSync('go', ['version'], { env }).status !== 0) return undefined;
  const binary = join(mkdtempSync(join(tmpdir(), 'oracle-')), 'oracle');
  execFileSync('go', ['build', '-o', binary, './oracle'], { cwd: module, env, stdio: 'inherit' });
  return (language, questions) =>
    JSON.parse(
      execFileSync(binary, [language], {
        input: JSON.stringify(questions),
        encoding: 'utf8',
        maxBuffer: 1 << 30,
      }),
    ) as Answer[];
}

/** Runs the generator of the field tables; answers with the folder that it wrote `src/lang/...` into. */
export function generateTables(): string | undefined {
  if (spawnSync('go', ['version'], { env }).status !== 0) return undefined;
  const root = mkdtempSync(join(tmpdir(), 'tables-'));
  mkdirSync(join(root, 'src/lang/patch'), { recursive: true });
  execFileSync('go', ['run', './gen-fields', root], { cwd: module, env, stdio: 'inherit' });
  return root;
}
