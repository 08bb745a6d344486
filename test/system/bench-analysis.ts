/**
 * Many running AnalysisRuns in one process, on the virtual clock, against an API that only records: what a second of
 * measuring costs. `node test/system/bench-analysis.ts [RUNS] [SECONDS]` prints the numbers of docs/measured.md.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { analysisController } from '../../src/control/analysis/index.ts';
import type { Log } from '../../src/control/controller.ts';
import { Manager } from '../../src/control/manager.ts';
import { sleep } from '../../src/kube/clock.ts';
import { ANALYSIS_RUN } from '../../src/kube/kinds.ts';
import type { HttpClient } from '../../src/providers/http/types.ts';
import { VirtualClock } from '../../src/sandbox/index.ts';
import { RecordingApi } from './recording-api.ts';

export interface BenchOptions {
  readonly runs: number;
  /** Seconds of virtual time that are measured. */
  readonly seconds: number;
  /** Seconds before that; lists of measurements are full after 110 of them. */
  readonly warmUp?: number;
  /** Metrics of each run; all have an interval of 10 s. */
  readonly metrics?: number;
}

export interface BenchResult {
  readonly measurements: number;
  readonly patches: number;
  readonly patchBytes: number;
  /** Keys of statuses that were sent though they had not changed. */
  readonly unchangedKeys: number;
  /** CPU of this process for a second of virtual time, in milliseconds: 1000 is one core. */
  readonly cpuMsPerSecond: number;
  /** Heap in use after a full collection, before and after, in bytes. */
  readonly heapBefore: number;
  readonly heapAfter: number;
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const QUERY =
  'sum(rate(nginx_ingress_controller_requests{ingress="web-canary",status!~"5.."}[2m])) / sum(rate(nginx_ingress_controller_requests{ingress="web-canary"}[2m]))';

export async function benchAnalysis({
  runs,
  seconds,
  warmUp = 130,
  metrics = 1,
}: BenchOptions): Promise<BenchResult> {
  const clock = new VirtualClock();
  const api = new RecordingApi();
  let measurements = 0;
  const http: HttpClient = {
    request: async () => {
      measurements++;
      await sleep(clock, 5 + (measurements % 20));
      const answer = {
        status: 'success',
        data: { resultType: 'vector', result: [{ metric: {}, value: [clock.now() / 1000, '0.999'] }] },
      };
      return { status: 200, headers: {}, body: JSON.stringify(answer) };
    },
  };
  for (let i = 0; i < runs; i++)
    api.put(ANALYSIS_RUN, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: {
        name: `run-${i}`,
        namespace: 'shop',
        uid: `uid-${i}`,
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
      spec: {
        metrics: Array.from({ length: metrics }, (_, m) => ({
          name: `metric-${m}`,
          // Spread over the interval, as runs that began at different times are.
          initialDelay: `${(i * 10_000) / runs}ms`,
          interval: '10s',
          successCondition: 'result[0] > 0.95',
          provider: { prometheus: { address: 'http://prometheus', query: QUERY } },
        })),
      },
    });
  const stop = new AbortController();
  const manager = new Manager({
    api,
    clock,
    random: () => 0.5,
    log: quiet,
    controllers: [(context) => analysisController(context, { http, env: {} })],
    instanceId: '',
    ownNamespace: 'sluice',
    watchNamespace: '',
    drainMs: 0,
  });
  const running = manager.run(stop.signal);
  await clock.advance(warmUp * 1000);

  let patches = 0;
  let patchBytes = 0;
  let unchangedKeys = 0;
  api.onPatch = ({ body, unchanged }) => {
    patches++;
    unchangedKeys += unchanged.length;
    patchBytes += JSON.stringify(body).length;
  };
  measurements = 0;
  const heapBefore = heap();
  const cpu = process.cpuUsage();
  await clock.advance(seconds * 1000);
  const { user, system } = process.cpuUsage(cpu);
  const heapAfter = heap();
  const result = {
    measurements,
    patches,
    patchBytes,
    unchangedKeys,
    cpuMsPerSecond: (user + system) / 1000 / seconds,
    heapBefore,
    heapAfter,
  };
  stop.abort();
  const stopped = running.then(() => undefined);
  await clock.advance(30_000);
  await stopped;
  return result;
}

export function printBench(options: BenchOptions, result: BenchResult): void {
  const { runs, seconds, metrics = 1 } = options;
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(
    [
      `${runs} AnalysisRuns of ${metrics} metric(s), interval 10 s, ${seconds} s measured:`,
      `  measurements in a second     ${(result.measurements / seconds).toFixed(0)}`,
      `  status patches in a second   ${(result.patches / seconds).toFixed(0)}`,
      `  patches for a measurement    ${(result.patches / result.measurements).toFixed(2)}`,
      `  bytes of a patch             ${(result.patchBytes / result.patches).toFixed(0)}`,
      `  share of one core            ${(result.cpuMsPerSecond / 10).toFixed(1)} %`,
      `  heap before and after        ${mb(result.heapBefore)}, ${mb(result.heapAfter)}`,
    ].join('\n'),
  );
}

if (import.meta.main) {
  const [runs = 10_000, seconds = 120] = process.argv.slice(2).map(Number);
  for (const metrics of [1, 3]) {
    const options = { runs: metrics === 1 ? runs : Math.ceil(runs / 3), seconds, metrics };
    printBench(options, await benchAnalysis(options));
  }
}
