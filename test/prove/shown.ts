/** What others show of a Rollout: `kubectl sluice get`, and a scrape of the controller's gauges. */

import { rolloutModel } from '../../src/cli/model/rollout.ts';
import type { Stores } from '../../src/control/controller.ts';
import { objectGauges } from '../../src/control/object-metrics.ts';
import type { KubeObject, ResourceType } from '../../src/kube/api.ts';
import { ANALYSIS_RUN, POD, REPLICA_SET, ROLLOUT } from '../../src/kube/kinds.ts';
import type { World } from './world.ts';

/** Throws where it shows something else than the status says. */
export function show(world: World): void {
  const { storage } = world.cluster.server;
  const all = (type: ResourceType): KubeObject[] => storage.store(type).sorted();
  const objects = {
    replicaSets: all(REPLICA_SET),
    pods: all(POD),
    experiments: [],
    analysisRuns: all(ANALYSIS_RUN),
  };
  const of = (type: ResourceType): { values: () => KubeObject[] } => ({ values: () => all(type) });
  const phases = scrape({ of } as unknown as Stores);
  for (const rollout of all(ROLLOUT)) {
    const { status, message, replicas } = rolloutModel(rollout, objects);
    // A size below zero is a mistake that such a world may hold, and takes no pods away.
    if (replicas.available > replicas.current + Math.max(0, replicas.desired))
      fail(rollout, 'more pods than there are');
    const said = (rollout['status'] ?? {}) as { phase?: string; observedGeneration?: string | number };
    const isCurrent = Number(said.observedGeneration) === rollout.metadata.generation;
    const waits = message.startsWith('waiting for rollout ') || message.startsWith("the object can't");
    if (isCurrent && !waits && said.phase !== undefined && said.phase !== status)
      fail(rollout, `${said.phase} is shown as ${status} (${message})`);
    if (
      isCurrent &&
      hasCondition(rollout, 'InvalidSpec') !== (phases.get(rollout.metadata.name) === 'InvalidSpec')
    )
      fail(rollout, `scraped as ${phases.get(rollout.metadata.name) ?? 'nothing'}`);
  }
}

/** The phase in `rollout_info`, by the name of the Rollout. */
function scrape(stores: Stores): Map<string, string> {
  const phases = new Map<string, string>();
  for (const gauge of objectGauges(stores))
    for (const { labels } of gauge.samples())
      if (gauge.name === 'rollout_info') phases.set(labels['name'] ?? '', labels['phase'] ?? '');
  return phases;
}

const hasCondition = (rollout: KubeObject, wanted: string): boolean => {
  const { conditions } = (rollout['status'] ?? {}) as { conditions?: unknown };
  return Array.isArray(conditions) && conditions.some(({ type }: { type?: string }) => type === wanted);
};

function fail({ metadata }: KubeObject, text: string): never {
  throw new Error(`Rollout ${metadata.name}: ${text}`);
}
