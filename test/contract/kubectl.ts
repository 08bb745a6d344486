/**
 * One table of kubectl commands, run against any server with our CRDs and without controllers. What kubectl prints
 * is normalised (ages, times, uids, versions, addresses) and held against `golden/kubectl.txt`, which is a recording
 * of a real kube-apiserver:
 *
 *     SLUICE_RECORD=1 npm run test:cluster -- test/cluster/kubectl
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';
import { cacheDir, findOnPath } from '../cluster/binaries.ts';
import { STEPS, type Command, type Step } from './kubectl-steps.ts';

const GOLDEN = fileURLToPath(new URL('./golden/kubectl.txt', import.meta.url));
const LIMIT_MS = 30_000;
const MAX_OUTPUT = 1 << 20;

/** The kubectl that belongs to the recording: of KUBEBUILDER_ASSETS, of the cache, or the one on the PATH. */
function findKubectl(): string | undefined {
  const dirs = [process.env['KUBEBUILDER_ASSETS'] ?? '', cacheDir()].filter((dir) => dir !== '');
  return dirs.map((dir) => join(dir, 'kubectl')).find((path) => existsSync(path)) ?? findOnPath('kubectl');
}

/** Words of a command line; single quotes hold spaces. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, inQuotes, plain]) => inQuotes ?? plain ?? '');

function normalised(text: string): string {
  return (
    text
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
      .replaceAll(/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, 'TIME')
      .replaceAll(/((?:\\?")?resourceVersion(?:\\?")?: ?\\?")\d+/g, '$1VERSION')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}/g, 'TIME')
      .replaceAll(/(Resource Version:\s+)\d+/g, '$1VERSION')
      .replaceAll(/\b10\.\d+\.\d+\.\d+\b/g, 'ADDRESS')
      .replaceAll(/https:\/\/127\.0\.0\.1:\d+/g, 'SERVER')
      .replaceAll(/\S*\/(LIVE|MERGED)-\d+\//g, '$1/')
      // kubectl 1.34 and newer tell the namespace.
      .replaceAll(/ deleted from \S+ namespace/g, ' deleted')
      // Ages, and what they do to the widths of columns.
      .replaceAll(/(?<=\s|\(x\d+ over )(\d+[smhd]){1,2}(?=[\s)]|$)/gm, 'AGE')
      .replaceAll('<invalid>', 'AGE')
      .replaceAll(/(\S) {2,}/g, '$1  ')
      .replaceAll(/\t+/g, '  ')
      .replaceAll(/[ ]+$/gm, '')
  );
}

interface Run {
  readonly kubectl: string;
  readonly env: Record<string, string>;
}

async function run({ kubectl, env }: Run, command: Command): Promise<string> {
  const child = spawn(kubectl, wordsOf(command.args), { env, stdio: 'pipe' });
  let [out, err] = ['', ''];
  let watched: Promise<void> | undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (out.length < MAX_OUTPUT) out += chunk;
    const lines = out.split('\n').length - 1;
    if (command.watch === undefined) return;
    // What happens while the watch runs begins when it has shown what was there.
    if (lines >= command.watch.after && watched === undefined) watched = meanwhile(command.watch.meanwhile);
    if (lines >= command.watch.lines) child.kill();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (err.length < MAX_OUTPUT) err += chunk;
  });
  const meanwhile = async (lines: readonly string[]): Promise<void> => {
    for (const args of lines) await run({ kubectl, env }, { args });
  };
  child.stdin.on('error', () => {});
  child.stdin.end(command.input ?? '');
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(limit);
  await watched;
  const shown = [`$ kubectl ${command.args}`, normalised(out).trimEnd()];
  if (err.trim() !== '') shown.push(normalised(err).trimEnd().replaceAll(/^/gm, '! '));
  if (code !== 0 && command.watch === undefined) shown.push(`(exit ${String(code)})`);
  return shown.filter((line) => line !== '').join('\n');
}

/** Commands of a step that only read run side by side; what they print stands in the order of the table. */
async function transcript(on: Run, step: Step): Promise<string> {
  const shown: string[] = [];
  if (step.reads === true) {
    const queue = [...step.commands.entries()];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        shown[next[0]] = await run(on, next[1]);
    };
    await Promise.all([worker(), worker(), worker()]);
  } else for (const command of step.commands) shown.push(await run(on, command));
  return `${shown.join('\n')}\n`;
}

function readGolden(): Map<string, string> {
  if (!existsSync(GOLDEN)) return new Map();
  const parts = readFileSync(GOLDEN, 'utf8').split(/^## (.*)\n/m);
  return new Map(
    parts.flatMap((part, index) => (index % 2 === 1 ? [[part, (parts[index + 1] ?? '').trimEnd()]] : [])),
  );
}

export interface KubectlServer {
  kubeconfig: string;
  close: () => Promise<void>;
}

/** `record`: writes the golden file instead of comparing with it. Only a real server may do that. */
export function kubectlContract(label: string, connect: () => Promise<KubectlServer>, record = false): void {
  const kubectl = findKubectl();
  describe(`kubectl: ${label}`, { skip: kubectl === undefined ? 'there is no kubectl' : false }, () => {
    const golden = readGolden();
    const recorded: string[] = [];
    let server: KubectlServer | undefined;
    let home = '';
    let on: Run;

    before(async () => {
      server = await connect();
      home = mkdtempSync(join(tmpdir(), 'sluice-kubectl-'));
      const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: server.kubeconfig };
      on = { kubectl: kubectl ?? '', env };
    });
    after(async () => {
      await server?.close();
      if (home !== '') rmSync(home, { recursive: true, force: true });
      if (record) writeFileSync(GOLDEN, recorded.join('\n'));
    });

    for (const step of STEPS) {
      it(step.title, async () => {
        const shown = await transcript(on, step);
        if (record) recorded.push(`## ${step.title}\n${shown}`);
        else assert.equal(shown.trimEnd(), golden.get(step.title));
      });
    }
    if (!record) {
      it('every recorded step is run', () => {
        assert.deepEqual(
          [...golden.keys()],
          STEPS.map(({ title }) => title),
        );
      });
    }
  });
}
