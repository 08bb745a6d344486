/** Many Rollouts, each updated with an hour of pauses in its steps. */

import { ROLLOUT } from '../../src/kube/kinds.ts';
import { HOUR, MINUTE, type System, rolloutYaml } from './world.ts';

interface Outcome {
  readonly healthy: number;
  /** Real time and CPU time of this process, in milliseconds. */
  readonly deployMs: number;
  readonly updateMs: number;
  readonly cpuMs: number;
  readonly writesPerRollout: number;
  readonly passesPerRollout: number;
}

const STEPS = '[{setWeight: 25}, {pause: {duration: 30m}}, {setWeight: 50}, {pause: {duration: 30m}}]';

const nameOf = (index: number): string => `web-${String(index).padStart(4, '0')}`;

async function deployMany(system: System, count: number): Promise<void> {
  for (let index = 0; index < count; index++)
    await system.create(rolloutYaml(nameOf(index), { replicas: 4, steps: STEPS }));
  await system.clock.advance(5 * MINUTE);
}

async function updateMany(system: System, count: number): Promise<void> {
  for (let index = 0; index < count; index++)
    await system.merge(ROLLOUT, nameOf(index), {
      spec: { template: { spec: { containers: [{ name: 'app', image: 'app:v2' }] } } },
    });
  await system.clock.advance(HOUR + 5 * MINUTE);
}

async function healthy(system: System, image: string): Promise<number> {
  const { items } = await system.api.list(ROLLOUT, {});
  return items.filter((object) => {
    const status = object['status'] as Record<string, unknown> | undefined;
    return (
      JSON.stringify(object['spec']).includes(image) &&
      status?.['phase'] === 'Healthy' &&
      status['stableRS'] === status['currentPodHash']
    );
  }).length;
}

export async function measureMany(system: System, count: number): Promise<Outcome> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await deployMany(system, count);
  const deployed = performance.now();
  system.writes.length = 0;
  system.passes.clear();
  await updateMany(system, count);
  const updated = performance.now();
  const { user, system: kernel } = process.cpuUsage(cpu);
  return {
    healthy: await healthy(system, 'app:v2'),
    deployMs: deployed - begin,
    updateMs: updated - deployed,
    cpuMs: (user + kernel) / 1000,
    writesPerRollout: system.writes.filter(({ type }) => type.kind !== 'Event').length / count,
    passesPerRollout: (system.passes.get('Rollouts') ?? 0) / count,
  };
}

interface Activity {
  readonly passes: number;
  /** Renewed watches are not counted, nor looks for kinds that the cluster doesn't serve. */
  readonly requests: readonly string[];
}

export const quiet: Activity = { passes: 0, requests: [] };

/** What the controllers do while nobody does anything. */
export async function settledFor(system: System, ms: number): Promise<Activity> {
  system.passes.clear();
  system.requests.length = 0;
  await system.clock.advance(ms);
  return {
    passes: [...system.passes.values()].reduce((sum, count) => sum + count, 0),
    requests: system.requests.filter((request) => !/^(watch|probe) /.test(request)),
  };
}
