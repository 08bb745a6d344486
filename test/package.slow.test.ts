/** The npm package as a stranger gets it: packed, installed in an empty folder, both commands run from there. */

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const LIMIT_MS = 180_000;

describe('the packed package', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  before(() => {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', dir], {
      cwd: root,
      timeout: LIMIT_MS,
      stdio: 'pipe',
    });
    const tarball = readdirSync(dir).find((name) => name.endsWith('.tgz'));
    assert.ok(tarball !== undefined, 'npm pack left a tarball');
    writeFileSync(join(dir, 'package.json'), '{"private":true}\n');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent', `./${tarball}`], {
      cwd: dir,
      timeout: LIMIT_MS,
      stdio: 'pipe',
    });
  });
  after(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const run = (name: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(join(dir, 'node_modules', '.bin', name), args, { cwd: dir, encoding: 'utf8', timeout: 60_000 });

  it('carries the bundle and no sources', () => {
    const installed = join(dir, 'node_modules', 'sluice');
    assert.ok(existsSync(join(installed, 'dist', 'sluice.js')));
    assert.ok(!existsSync(join(installed, 'src', 'plan')));
    assert.ok(existsSync(join(installed, 'crds')));
  });

  it('runs sluice', () => {
    const help = run('sluice', '--help');
    assert.equal(help.status, 0, help.stderr);
    assert.match(help.stdout, /controller/);
    assert.match(run('sluice', '--version').stdout, /^\d+\.\d+\.\d+/);
    const controller = run('sluice', 'controller', '--kubeconfig', join(dir, 'nothing'));
    assert.equal(controller.status, 1);
    assert.match(controller.stderr, /^Error: .*nothing/m);
  });

  it('runs kubectl-sluice', () => {
    const help = run('kubectl-sluice', '--help');
    assert.equal(help.status, 0, help.stderr);
    assert.match(help.stdout, /promote/);
    const unknown = run('kubectl-sluice', 'promot', 'x');
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /promote/);
  });

  it("runs on the machine's own Node, however old", (t) => {
    const path = (process.env['PATH'] ?? '')
      .split(delimiter)
      .filter((folder) => !folder.includes('node_modules'))
      .join(delimiter);
    const env = { ...process.env, PATH: path };
    const own = spawnSync('node', ['--version'], { env, encoding: 'utf8' });
    if (own.error !== undefined) {
      t.skip('no other Node on the PATH');
      return;
    }
    const { status, stdout, stderr } = spawnSync(join(dir, 'node_modules', '.bin', 'sluice'), ['--version'], {
      cwd: dir,
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${own.stdout.trim()}: ${stderr}`);
    assert.match(stdout, /^\d+\.\d+\.\d+/);
  });

  it('runs the sandbox', async () => {
    const kubeconfig = join(dir, 'sandbox.kubeconfig');
    const flags = [
      '--api-port',
      '0',
      '--ingress-port',
      '0',
      '--prometheus-port',
      '0',
      '--prometheus',
      'builtin',
    ];
    const child = spawn(
      join(dir, 'node_modules', '.bin', 'sluice'),
      ['sandbox', ...flags, '--kubeconfig-out', kubeconfig, '-o', 'json'],
      { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    try {
      const line = await new Promise<string>((resolve, reject) => {
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.includes('\n')) resolve(text);
        });
        child.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
      });
      assert.equal((JSON.parse(line) as { kubeconfig: string }).kubeconfig, kubeconfig);
      const list = run('kubectl-sluice', '--kubeconfig', kubeconfig, 'list', 'rollouts');
      assert.equal(list.status, 0, list.stderr);
      assert.match(list.stderr, /No resources found/);
    } finally {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
  });
});
