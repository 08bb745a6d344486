import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createHttpApi } from '../../src/kube/http/index.ts';
import { loadConnection } from '../../src/kube/kubeconfig.ts';
import { eventually } from '../cluster/harness.ts';
import type { Violation } from '../prove/rules/types.ts';
import { watchRules } from '../prove/watch-real.ts';

const program = fileURLToPath(new URL('../../src/bin/sluice.main.ts', import.meta.url));
/** Where the demo puts its temporary files: a place that no other test uses. */
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-test-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});
/** But for what other programs cache there. */
const leftovers = (): string[] => readdirSync(directory).filter((name) => name.startsWith('sluice-'));

interface Outcome {
  code: number | null;
  text: string;
}

/** Of a demo, on a machine with much else to do; then it is interrupted, and at last killed. */
const LIMIT_MS = 180_000;
const GRACE_MS = 20_000;

function demo(args: string[], interruptAt?: RegExp): Promise<Outcome> {
  const child = spawn(process.execPath, [program, 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', SLUICE_TEST_MARK: String(process.pid), TMPDIR: directory },
    timeout: LIMIT_MS,
    killSignal: 'SIGTERM',
  });
  const end = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS + GRACE_MS);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (interruptAt?.test(text) === true) {
      interruptAt = undefined;
      child.kill('SIGINT');
    }
  });
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearTimeout(end);
      resolve({ code, text });
    }),
  );
}

/** A demo under the eyes of the rules. Whatever fails, nothing of it goes on afterwards. */
async function watchedDemo(
  args: string[],
): Promise<Outcome & { changes: number; violations: readonly Violation[] }> {
  const running = demo(args);
  try {
    const rules = await watchDemo();
    const outcome = await running;
    // The server has gone with the demo; what it said until then has been looked at.
    const violations = await rules.stop();
    return { ...outcome, changes: rules.changes, violations };
  } finally {
    await running;
  }
}

/** Processes that were started by this test and live on, by a mark in their environment. */
function survivors(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SLUICE_TEST_MARK=${process.pid}\0`);
    } catch {
      return false;
    }
  });
}

/** What its processes said of a demo that failed. */
const logs = (): string =>
  leftovers()
    .flatMap((name) => globSync(join(directory, name, 'logs', '*.log')))
    .map((path) => `${path}\n${readFileSync(path, 'utf8').slice(-2_000)}`)
    .join('\n');

/** The rules, over the API server of the demo that has just been started. */
async function watchDemo(): ReturnType<typeof watchRules> {
  let kubeconfig = '';
  await eventually('the kubeconfig of the demo', () => {
    kubeconfig =
      leftovers()
        .map((name) => join(directory, name, 'kubeconfig'))
        .find((path) => existsSync(path)) ?? '';
    return Promise.resolve(kubeconfig !== '');
  });
  return await watchRules(createHttpApi(await loadConnection({ kubeconfig })));
}

describe('sluice demo', () => {
  for (const prometheus of ['builtin', 'auto']) {
    it(`is true from beginning to end, with Prometheus ${prometheus}`, async () => {
      const { code, text, changes, violations } = await watchedDemo([
        '--speed',
        '3',
        '--prometheus',
        prometheus,
      ]);
      assert.equal(code, 0, `${text}\n${logs()}`);
      assert.deepEqual(violations, []);
      assert.ok(changes > 100, `${changes} changes were seen`);
      assert.match(text, /the weights went: 20, 40, 60, 80, 100/);
      assert.match(text, /31 checks, all true/);
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(text, /\u001b/, 'no escape sequences off a terminal');
      assert.deepEqual(leftovers(), []);
      assert.deepEqual(survivors(), []);
    });
  }

  it('ends everything when it is interrupted in the middle', async () => {
    const { code, text } = await demo(['--prometheus', 'auto'], /weight 20:/);
    assert.equal(code, 130, `${text}\n${logs()}`);
    assert.match(text, /Interrupted\.\n$/);
    assert.deepEqual(leftovers(), []);
    assert.deepEqual(survivors(), []);
  });
});
