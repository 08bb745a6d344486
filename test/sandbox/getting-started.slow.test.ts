/** docs/getting-started.md, typed word by word: each `sh` block in order, against the programs that it starts. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'src/bin/sluice.main.ts');
const installed = ['kubectl', 'bash', 'curl'].every(
  (name) => spawnSync(name, ['--help']).error === undefined,
);

const doc = readFileSync(join(root, 'docs/getting-started.md'), 'utf8');
/** Each block with the heading that it stands under. */
const blocks = [...doc.matchAll(/^## (.+)$|^```sh\n([\s\S]*?)^```$/gm)].reduce<
  { about: string; text: string }[]
>((found, [, heading, text]) => {
  if (heading !== undefined) found.push({ about: heading, text: '' });
  else found.push({ about: found.at(-1)?.about ?? '', text: text ?? '' });
  return found;
}, []);

describe('docs/getting-started.md', { skip: installed ? false : 'needs kubectl, bash and curl' }, () => {
  let directory: string;
  let running: Record<string, string>;
  const children: ChildProcess[] = [];

  const start = (args: string[]): ChildProcess => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    });
    children.push(child);
    return child;
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-test-'));
    const kubeconfig = join(directory, 'kubeconfig');
    const sandbox = start([
      'sandbox',
      '--kubeconfig-out',
      kubeconfig,
      '-o',
      'json',
      '--api-port',
      '0',
      '--ingress-port',
      '0',
      '--prometheus-port',
      '0',
    ]);
    const lines = createInterface({ input: sandbox.stdout as NodeJS.ReadableStream });
    running = JSON.parse(await new Promise<string>((resolve) => void lines.once('line', resolve))) as Record<
      string,
      string
    >;
    start([
      'controller',
      '--kubeconfig',
      kubeconfig,
      '--metricsPort',
      '0',
      '--healthzPort',
      '0',
    ]).stdout?.resume();
  });

  after(async () => {
    for (const child of children.reverse()) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  });

  it('works as it stands', { timeout: 300_000 }, () => {
    const script = blocks
      .filter(({ text }) => text !== '')
      .map(({ about, text }) => `echo '>>> ${about}'\n${text}`)
      .join('\n')
      // What the reader is told to replace where it differs.
      .replaceAll('$PWD/.sluice/sandbox.kubeconfig', running['kubeconfig'] ?? '')
      .replaceAll('http://127.0.0.1:8000', running['ingress'] ?? '')
      .replaceAll('http://127.0.0.1:9090', running['prometheus'] ?? '');
    assert.ok(script.includes('kubectl-sluice promote'));
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['-euo', 'pipefail', '-c', `trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`],
      {
        encoding: 'utf8',
        timeout: 280_000,
        cwd: root,
        env: {
          ...process.env,
          PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
          NODE_NO_WARNINGS: '1',
        },
      },
    );
    const said = `${stdout}\n${stderr}`;
    assert.equal(status, 0, said);
    const part = (about: string): string => said.split(`>>> ${about}\n`)[1]?.split('>>> ')[0] ?? '';
    assert.match(part('An app behind an Ingress'), /"version":"v1"/);
    const shares = stdout.match(/ +(\d+) "version":"v2"/);
    assert.ok(Number(shares?.[1]) > 2 && Number(shares?.[1]) < 50, said);
    assert.match(part('A release that is called off'), /"version":"v2"/);
    assert.match(said, /Metric "error-rate" assessed Failed due to failed \(1\) > failureLimit \(0\)/);
    assert.match(said, /Succeeds when: len\(result\) > 0 && result\[0\] <= 0\.05/);
    assert.match(said, /\d\d:\d\d:\d\d {2}Failed +\[0\.\d+\]/);
    assert.match(said, /rollout\.argoproj\.io "shop" deleted/);
  });
});
