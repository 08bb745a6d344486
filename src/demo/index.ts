/**
 * The guided tour. Sandbox, controller and clients are processes of their own that share a kubeconfig and addresses
 * and nothing else; what is claimed is measured, through Git, the Kubernetes API and the clients' answers.
 */

import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttpApi } from '../kube/http/index.ts';
import { loadConnection } from '../kube/kubeconfig.ts';
import { CheckFailed, Checks } from './checks.ts';
import { Ledger } from './ledger.ts';
import type { AnswerLine } from './load.ts';
import { APP, HOST, NAMESPACE, SYSTEM } from './manifests.ts';
import { palette } from './picture.ts';
import { ProcessFailed, Processes } from './processes.ts';
import { complaints } from './complaints.ts';
import { DemoRepository, GitFailed } from './repository.ts';
import { type Output, Screen } from './screen.ts';
import { Show } from './show.ts';
import { CANARY_INGRESS_KEY, type Stage } from './stage.ts';
import { badVersion } from './steps/bad-version.ts';
import { drift } from './steps/drift.ts';
import { firstRelease } from './steps/first-release.ts';
import { goodVersion } from './steps/good-version.ts';
import { revert } from './steps/revert.ts';
import { summary } from './summary.ts';
import { Late, World } from './world.ts';

export interface DemoOptions {
  /** Command and first arguments with which to start this program again. */
  readonly program: readonly string[];
  readonly out: Output;
  /** A picture that moves, for terminals. */
  readonly live: boolean;
  readonly colour: boolean;
  /** 2: twice as fast. */
  readonly speed: number;
  readonly keep: boolean;
  readonly prometheus: 'auto' | 'real' | 'builtin';
  /** Ends the demo: Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Requests a second, of all clients together. */
const RATE = 120;
const START_MS = 45_000;

/** Resolves with the exit code: 0 only when every check was true. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { colour, live, out, signal } = options;
  const screen = new Screen(out, live);
  const paint = palette(colour);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  const logs = join(directory, 'logs');
  await mkdir(logs);
  const processes = new Processes(options.program, logs);
  const stop = new AbortController();
  const began = performance.now();
  let keepLogs = false;
  const progress = { complete: false };
  const checks = new Checks(({ text }) => screen.line(`  ${paint.good('✓')} ${text}`));
  try {
    await Promise.race([
      play(options, { screen, processes, directory, checks, stop, began, progress }),
      aborted(signal),
      processes.died,
    ]);
    return 0;
  } catch (error) {
    screen.settle();
    if (signal.aborted) {
      // With --keep this is how it ends: everything had been true by then.
      if (progress.complete) return 0;
      screen.line('Interrupted.');
      return 130;
    }
    keepLogs = readdirSync(logs).length > 0;
    screen.line(`  ${paint.bad('✗')} ${paint.bad(failureText(error))}`);
    for (const line of complaints(logs)) screen.line(`    ${paint.dim(line)}`);
    screen.line();
    if (!keepLogs) screen.line('The demo failed before anything was started.');
    else screen.line(`The demo failed. The logs of sandbox, controller and clients are in ${logs}`);
    return 1;
  } finally {
    screen.settle();
    stop.abort(new Error('the demo is over'));
    await processes.stopAll();
    await clear(directory, keepLogs);
  }
}

interface Parts {
  readonly screen: Screen;
  readonly processes: Processes;
  readonly directory: string;
  readonly checks: Checks;
  readonly stop: AbortController;
  /** On the monotonic clock. */
  readonly began: number;
  /** `complete` once every check of every step was true. */
  readonly progress: { complete: boolean };
}

