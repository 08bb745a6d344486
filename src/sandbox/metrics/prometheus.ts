/** A real Prometheus as a child process: generated configuration, a free port on loopback, gone with the sandbox. */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PROXY_JOB } from './targets.ts';

export interface PrometheusOptions {
  /** An existing directory of our own, for configuration, data and log. */
  readonly directory: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The sandbox's metrics port, which is scraped and which knows the pods. */
  readonly metricsUrl: string;
  readonly intervalMs: number;
  readonly program?: string | undefined;
  readonly readyWithinMs?: number | undefined;
}

export interface Prometheus {
  readonly url: string;
  close(): Promise<void>;
}

/** Prometheus is not there, or would not start; the message says which, with the end of its log. */
export class PrometheusUnavailable extends Error {
  override readonly name = 'PrometheusUnavailable';
  readonly missing: boolean;

  constructor(message: string, missing: boolean) {
    super(message);
    this.missing = missing;
  }
}

const READY_MS = 30_000;
const POLL_MS = 100;
const STOP_MS = 5000;

/** JSON is YAML too. */
export function prometheusConfig(metricsUrl: string, intervalMs: number): unknown {
  const every = `${intervalMs}ms`;
  return {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: '15s' },
    scrape_configs: [
      {
        job_name: PROXY_JOB,
        honor_labels: true,
        static_configs: [{ targets: [new URL(metricsUrl).host], labels: { instance: PROXY_JOB } }],
      },
      {
        job_name: 'pods',
        http_sd_configs: [{ url: `${metricsUrl}/sd/pods`, refresh_interval: '1s' }],
      },
    ],
  };
}

/** Resolves when it is ready to answer; rejects with `PrometheusUnavailable`. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { directory, host, metricsUrl, intervalMs } = options;
  const program = options.program ?? 'prometheus';
  const port = options.port === 0 ? await freePort(host) : options.port;
  const url = `http://${host}:${port}`;
  const config = join(directory, 'prometheus.yml');
  const logFile = join(directory, 'prometheus.log');
  await writeFile(config, JSON.stringify(prometheusConfig(metricsUrl, intervalMs), null, 2));
  const log = openSync(logFile, 'a');
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      '--storage.tsdb.retention.time=6h',
      `--web.listen-address=${host}:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const close = async (): Promise<void> => await stop(child, ended);
  const deadline = performance.now() + (options.readyWithinMs ?? READY_MS);
  for (;;) {
    const why = await Promise.race([ended, isReady(url)]);
    if (why === true) return { url, close };
    if (typeof why === 'string') {
      if (why === 'ENOENT') throw new PrometheusUnavailable(`there is no ${program} on the PATH`, true);
      throw new PrometheusUnavailable(`${program} ended (${why}): ${tail(logFile)}`, false);
    }
    if (performance.now() > deadline) {
      await close();
      throw new PrometheusUnavailable(`${program} was not ready in time: ${tail(logFile)}`, false);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

function tail(file: string): string {
  try {
    return (
      readFileSync(file, 'utf8').trim().split('\n').slice(-3).join(' | ').slice(-500) || 'its log is empty'
    );
  } catch {
    return 'there is no log';
  }
}

async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
