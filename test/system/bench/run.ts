/** One workload: N Rollouts of a kind in so many namespaces, deployed, updated one by one, updated at once, and left alone. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import type { KubeApi, KubeObject } from '../../../src/kube/api.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { REPLICA_SET, ROLLOUT } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { parseYaml } from '../../../src/lang/yaml.ts';
import { SandboxCluster, serveHttps } from '../../../src/sandbox/index.ts';
import { MeasuredController, type Usage } from './controller.ts';
import { Progress } from './progress.ts';
import { requestsBetween } from './requests.ts';
import { type Kind, UPDATE } from './workload.ts';

export interface Figures {
  readonly kind: Kind;
  readonly count: number;
  readonly namespaces: number;
  readonly deployCpuMs: number;
  readonly updateCpuMs: number;
  readonly updateSeconds: number;
  /** Of one update, by `verb kind`. */
  readonly writes: readonly (readonly [string, number])[];
  readonly passes: number;
  /** From a new image to the new ReplicaSet, one Rollout at a time, milliseconds, in ascending order. */
  readonly reactions: readonly number[];
  readonly startMb: number;
  readonly endMb: number;
  readonly peakMb: number;
  /** Requests, watches apart, and passes in `IDLE_MS` after everything is done. */
  readonly idle: { readonly requests: readonly (readonly [string, number])[]; readonly passes: number };
}

/** Longer than any scale-down delay of the workloads. */
const SETTLE_MS = 40_000;
/** For the Events of the first deploy, which come last. */
const CALM_MS = 5_000;
export const IDLE_MS = 20_000;
const MOST_LOOKS = 60;
const REACTIONS = 40;

export async function measure(
  kind: Kind,
  count: number,
  namespaceCount: number,
  tell: (progress: string) => void,
): Promise<Figures> {
  const namespaces = Array.from({ length: namespaceCount }, (_, i) => `shop-${i}`);
  const refOf = (i: number) => ({ namespace: namespaces[i % namespaceCount] ?? '', name: `web-${i}` });
  const cluster = new SandboxCluster({
    clock: systemClock,
    namespaces: ['sluice', ...namespaces],
    crds: customResourceDefinitions() as unknown as JsonObject[],
    recordEvents: false,
  });
  cluster.start();
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const server = await serveHttps(cluster, {});
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig());
  const api = cluster.api();
  const nodeArgs = (process.env['BENCH_NODE_ARGS'] ?? '').split(' ').filter((arg) => arg !== '');
  const controller = new MeasuredController(kubeconfig, join(directory, 'log'), nodeArgs);
  const progress = new Progress(api, count);
  const until = (image: string): Promise<void> =>
    progress.until(image, (text) => tell(`${kind.name}: ${text}`));
  const patchAll = async (image: string): Promise<void> => {
    for (let i = 0; i < count; i++)
      await api.patch(ROLLOUT, refOf(i), { type: 'merge', body: UPDATE(image) });
  };
  try {
    await controller.started();
    const started = await controller.usage();
    for (let i = 0; i < count; i++) {
      const { namespace, name } = refOf(i);
      for (const document of parseYaml(kind.yaml(name))) {
        const object = document as unknown as KubeObject;
        const plural = object.kind === 'Ingress' ? 'ingresses' : `${object.kind.toLowerCase()}s`;
        const [group = '', version = 'v1'] = object.apiVersion.includes('/')
          ? object.apiVersion.split('/')
          : ['', object.apiVersion];
        const { type } = cluster.server.resource({ group, version, plural });
        await api.create(type, { ...object, metadata: { ...object.metadata, namespace } });
      }
    }
    await until('app:v1');
    await sleep(CALM_MS);
    const deployed = await controller.usage();
    const begun = performance.now();
    await patchAll('app:v2');
    await until('app:v2');
    const updateSeconds = (performance.now() - begun) / 1000;
    tell(`${kind.name} N=${count}: waiting until all is still`);
    await sleep(SETTLE_MS);
    const still = await stillness(controller);
    await sleep(IDLE_MS);
    const after = await controller.usage();
    const reactions = await reactionsOf(api, Math.min(REACTIONS, count), refOf, tell);
    return {
      kind,
      count,
      namespaces: namespaceCount,
      deployCpuMs: (deployed.cpuMs - started.cpuMs) / count,
      updateCpuMs: (still.cpuMs - deployed.cpuMs) / count,
      updateSeconds,
      writes: each(writesBetween(deployed, still), count),
      passes: (still.passes - deployed.passes) / count,
      reactions,
      startMb: started.rssMb,
      endMb: after.rssMb,
      peakMb: after.peakMb,
      idle: {
        requests: requestsBetween(still.requests, after.requests).filter(
          ([what]) => !what.startsWith('Watch'),
        ),
        passes: after.passes - still.passes,
      },
    };
  } finally {
    await controller.end();
    progress.end();
    cluster.stop();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The first look after which nothing is asked for a while: thousands of scale-downs at once take their time. */
async function stillness(controller: MeasuredController): Promise<Usage> {
  for (let looks = 0; ; looks++) {
    const before = await controller.usage();
    await sleep(CALM_MS);
    const after = await controller.usage();
    if (requestsBetween(before.requests, after.requests).every(([what]) => what.startsWith('Watch')))
      return after;
    if (looks >= MOST_LOOKS) throw new Error(`the controller is not still after ${MOST_LOOKS} looks`);
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const WRITES = /^(Create|Patch|Update|Delete) /;

const writesBetween = (before: Usage, after: Usage): [string, number][] =>
  requestsBetween(before.requests, after.requests).filter(([what]) => WRITES.test(what));

const each = (counts: readonly (readonly [string, number])[], by: number): [string, number][] =>
  counts.map(([what, n]) => [what, n / by]);

/** One after the other, so that nothing stands before them in any queue. */
async function reactionsOf(
  api: KubeApi,
  count: number,
  refOf: (i: number) => { namespace: string; name: string },
  tell: (progress: string) => void,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    tell(`reaction ${i + 1} of ${count}`);
    const ref = refOf(i);
    const stop = new AbortController();
    const { resourceVersion } = await api.list(REPLICA_SET, { namespace: ref.namespace, limit: 1 });
    const events = api.watch(REPLICA_SET, { namespace: ref.namespace, resourceVersion, signal: stop.signal });
    const seen = (async () => {
      for await (const { type, object } of events)
        if (type === 'ADDED' && object.metadata.name.startsWith(`${ref.name}-`)) return performance.now();
      throw new Error(`no ReplicaSet for ${ref.name}`);
    })();
    const begin = performance.now();
    await api.patch(ROLLOUT, ref, { type: 'merge', body: UPDATE('app:v3') });
    times.push((await seen) - begin);
    stop.abort();
    await sleep(50);
  }
  return times.toSorted((a, b) => a - b);
}
