/** `sluice sandbox`: composes the embedded cluster with pods, ingress and metrics, and runs it until SIGTERM. */

import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { customResourceDefinitions } from '../api/crd.ts';
import { systemClock } from '../kube/clock.ts';
import type { JsonObject } from '../lang/json.ts';
import { serveHttps } from '../sandbox/http/server.ts';
import { SandboxCluster } from '../sandbox/index.ts';
import { startProxy } from '../sandbox/ingress/proxy.ts';
import { type PrometheusMode, startMetrics } from '../sandbox/metrics/index.ts';
import { PrometheusUnavailable } from '../sandbox/metrics/prometheus.ts';
import { Registry } from '../sandbox/metrics/registry.ts';
import { podTargets } from '../sandbox/metrics/targets.ts';
import { HttpPodRuntime } from '../sandbox/pods/http-runtime.ts';
import { PodNetwork } from '../sandbox/pods/network.ts';
import { describeFlags, type Flag, FlagError, type Flags, parseFlags } from './flags.ts';
import { abortOnSignals } from './signals.ts';

const HOST = '127.0.0.1';
const KUBECONFIG = '.sluice/sandbox.kubeconfig';
const PORTS = 'Ports on loopback (0: any free one; absent: the usual one, or a free one when it is taken)';
const FLAGS: readonly Flag[] = [
  {
    name: 'kubeconfig-out',
    kind: 'text',
    group: 'Cluster',
    value: 'file',
    fallback: KUBECONFIG,
    help: 'where to write the kubeconfig',
  },
  {
    name: 'namespace',
    short: 'n',
    kind: 'text',
    group: 'Cluster',
    value: 'name',
    fallback: 'default',
    help: 'namespace of its context; made when there is none',
  },
  {
    name: 'prometheus',
    kind: 'text',
    group: 'Metrics',
    value: 'which',
    among: ['auto', 'real', 'builtin'],
    fallback: 'auto',
    help: 'a real Prometheus from the PATH, or the built-in one',
  },
  { name: 'api-port', kind: 'number', group: PORTS, value: 'port', help: 'API server (6443)' },
  { name: 'ingress-port', kind: 'number', group: PORTS, value: 'port', help: 'ingress proxy (8000)' },
  { name: 'prometheus-port', kind: 'number', group: PORTS, value: 'port', help: 'Prometheus (9090)' },
  {
    name: 'output',
    short: 'o',
    kind: 'text',
    group: 'Other',
    value: 'format',
    among: ['text', 'json'],
    fallback: 'text',
    help: 'json: one line when everything is ready',
  },
  { name: 'help', short: 'h', kind: 'switch', group: 'Other', help: 'print this' },
];

/** Resolves with the exit code when it was stopped: 0, or 1 when it could not start. */
export async function sandboxCommand(argv: string[]): Promise<number> {
  const end = new Cleanup();
  try {
    const flags = parseFlags('sluice sandbox', FLAGS, argv);
    if (flags.on('help')) {
      console.log(usage());
      return 0;
    }
    if (flags.rest.length > 0) throw new FlagError(`unexpected argument "${flags.rest[0]}"`);
    const stopped = abortOnSignals(1);
    const running = await start(flags, end);
    if (!stopped.aborted) {
      console.log(flags.text('output') === 'json' ? JSON.stringify(running) : describe(running));
      await new Promise<void>((done) => {
        // Nothing else holds the process while all is quiet.
        const hold = setInterval(() => {}, 60_000);
        const onStop = (): void => {
          clearInterval(hold);
          done();
        };
        if (stopped.aborted) onStop();
        else stopped.addEventListener('abort', onStop, { once: true });
      });
    }
    return 0;
  } catch (error) {
    const message = problem(error);
    if (message === undefined) throw error;
    console.error(`Error: ${message}`);
    return 1;
  } finally {
    await end.run();
  }
}

/** What `-o json` prints. */
interface Running {
  readonly kubeconfig: string;
  readonly server: string;
  readonly ingress: string;
  readonly prometheus: string;
  readonly prometheusKind: 'real' | 'builtin';
  /** Why there is no real Prometheus, where one was wanted. */
  readonly prometheusNote?: string;
}