async function play(
  options: DemoOptions,
  { screen, processes, directory, checks, stop, began, progress }: Parts,
): Promise<void> {
  const { colour, keep, prometheus, signal, speed } = options;
  const paint = palette(colour);
  screen.line(paint.strong('Sluice: from a Git commit to a canary that a metric judges, and back.'));
  const repository = await DemoRepository.create(directory);
  const kubeconfig = join(directory, 'kubeconfig');
  const sandbox = await startSandbox(processes, kubeconfig, prometheus);
  processes.start(
    'controller',
    [
      'controller',
      '--kubeconfig',
      kubeconfig,
      '--metricsPort',
      '0',
      '--healthzPort',
      '0',
      '--allow-file-repos',
      '--git-cache',
      join(directory, 'git-cache'),
      '--logformat',
      'json',
    ],
    { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: sandbox.prometheus, POD_NAMESPACE: SYSTEM },
  );
  const which = sandbox.prometheusKind === 'real' ? 'a real Prometheus' : 'the built-in Prometheus';
  screen.line(`Sandbox, controller and clients are processes of their own. Metrics come from ${which}.`);

  const api = createHttpApi(await loadConnection({ kubeconfig }), { userAgent: 'sluice-demo' });
  const world = new World(api, CANARY_INGRESS_KEY, stop.signal);
  const ledger = new Ledger();
  const stage: Stage = {
    world,
    ledger,
    repository,
    checks,
    speed,
    startLoad: () => {
      const load = processes.start('clients', [
        'demo-load',
        '--url',
        sandbox.ingress,
        '--host',
        HOST,
        '--rate',
        String(RATE),
      ]);
      load.onLine((line) => {
        const answers = JSON.parse(line) as AnswerLine;
        ledger.add(answers.map(([start, end, status, version]) => ({ start, end, status, version })));
      });
    },
    say: (text) => screen.line(`  ${paint.dim(text)}`),
    title: (text) => show.title(text),
  };
  const show = new Show(stage, screen, { colour, live: options.live, began });
  try {
    await world.start();
    show.start();
    await firstRelease(stage);
    await goodVersion(stage);
    const bad = await badVersion(stage);
    const healed = await revert(stage, bad);
    await drift(stage, healed);
    progress.complete = true;
    show.stop();
    screen.settle();
    for (const line of summary(checks, ledger, performance.now() - began, colour)) screen.line(line);
    if (keep) await keepRunning(screen, kubeconfig, sandbox, signal);
  } finally {
    show.stop();
    stop.abort(new Error('the demo is over'));
    api.close();
  }
}

interface Sandbox {
  readonly ingress: string;
  readonly prometheus: string;
  readonly prometheusKind: string;
}

async function startSandbox(
  processes: Processes,
  kubeconfig: string,
  prometheus: DemoOptions['prometheus'],
): Promise<Sandbox> {
  const sandbox = processes.start('sandbox', [
    'sandbox',
    '--kubeconfig-out',
    kubeconfig,
    '--namespace',
    SYSTEM,
    '-o',
    'json',
    '--prometheus',
    prometheus,
    '--api-port',
    '0',
    '--ingress-port',
    '0',
    '--prometheus-port',
    '0',
  ]);
  const line = await sandbox.firstLine(START_MS);
  try {
    return JSON.parse(line) as Sandbox;
  } catch {
    throw new ProcessFailed(
      `the sandbox said "${line.slice(0, 200)}" instead of its addresses; its log is ${sandbox.log}`,
    );
  }
}

async function keepRunning(
  screen: Screen,
  kubeconfig: string,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<void> {
  for (const line of [
    '',
    'Everything goes on running. In another terminal:',
    '',
    `  export KUBECONFIG=${kubeconfig}`,
    `  kubectl -n ${NAMESPACE} get rollouts,replicasets,pods,services,ingresses,analysisruns`,
    `  kubectl -n ${SYSTEM} get application ${APP} -o yaml`,
    `  npx kubectl-sluice get rollout ${APP} -n ${NAMESPACE} -w`,
    `  npx kubectl-sluice list analysisruns -n ${NAMESPACE}    # and get analysisrun NAME: docs/analysis-gate.md`,
    `  curl -s -H 'Host: ${HOST}' ${sandbox.ingress}/`,
    `  curl -s '${sandbox.prometheus}/api/v1/query?query=nginx_ingress_controller_requests'`,
    '',
    'Ctrl-C ends it.',
  ])
    screen.line(line);
  await new Promise<void>((resolve) => {
    const hold = setInterval(() => {}, 60_000);
    const end = (): void => {
      clearInterval(hold);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function failureText(error: unknown): string {
  if (error instanceof CheckFailed) return `step ${error.step}: not true: ${error.message}`;
  if (error instanceof Late || error instanceof ProcessFailed || error instanceof GitFailed)
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Everything goes; after a failure the logs stay. */
async function clear(directory: string, keepLogs: boolean): Promise<void> {
  const paths = keepLogs
    ? ['git-cache', 'shop', 'shop.git', 'kubeconfig'].map((name) => join(directory, name))
    : [directory];
  for (const path of paths) await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
