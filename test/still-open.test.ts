/** A test file that does not end is a failure with a word, and not a suite that hangs. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';

const leftOpen = new URL('still-open.mjs', import.meta.url).href;

function play(t: TestContext, text: string): { status: number | null; said: string } {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'a.test.mjs'), `import { it } from 'node:test';\n${text}`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`--import=${leftOpen}`, '--test', '--test-reporter=spec', 'a.test.mjs'],
    { cwd: directory, env: { ...env, STILL_OPEN_AFTER_MS: '300' }, encoding: 'utf8', timeout: 60_000 },
  );
  return { status, said: stdout + stderr };
}

it('a test file that leaves a timer behind fails', (t) => {
  const { status, said } = play(t, `it('passes', () => {}); setInterval(() => {}, 1_000);`);
  assert.equal(status, 1, said);
  assert.match(said, /a\.test\.mjs is still running 0\.3 s after its last test: .*Timeout/);
});

it('one that leaves nothing behind, or ends in time, passes', (t) => {
  const { status, said } = play(t, `it('passes', () => {}); setTimeout(() => {}, 50);`);
  assert.equal(status, 0, said);
  assert.doesNotMatch(said, /still running/);
});