async function start(flags: Flags, end: Cleanup): Promise<Running> {
  const clock = systemClock;
  const random = Math.random;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-sandbox-'));
  end.add(() => rm(directory, { recursive: true, force: true }));

  const network = new PodNetwork({ random });
  const pods = new HttpPodRuntime({ clock, random, network });
  const namespace = flags.text('namespace') ?? 'default';
  const cluster = new SandboxCluster({
    clock,
    random,
    pods,
    crds: customResourceDefinitions() as unknown as JsonObject[],
    namespaces: ['default', 'kube-system'].includes(namespace) ? [] : [namespace],
  });
  cluster.start();
  end.add(() => cluster.stop());

  const onError = (error: unknown): void => console.error(`sandbox: ${String(error)}`);
  const https = await withPort(flags, 'api-port', 6443, (port) =>
    serveHttps(cluster, { host: HOST, port, onError }),
  );
  end.add(() => https.close());

  const registry = new Registry();
  const proxy = await withPort(flags, 'ingress-port', 8000, (port) =>
    startProxy({
      api: cluster.api(),
      clock,
      random,
      registry,
      host: HOST,
      port,
      dial: (address, at) => network.dial(address, at),
    }),
  );
  end.add(() => proxy.close());

  const metrics = await withPort(flags, 'prometheus-port', 9090, (port) =>
    startMetrics({
      mode: (flags.text('prometheus') ?? 'auto') as PrometheusMode,
      host: HOST,
      port,
      clock,
      proxy: registry,
      pods: () => podTargets(pods.listening()),
      directory,
    }),
  );
  end.add(() => metrics.close());

  const kubeconfig = resolve(flags.text('kubeconfig-out') ?? KUBECONFIG);
  const text = https.kubeconfig(namespace);
  await mkdir(dirname(kubeconfig), { recursive: true });
  // In one step: who waits for it never reads half of it.
  const unfinished = `${kubeconfig}.${process.pid}`;
  await writeFile(unfinished, text, { mode: 0o600 });
  await rename(unfinished, kubeconfig);
  end.add(async () => {
    // Another sandbox may have written its own in the meantime.
    const now = await readFile(kubeconfig, 'utf8').catch(() => '');
    if (now === text) await rm(kubeconfig, { force: true });
  });
  return {
    kubeconfig,
    server: https.url,
    ingress: proxy.url,
    prometheus: metrics.url,
    prometheusKind: metrics.kind,
    ...(metrics.note === undefined ? {} : { prometheusNote: metrics.note }),
  };
}

/** A port that was asked for is taken or it is an error; the usual one gives way to a free one. */
async function withPort<T>(
  flags: Flags,
  name: string,
  usual: number,
  open: (port: number) => Promise<T>,
): Promise<T> {
  const asked = flags.number(name);
  if (asked !== undefined && (!Number.isInteger(asked) || asked < 0 || asked > 65_535))
    throw new FlagError(`flag --${name} needs a port between 0 and 65535, not ${asked}`);
  try {
    return await open(asked ?? usual);
  } catch (error) {
    if (!isTaken(error)) throw error;
    if (asked === undefined) return await open(0);
    throw new FlagError(`port ${asked} is taken; choose another with --${name}, or 0 for any free one`);
  }
}

function isTaken(error: unknown): boolean {
  if (error instanceof PrometheusUnavailable) return error.message.includes('address already in use');
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EADDRINUSE' || code === 'EACCES';
}

function problem(error: unknown): string | undefined {
  if (error instanceof FlagError) return error.message;
  if (error instanceof PrometheusUnavailable)
    return `${error.message}; install Prometheus, or use --prometheus builtin`;
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  return code === undefined ? undefined : `${syscall ?? 'starting'} failed: ${message}`;
}

/** Runs what was added, the last first, each once and whatever the others do. */
class Cleanup {
  readonly #tasks: (() => unknown)[] = [];

  add(task: () => unknown): void {
    this.#tasks.push(task);
  }

  async run(): Promise<void> {
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      try {
        await task();
      } catch (error) {
        console.error(`sandbox: ${String(error)}`);
      }
    }
  }
}

function describe({
  kubeconfig,
  server,
  ingress,
  prometheus,
  prometheusKind,
  prometheusNote,
}: Running): string {
  const path = relative(process.cwd(), kubeconfig);
  const file = path.startsWith('..') ? kubeconfig : path;
  const which = prometheusKind === 'real' ? 'a real Prometheus' : 'built in: a subset of PromQL';
  return [
    'The sandbox is ready: an embedded Kubernetes, pods that answer HTTP, an ingress, and metrics.',
    '',
    `  API server   ${server}`,
    `  ingress      ${ingress}`,
    `  Prometheus   ${prometheus}   (${which})`,
    ...(prometheusNote === undefined ? [] : [`               no real one: ${prometheusNote}`]),
    `  kubeconfig   ${file}`,
    '',
    'In another terminal:',
    '',
    `  export KUBECONFIG=${path.startsWith('..') ? kubeconfig : `$PWD/${path}`}`,
    '  kubectl get nodes,crds',
    '  npx sluice controller --metricsPort 0 --healthzPort 0      # and in a third: the controller',
    '',
    'docs/getting-started.md goes on from here. Ctrl-C ends the sandbox and everything in it.',
  ].join('\n');
}

function usage(): string {
  return [
    'Starts an embedded Kubernetes on loopback: API server, the built-in controllers that Sluice relies on, pods that',
    'are HTTP servers, an ingress proxy and metrics. Writes a kubeconfig and runs until Ctrl-C; nothing is kept.',
    '',
    'Usage: sluice sandbox [flags]',
    '',
    'Examples:',
    '  sluice sandbox',
    '  sluice sandbox --kubeconfig-out /tmp/kubeconfig --namespace shop',
    '  sluice sandbox -o json --api-port 0 --ingress-port 0 --prometheus-port 0 --prometheus builtin',
    '',
    describeFlags(FLAGS),
    '',
    'Exit codes: 0 stopped by a signal, 1 could not start.',
  ].join('\n');
}
