/** A blue-green Rollout at one instant, in few words: versions by their image tag, which is their hash, too. */

import type { AnalysisRun } from '../../../../src/api/analysis.ts';
import type { BlueGreenStrategy, RolloutSpec, RolloutStatus } from '../../../../src/api/rollout.ts';
import { deepFreeze } from '../../../../src/lang/json.ts';
import { defaultPodTemplate } from '../../../../src/lang/pod-defaults.ts';
import { formatTime } from '../../../../src/lang/time.ts';
import type { BlueGreenSituation } from '../../../../src/plan/rollout/blue-green/situation.ts';
import { situateBlueGreen } from '../../../../src/plan/rollout/blue-green/situation.ts';
import type { RolloutPlan, RolloutSnapshot } from '../../../../src/plan/rollout/index.ts';
import { planRollout } from '../../../../src/plan/rollout/index.ts';
import { Draft } from '../../../../src/plan/rollout/intents.ts';
import { HASH_LABEL, REVISION, SCALE_DOWN_DEADLINE } from '../../../../src/plan/rollout/names.ts';
import type { ReplicaSet } from '../../../../src/plan/rollout/replica-set.ts';
import { revisionsOf } from '../../../../src/plan/rollout/revision.ts';
import { template } from '../simulation.ts';

export const NOW = Date.UTC(2026, 0, 1);

export interface Version {
  size: number;
  available?: number;
  /** As many as available ones when absent. */
  ready?: number;
  /** Seconds from now. */
  deadline?: number;
}

export interface Scene {
  replicas?: number;
  /** Of the Rollout's template. */
  image?: string;
  strategy?: Partial<BlueGreenStrategy>;
  spec?: Partial<RolloutSpec>;
  status?: RolloutStatus;
  /** Oldest first. */
  versions: Record<string, Version>;
  /** What the Services select; absent: every version. */
  active?: string;
  preview?: string;
  runs?: AnalysisRun[];
  failed?: RolloutSnapshot['failed'];
}

export function snapshotOf(scene: Scene): RolloutSnapshot {
  const { replicas = 4, image = 'v2', strategy, spec, status, versions } = scene;
  const service = (name: string, hash: string | undefined) => ({
    name,
    selector: { app: 'demo', ...(hash === undefined ? {} : { [HASH_LABEL]: hash }) },
    managedBy: hash === undefined ? undefined : 'demo',
  });
  const rollout = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'demo', namespace: 'shop', uid: 'uid', generation: 2, resourceVersion: '7' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'demo' } },
      template: template(image),
      strategy: { blueGreen: { activeService: 'active', previewService: 'preview', ...strategy } },
      ...spec,
    },
    status: { stableRS: 'v1', currentPodHash: image, observedGeneration: '2', ...status },
  };
  return deepFreeze({
    now: NOW,
    stored: rollout as unknown as RolloutSnapshot['stored'],
    rollout,
    issues: [],
    replicaSets: Object.entries(versions).map(([tag, version], index) => replicaSet(tag, version, index)),
    analysisRuns: scene.runs ?? [],
    templates: [],
    clusterTemplates: [],
    services: {
      active: service('active', scene.active),
      preview: service('preview', scene.preview ?? image),
    },
    routes: [],
    references: {},
    statusWrittenAt: undefined,
    failed: scene.failed ?? [],
  } as RolloutSnapshot);
}

function replicaSet(tag: string, version: Version, index: number): ReplicaSet {
  const { size, available = size, ready = available, deadline } = version;
  // As an API server stores it.
  const base = defaultPodTemplate(template(tag)) as {
    metadata: { labels: Record<string, string> };
    spec: object;
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `demo-${tag}`,
      namespace: 'shop',
      uid: `uid-${tag}`,
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: formatTime(NOW - 3_600_000 + index * 60_000),
      labels: { app: 'demo', [HASH_LABEL]: tag },
      annotations: {
        [REVISION]: String(index + 1),
        ...(deadline === undefined ? {} : { [SCALE_DOWN_DEADLINE]: formatTime(NOW + deadline * 1000) }),
      },
      ownerReferences: [
        { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'demo', uid: 'uid', controller: true },
      ],
    },
    spec: {
      replicas: size,
      selector: { matchLabels: { app: 'demo', [HASH_LABEL]: tag } },
      template: {
        ...base,
        metadata: { labels: { ...base.metadata.labels, [HASH_LABEL]: tag } },
      } as ReplicaSet['spec']['template'],
    },
    status: { replicas: size, readyReplicas: ready, availableReplicas: available, observedGeneration: 1 },
  };
}

export function situationOf(scene: Scene): BlueGreenSituation {
  const snapshot = snapshotOf(scene);
  const { rollout } = snapshot;
  const strategy = rollout?.spec.strategy?.blueGreen;
  if (rollout === undefined || strategy === undefined) throw new Error('no blue-green Rollout');
  return situateBlueGreen(
    snapshot,
    rollout,
    strategy,
    revisionsOf(rollout, snapshot.replicaSets),
    new Draft(),
  );
}

export const planOf = (scene: Scene): RolloutPlan => planRollout(snapshotOf(scene));

/** Sizes that a plan asks for, by version. */
export const scaled = (plan: RolloutPlan): Record<string, number> =>
  Object.fromEntries(
    plan.intents.flatMap((intent) =>
      intent.kind === 'scaleReplicaSet' ? [[intent.target.name.replace('demo-', ''), intent.to]] : [],
    ),
  );

/** Services that a plan points elsewhere, with the wave. */
export const switched = (plan: RolloutPlan): Record<string, string> =>
  Object.fromEntries(
    plan.intents.flatMap((intent) =>
      intent.kind === 'setServiceSelector' ? [[`${intent.wave} ${intent.service}`, intent.hash]] : [],
    ),
  );

/** Versions that get a scale-down deadline, in seconds from now, or lose theirs. */
export const deadlines = (plan: RolloutPlan): Record<string, number | null> =>
  Object.fromEntries(
    plan.intents.flatMap((intent) => {
      if (intent.kind !== 'annotateReplicaSet' && intent.kind !== 'scaleReplicaSet') return [];
      const value = intent.annotations[SCALE_DOWN_DEADLINE];
      return value === undefined
        ? []
        : [
            [
              intent.target.name.replace('demo-', ''),
              value === null ? null : (Date.parse(value) - NOW) / 1000,
            ],
          ];
    }),
  );
