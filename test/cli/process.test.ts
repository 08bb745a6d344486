/** The program itself: a process that talks HTTPS to the embedded API server. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { KubeApi } from '../../src/kube/api.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { type HttpsServer, serveHttps } from '../../src/sandbox/http/server.ts';
import { SandboxCluster } from '../../src/sandbox/index.ts';
import { rollout, STEPS } from './harness.ts';

const program = fileURLToPath(new URL('../../src/bin/kubectl-sluice.main.ts', import.meta.url));
const PATIENCE_MS = 30_000;

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

describe('kubectl-sluice', { timeout: 120_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  const kubeconfig = join(home, 'config');
  let server: HttpsServer;
  let api: KubeApi;

  before(async () => {
    const crds = customResourceDefinitions() as JsonObject[];
    const cluster = new SandboxCluster({ clock: systemClock, crds, namespaces: ['shop'] });
    server = await serveHttps(cluster);
    writeFileSync(kubeconfig, server.kubeconfig('shop'));
    api = cluster.api({ name: 'test' });
    await api.create(ROLLOUT, {
      ...rollout('web', { canary: { steps: STEPS } }),
      metadata: { name: 'web', namespace: 'shop' },
    } as never);
    await status({
      observedGeneration: '1',
      phase: 'Paused',
      message: 'CanaryPauseStep',
      currentStepIndex: 1,
    });
  });
  after(async () => {
    await server.close();
    rmSync(home, { recursive: true, force: true });
  });

  const status = (body: JsonObject): Promise<unknown> =>
    api.patch(
      ROLLOUT,
      { namespace: 'shop', name: 'web' },
      { type: 'merge', body: { status: body } },
      { subresource: 'status' },
    );

  function start(...argv: string[]): {
    child: ChildProcess;
    ended: Promise<Ended>;
    said: (text: RegExp) => Promise<void>;
  } {
    const child = spawn(process.execPath, [program, ...argv], {
      env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: kubeconfig },
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    const listeners = new Set<() => void>();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      for (const listener of listeners) listener();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
    const said = (text: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (text.test(out)) resolve();
        };
        listeners.add(look);
        void ended.then(() => reject(new Error(`ended without ${String(text)}: ${out}${err}`)));
        look();
      });
    return { child, ended, said };
  }

  it('reads and writes over the wire', async () => {
    const shown = await start('get', 'rollout', 'web').ended;
    assert.equal(shown.code, 0, shown.err);
    assert.match(shown.out, /Status: {10}Paused\nMessage: {9}CanaryPauseStep\n/);
    const aborted = await start('abort', 'web').ended;
    assert.deepEqual(aborted, { code: 0, out: "rollout 'web' aborted\n", err: '' });
    const { metadata, ...object } = await api.get(ROLLOUT, { namespace: 'shop', name: 'web' });
    assert.equal((object['status'] as JsonObject)['abort'], true);
    assert.ok(
      metadata.managedFields?.some(
        ({ manager, subresource }) => manager === 'sluice-cli' && subresource === 'status',
      ),
    );
  });

  it('waits for the end of a release, and its exit code tells how it went', async () => {
    const { ended, said } = start('status', 'web', '--timeout', '20s');
    await said(/Paused/);
    await status({ phase: 'Degraded', message: 'RolloutAborted: bad' });
    const { code, out, err } = await ended;
    assert.equal(code, 1);
    assert.match(out, /Paused - CanaryPauseStep\nDegraded - RolloutAborted: bad\n/);
    assert.match(err, /^Error: The rollout is in a degraded state with message: RolloutAborted: bad\n$/);
  });

  it('ends a watch at the first signal', async () => {
    const { child, ended, said } = start('get', 'rollout', 'web', '--watch');
    await said(/Available:/);
    child.kill('SIGINT');
    assert.equal((await ended).code, 0);
  });

  it('names the server that does not answer, and the file that is missing', async () => {
    const nobody = await start('get', 'rollout', 'web', '--server', 'https://127.0.0.1:1').ended;
    assert.equal(nobody.code, 1);
    assert.match(
      nobody.err,
      /^Error: no answer from the API server at https:\/\/127\.0\.0\.1:1 .*ECONNREFUSED.*: check that/,
    );
    const nowhere = await start('list', 'rollouts', '--kubeconfig', join(home, 'none')).ended;
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.err, /^Error: .*none/);
  });
});
