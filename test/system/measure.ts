/**
 * Prints the numbers of docs/measured.md: `node test/system/measure.ts [N ...]`, with the Node that `npm run` uses.
 * Writes are counted on the virtual clock; CPU and memory are those of a controller process of its own that works
 * over HTTPS against the sandbox's API server.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { parseYaml } from '../../src/lang/yaml.ts';
import { SandboxCluster, serveHttps } from '../../src/sandbox/index.ts';
import { ControllerProcess } from '../cluster/controller-process.ts';
import { MINUTE, NAMESPACE, System, nginxCanary, nginxYaml, rolloutYaml } from './world.ts';

const STEPS = '[{setWeight: 25}, {setWeight: 50}, {setWeight: 75}]';
const LIMIT_MS = 600_000;

// ---- writes

async function writes(kind: 'basic' | 'nginx'): Promise<Map<string, number>> {
  await using system = new System();
  const isNginx = kind === 'nginx';
  const canary = isNginx ? nginxCanary('web') : '';
  await system.create(
    (isNginx ? nginxYaml('web') : '') + rolloutYaml('web', { replicas: 4, steps: STEPS, canary }),
  );
  await system.clock.advance(2 * MINUTE);
  system.writes.length = 0;
  await system.merge(ROLLOUT, 'web', update);
  await system.clock.advance(5 * MINUTE);
  const counts = new Map<string, number>();
  for (const { verb, type, subresource } of system.writes) {
    const what =
      type.kind === 'Event'
        ? 'Event'
        : `${verb} ${type.kind}${subresource === undefined ? '' : `/${subresource}`}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return counts;
}

const update: JsonObject = {
  spec: { template: { spec: { containers: [{ name: 'app', image: 'app:v2' }] } } },
};

async function printWrites(): Promise<void> {
  for (const [kind, bound] of [
    ['basic', '3k + 5 = 14'],
    ['nginx', '3k + 9 = 18'],
  ] as const) {
    const counts = await writes(kind);
    const events = counts.get('Event') ?? 0;
    counts.delete('Event');
    const sum = [...counts.values()].reduce((total, count) => total + count, 0);
    console.log(`\nwrites of an update, k = 3, ${kind}: ${sum} (bound ${bound}), and ${events} Events`);
    for (const [what, count] of [...counts].sort()) console.log(`  ${String(count).padStart(3)}  ${what}`);
  }
}

// ---- a process of its own

interface Usage {
  /** User and system time so far, in milliseconds. */
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly peakMb: number;
}

/** Linux: clock ticks of 10 ms. */
function usageOf(pid: number): Usage {
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

async function measure(count: number): Promise<void> {
  const cluster = new SandboxCluster({
    clock: systemClock,
    namespaces: ['sluice', NAMESPACE],
    crds: customResourceDefinitions() as unknown as JsonObject[],
    recordEvents: false,
  });
  cluster.start();
  const directory = mkdtempSync(join(tmpdir(), 'sluice-measure-'));
  const server = await serveHttps(cluster, {});
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig());
  const api = cluster.api();
  const until = async (image: string): Promise<void> => {
    const limit = performance.now() + LIMIT_MS;
    for (;;) {
      const { items } = await api.list(ROLLOUT, { namespace: NAMESPACE });
      const done = items.filter((object) => isDone(object, image)).length;
      if (done === count) return;
      if (performance.now() > limit) throw new Error(`only ${done} of ${count} are Healthy with ${image}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  const controller = new ControllerProcess({
    kubeconfig,
    log: join(directory, 'log'),
    args: [
      '--leader-elect=false',
      '--qps',
      '100000',
      '--burst',
      '100000',
      '--controllers',
      'rollouts,services,analysis',
    ],
    env: { POD_NAMESPACE: 'sluice' },
  });
  try {
    await controller.says(/workers start/);
    const pid = controller.child.pid ?? 0;
    const started = usageOf(pid);
    for (let index = 0; index < count; index++) {
      const [object] = parseYaml(rolloutYaml(`web-${index}`, { replicas: 4, steps: STEPS }));
      const { metadata, ...rest } = object as unknown as KubeObject;
      await api.create(ROLLOUT, { ...rest, metadata: { ...metadata, namespace: NAMESPACE } } as KubeObject);
    }
    await until('app:v1');
    const deployed = usageOf(pid);
    const begun = performance.now();
    for (let index = 0; index < count; index++)
      await api.patch(
        ROLLOUT,
        { namespace: NAMESPACE, name: `web-${index}` },
        { type: 'merge', body: update },
      );
    await until('app:v2');
    const seconds = (performance.now() - begun) / 1000;
    const updated = usageOf(pid);
    const each = (ms: number): string => (ms / count).toFixed(1);
    console.log(
      `${String(count).padStart(6)}  ${each(deployed.cpuMs - started.cpuMs).padStart(9)}  ${each(updated.cpuMs - deployed.cpuMs).padStart(9)}  ${seconds.toFixed(1).padStart(8)}  ${started.rssMb.toFixed(0).padStart(8)}  ${updated.rssMb.toFixed(0).padStart(7)}  ${updated.peakMb.toFixed(0).padStart(7)}`,
    );
  } finally {
    await controller.end();
    cluster.stop();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function isDone(object: KubeObject, image: string): boolean {
  const status = (object['status'] ?? {}) as Record<string, unknown>;
  return (
    JSON.stringify(object['spec']).includes(`"${image}"`) &&
    status['phase'] === 'Healthy' &&
    status['observedGeneration'] === String(object.metadata.generation) &&
    status['stableRS'] === status['currentPodHash']
  );
}

await printWrites();
console.log('\na controller process over HTTPS, 4 replicas, steps 25/50/75 without pauses:');
console.log('     N  ms deploy  ms update   seconds  MB start   MB end  MB peak');
const asked = process.argv.slice(2).map(Number);
for (const count of asked.length > 0 ? asked : [100, 1_000]) await measure(count);
process.exit(0);
