/** Fields of a Rollout with their defaults filled in (spec 01 section 2). */

import type { AnalysisTemplateRef } from '../../api/analysis-args.ts';
import type { TrafficRouting } from '../../api/traffic-routing.ts';
import type {
  BlueGreenStrategy,
  CanaryStep,
  CanaryStrategy,
  PauseCondition,
  Rollout,
  RolloutCondition,
  RolloutSpec,
  RolloutStatus,
  RolloutStrategy,
} from '../../api/rollout.ts';

/** Before anything was written there is no status, and without a valid spec no strategy. */
export const writtenStatus = (rollout: Pick<Rollout, 'status'>): RolloutStatus => rollout.status ?? {};
export const strategyOf = ({ spec }: Pick<Rollout, 'spec'>): RolloutStrategy => spec.strategy ?? {};
export const canaryOf = (rollout: Pick<Rollout, 'spec'>): CanaryStrategy => strategyOf(rollout).canary ?? {};
/** '' before the first promotion. */
export const stableHashOf = (status: Pick<RolloutStatus, 'stableRS'>): string => status.stableRS ?? '';
export const pausesOf = (status: Pick<RolloutStatus, 'pauseConditions'>): readonly PauseCondition[] =>
  status.pauseConditions ?? [];
export const conditionsOf = (status: Pick<RolloutStatus, 'conditions'>): readonly RolloutCondition[] =>
  status.conditions ?? [];
/** Of the step that is on record; the first where none is. */
export const stepIndexOf = (status: Pick<RolloutStatus, 'currentStepIndex'>): number =>
  status.currentStepIndex ?? 0;
/** Every stored Rollout has one; '' in a file that leaves it open. */
export const namespaceOf = ({ metadata }: { metadata: { namespace?: string | undefined } }): string =>
  metadata.namespace ?? '';
/** 0: the update does not pause by itself. */
export const autoPromotionSeconds = (blueGreen: BlueGreenStrategy): number =>
  blueGreen.autoPromotionSeconds ?? 0;
/** The status leaves a count out where it is 0. */
export const countIn = (
  status: RolloutStatus,
  field: 'availableReplicas' | 'replicas' | 'updatedReplicas',
): number => status[field] ?? 0;
/** Of a header or mirror route; one without is refused, as no managed route is called so. */
export const routeNameOf = (route: { name?: string | undefined } | undefined): string => route?.name ?? '';
/** The API server counts from 1. */
export const generationOf = ({ metadata }: { metadata: { generation?: number | undefined } }): number =>
  metadata.generation ?? 0;
/** A gate without templates is refused, unless it is one that has never been valid. */
export const templatesOf = (analysis: {
  templates?: readonly AnalysisTemplateRef[] | undefined;
}): readonly AnalysisTemplateRef[] => analysis.templates ?? [];
export const replicasOf = (spec: RolloutSpec): number => spec.replicas ?? 1;
export const progressDeadlineSeconds = (spec: RolloutSpec): number => spec.progressDeadlineSeconds ?? 600;
export const revisionHistoryLimit = (spec: RolloutSpec): number => spec.revisionHistoryLimit ?? 10;
export const stepsOf = (canary: CanaryStrategy): readonly CanaryStep[] => canary.steps ?? [];
export const isRouted = (canary: CanaryStrategy): boolean => canary.trafficRouting !== undefined;

export const routingOf = (canary: CanaryStrategy): TrafficRouting => canary.trafficRouting ?? {};

const DEFAULT_MAX_WEIGHT = 100;

export function maxWeight(canary: CanaryStrategy): number {
  return canary.trafficRouting?.maxTrafficWeight ?? DEFAULT_MAX_WEIGHT;
}

/** minPodsPerReplicaSet: what a ReplicaSet with any pods has at least. */
export const replicaFloor = (canary: CanaryStrategy, replicas: number): number =>
  Math.min(canary.minPodsPerReplicaSet ?? 0, replicas);

const DEFAULT_DELAY_SECONDS = 30;

/** How long a ReplicaSet that is no longer used keeps its pods. Only where a router may still send to them. */
export function scaleDownDelaySeconds(canary: CanaryStrategy): number {
  if (!isRouted(canary)) return 0;
  return canary.scaleDownDelaySeconds ?? DEFAULT_DELAY_SECONDS;
}

/** The same for the canary of an aborted update; `never` where the user asked for 0 (spec 02 section 10). */
export function abortScaleDownDelay(canary: CanaryStrategy): number | 'never' {
  if (!isRouted(canary)) return 0;
  if (canary.abortScaleDownDelaySeconds === 0) return 'never';
  return canary.abortScaleDownDelaySeconds ?? DEFAULT_DELAY_SECONDS;
}
