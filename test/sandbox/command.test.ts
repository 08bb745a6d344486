import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';
import { createHttpApi } from '../../src/kube/http/index.ts';
import { CUSTOM_RESOURCE_DEFINITION } from '../../src/kube/kinds.ts';
import { loadConnection } from '../../src/kube/kubeconfig.ts';

const program = fileURLToPath(new URL('../../src/bin/sluice.main.ts', import.meta.url));

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

function launch(...args: string[]): { child: ChildProcess; done: Promise<Outcome>; line: Promise<string> } {
  const child = spawn(process.execPath, [program, 'sandbox', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  let seen: (line: string) => void = () => {};
  const line = new Promise<string>((resolve) => (seen = resolve));
  child.stdout?.on('data', (chunk: Buffer) => {
    outcome.stdout += chunk.toString();
    const end = outcome.stdout.indexOf('\n');
    if (end >= 0) seen(outcome.stdout.slice(0, end));
  });
  child.stderr?.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
  const done = new Promise<Outcome>((resolve) => child.on('close', (code) => resolve({ ...outcome, code })));
  const first = Promise.race([line, done.then(({ stderr }) => assert.fail(stderr))]);
  first.catch(() => {});
  return { child, done, line: first };
}

describe('sluice sandbox', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  });
  after(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const free = ['--api-port', '0', '--ingress-port', '0', '--prometheus-port', '0'];

  it('serves the API, the ingress and the metrics, and leaves nothing behind', async () => {
    const file = join(directory, 'deep', 'kubeconfig');
    await mkdir(join(directory, 'deep'));
    await writeFile(file, 'of before', { mode: 0o644 });
    await using before = await open(file);
    const { child, done, line } = launch(
      ...free,
      '--kubeconfig-out',
      file,
      '-n',
      'shop',
      '-o',
      'json',
      '--prometheus',
      'builtin',
    );
    const running = JSON.parse(await line) as Record<string, string>;
    assert.deepEqual([running['kubeconfig'], running['prometheusKind']], [file, 'builtin']);
    assert.equal(
      await before.readFile('utf8'),
      'of before',
      'no file is written over: it is replaced by a whole one',
    );
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const connection = await loadConnection({ kubeconfig: file });
    assert.equal(connection.namespace, 'shop');
    const api = createHttpApi(connection);
    const { items } = await api.list(CUSTOM_RESOURCE_DEFINITION);
    assert.ok(items.some(({ metadata }) => metadata.name === 'rollouts.argoproj.io'));
    api.close();
    assert.equal((await fetch(running['ingress'] ?? '')).status, 404);
    assert.equal((await fetch(`${running['prometheus']}/api/v1/query?query=1`)).status, 200);
    // As Ctrl-C does: once from the terminal, once from the launcher.
    child.kill('SIGINT');
    child.kill('SIGTERM');
    const { code, stderr } = await done;
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(existsSync(file), false);
    await assert.rejects(fetch(running['ingress'] ?? ''));
  });

  it('says in one sentence what is wrong', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    const run = async (...args: string[]): Promise<Outcome> => await launch(...args).done;
    try {
      const clash = await run(
        '--api-port',
        String(port),
        '--kubeconfig-out',
        join(directory, 'k'),
        '--prometheus',
        'builtin',
      );
      assert.deepEqual(
        [clash.code, clash.stderr],
        [1, `Error: port ${port} is taken; choose another with --api-port, or 0 for any free one\n`],
      );
      const unknown = await run('--promethius', 'real');
      assert.deepEqual(
        [unknown.code, unknown.stderr],
        [1, 'Error: unknown flag --promethius (did you mean --prometheus?)\n'],
      );
      const unwritable = await run(
        ...free,
        '--kubeconfig-out',
        join(program, 'k'),
        '--prometheus',
        'builtin',
      );
      assert.equal(unwritable.code, 1);
      assert.match(unwritable.stderr, /^Error: mkdir failed: /);
      const help = await run('--help');
      assert.equal(help.code, 0);
      assert.match(help.stdout, /Usage: sluice sandbox/);
    } finally {
      taken.close();
    }
  });
});
