/** The built controller as a process of its own, and what it says and costs. Linux. */

import { readFileSync } from 'node:fs';
import { ControllerProcess } from '../../cluster/controller-process.ts';
import { type Requests, requestsSoFar } from './requests.ts';

const dockerfile = readFileSync(new URL('../../../Dockerfile', import.meta.url), 'utf8');
/** What the image sets. */
const shipped = {
  nodeArgs: [...dockerfile.matchAll(/"(--[a-z][^"]*)"/g)].map(([, arg]) => arg ?? ''),
  env: Object.fromEntries(
    [...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name, value]) => [name ?? '', value ?? '']),
  ),
};

export interface Usage {
  /** User and system time so far, milliseconds. */
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly peakMb: number;
  readonly requests: Requests;
  /** Passes over Rollouts so far. */
  readonly passes: number;
}

export class MeasuredController {
  readonly #process: ControllerProcess;

  constructor(kubeconfig: string, log: string, nodeArgs: readonly string[]) {
    this.#process = new ControllerProcess({
      kubeconfig,
      log,
      built: true,
      nodeArgs: [...shipped.nodeArgs, ...nodeArgs],
      args: [
        '--leader-elect=false',
        '--qps=100000',
        '--burst=100000',
        '--controllers=rollouts,services,analysis',
      ],
      env: { ...shipped.env, POD_NAMESPACE: 'sluice' },
    });
  }

  async started(): Promise<void> {
    await this.#process.says(/workers start/);
  }

  async usage(): Promise<Usage> {
    const pid = this.#process.child.pid ?? 0;
    // Asked first: what it costs to tell the metrics is not the work that is measured.
    const { cpuMs, rssMb, peakMb } = processUsage(pid);
    const requests = requestsSoFar();
    const text = await (await fetch(`http://127.0.0.1:${this.#metricsPort()}/metrics`)).text();
    let passes = 0;
    for (const line of text.split('\n')) {
      const value = Number(line.slice(line.lastIndexOf(' ') + 1));
      if (line.startsWith('rollout_reconcile_count{')) passes += value;
    }
    return { cpuMs, rssMb, peakMb, requests, passes };
  }

  end(): Promise<void> {
    return this.#process.end();
  }

  #metricsPort(): string {
    const port = /"metricsPort":\s*"?(\d+)|metricsPort=(\d+)/.exec(this.#process.log);
    if (port === null) throw new Error(`the log names no metricsPort:\n${this.#process.log.slice(0, 500)}`);
    return port[1] ?? port[2] ?? '';
  }
}

/** Clock ticks of 10 ms. */
function processUsage(pid: number): Pick<Usage, 'cpuMs' | 'rssMb' | 'peakMb'> {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
    rssMb: mb('VmRSS'),
    peakMb: mb('VmHWM'),
  };
}
