/** Each ready template against a real Prometheus with a made-up past, by our own backtest. */

import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { BacktestModel } from '../../src/cli/backtest/model.ts';
import { Bench, START } from '../cli/harness.ts';
import { readTemplateFile, templateNames } from './files.ts';
import { openMetrics, RELEASES } from './series.ts';

const installed = ['prometheus', 'promtool'].every(
  (name) => spawnSync(name, ['--version']).error === undefined,
);
const skip = installed ? false : "needs Debian's prometheus and promtool on the PATH";

const MINUTE = 60_000;
/** Three hours before the clock of the command line stands still. */
const BEGIN = START - 180 * MINUTE;

/** What a Rollout would give. */
const ARGS: Readonly<Record<string, string>> = {
  ingress: 'shop',
  'canary-service': 'shop-canary',
  hash: 'abc',
  'stable-hash': 'def',
  rollout: 'shop',
  route: 'shop',
  service: 'shop',
};

const EXPECTED = {
  good: ['Successful', /^$/],
  bad: ['Failed', /assessed Failed due to failed \(\d\) > failureLimit \(\d\)$/],
  silent: ['Inconclusive', /assessed Inconclusive due to inconclusive \(\d\) > inconclusiveLimit \(\d\)$/],
  // There never was such a namespace.
  absent: ['Inconclusive', /assessed Inconclusive due to inconclusive/],
} as const;

/** The judge waits for requests, and says what it saw. */
const OF_THE_JUDGE = {
  good: ['Successful', /^$/],
  bad: [
    'Failed',
    /"errors" assessed Failed .*worse: canary 20\.00 % \(\d+ of \d+ requests\), stable 0\.\d\d %/,
  ],
  silent: ['Running', /^$/],
  absent: ['Running', /^$/],
} as const;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

describe('analysis-templates against a real Prometheus', { skip }, () => {
  let directory: string;
  let prometheus: ChildProcess;
  let address: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-backtest-'));
    const history = join(directory, 'history.txt');
    await writeFile(history, openMetrics(BEGIN / 1000, START / 1000));
    await promisify(execFile)('promtool', [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      history,
      join(directory, 'data'),
    ]);
    await writeFile(join(directory, 'prometheus.yml'), '{}');
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    );
    const deadline = Date.now() + 30_000;
    for (;;) {
      const ready = await fetch(`${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) break;
      assert.ok(Date.now() < deadline, 'Prometheus is not ready in time');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  after(async () => {
    if (!installed) return;
    prometheus.kill('SIGKILL');
    await new Promise((resolve) => prometheus.once('exit', resolve));
    await rm(directory, { recursive: true, force: true });
  });

  async function backtest(
    name: string,
    namespace: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<BacktestModel> {
    const text = readTemplateFile(`${name}.yaml`);
    const given = Object.entries({ ...ARGS, namespace, ...more })
      .filter(([arg]) => text.includes(`- name: ${arg}\n`))
      .flatMap(([arg, value]) => ['-a', `${arg}=${value}`]);
    const words = ['backtest', '-f', 't.yaml', '--from', '90m', '--to', '30m', '--step', '10m', '-o', 'json'];
    const { code, out, err } = await new Bench().run([...words, '--prometheus', address, ...given], {
      files: { 't.yaml': text },
    });
    assert.deepEqual([code, err], [0, ''], `${name} ${namespace}`);
    return JSON.parse(out) as BacktestModel;
  }

  for (const name of templateNames) {
    it(`${name}: good passes, bad fails, silence does neither`, async () => {
      for (const [release, [phase, message]] of Object.entries(
        name === 'canary-against-stable' ? OF_THE_JUDGE : EXPECTED,
      )) {
        const { runs, metrics } = await backtest(name, release);
        assert.equal(runs.length, 7);
        const points = JSON.stringify(metrics[0]?.points.slice(0, 3));
        for (const run of runs) {
          assert.equal(run.phase, phase, `${release}: ${run.message} ${points}`);
          assert.match(run.message, message, release);
        }
        if (release === 'good')
          assert.ok(
            metrics[0]?.points.every(({ value }) => value !== '[]'),
            points,
          );
      }
    });
  }

  it('canary-against-stable: latency alone fails a slow canary, too', async () => {
    const { runs } = await backtest('canary-against-stable', 'bad', { failed: 'none of them' });
    for (const { phase, message } of runs) {
      assert.equal(phase, 'Failed');
      assert.match(message, /"latency" assessed Failed .*worse: canary slower in \d\d\.\d\d % of pairs/);
    }
  });

  it('has the releases that are expected', () => {
    assert.deepEqual([...RELEASES, 'absent'].toSorted(), Object.keys(EXPECTED).toSorted());
  });
});
