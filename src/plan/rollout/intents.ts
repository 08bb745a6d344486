/**
 * What a plan asks for: a closed union of writes. Each has a stable key and belongs to a wave; waves run one after
 * the other, the writes of one wave at once, and the status patch stands between `routes` and `sizes`.
 */

import type { ManagedRoute, RolloutStatus, WeightDestination } from '../../api/rollout.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { AnalysisRunManifest } from '../analysis/run-object.ts';
import type { Plan, PlannedEvent } from '../types.ts';
import type { PodMetadataPatch } from './ephemeral-metadata.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { ServiceRoles } from './roles.ts';

/**
 * - `verdict`: the routes of an abort, before everything else;
 * - `objects`: what the status will name (ReplicaSets, runs, the revision);
 * - `services`, then `routes`: traffic that a step claims to have moved;
 * - `release`: Services of an abort, after its status;
 * - `stable`: the size of the stable ReplicaSet, before that of any other: what it must carry, it carries first;
 * - `sizes`, `cleanup`: what follows from the recorded status, so that a crash in between only delays it.
 */
export const WAVES_BEFORE_STATUS = ['verdict', 'objects', 'services', 'routes'] as const;
export const WAVES_AFTER_STATUS = ['release', 'stable', 'sizes', 'cleanup'] as const;
export type Wave = (typeof WAVES_BEFORE_STATUS)[number] | (typeof WAVES_AFTER_STATUS)[number];

interface Base {
  readonly key: string;
  readonly wave: Wave;
}

/** An existing object, as the decision saw it. */
export interface Target {
  readonly name: string;
  readonly uid: string | undefined;
  /** Set where a stale decision would do harm: the write then fails with a conflict. */
  readonly resourceVersion?: string | undefined;
}

export type RolloutIntent =
  | (Base & { readonly kind: 'patchRolloutMeta'; readonly patch: 'revision'; readonly revision: number })
  | (Base & { readonly kind: 'patchRolloutMeta'; readonly patch: 'replicas'; readonly replicas: number })
  | (Base & {
      readonly kind: 'patchRolloutMeta';
      readonly patch: 'workload';
      readonly generation: string;
    })
  | (Base & {
      readonly kind: 'removeRolloutFields';
      /** Fields of objects, from the Rollout down. */
      readonly paths: readonly (readonly (string | number)[])[];
    })
  | (Base & { readonly kind: 'scaleWorkload'; readonly name: string; readonly replicas: number })
  | (Base & { readonly kind: 'createReplicaSet'; readonly object: ReplicaSet })
  | (Base & { readonly kind: 'adoptReplicaSet' | 'releaseReplicaSet'; readonly target: Target })
  | (Base & {
      readonly kind: 'scaleReplicaSet';
      readonly target: Target;
      readonly from: number;
      readonly to: number;
      readonly annotations: Readonly<Record<string, string | null>>;
    })
  | (Base & {
      readonly kind: 'annotateReplicaSet';
      readonly target: Target;
      readonly annotations: Readonly<Record<string, string | null>>;
      readonly minReadySeconds?: number | undefined;
      /** A merge patch of the spec of its pods. */
      readonly podSpec?: JsonObject | undefined;
    })
  | (Base & {
      readonly kind: 'setTemplateMetadata';
      readonly target: Target;
      readonly metadata: PodMetadataPatch;
      /** Of what is injected; null: nothing; undefined: not yet to be written. */
      readonly record?: string | null | undefined;
    })
  | (Base & {
      readonly kind: 'setPodMetadata';
      /** The ReplicaSet, which gets the record when all of its pods are done. */
      readonly target: Target;
      readonly pods: readonly { readonly target: Target; readonly metadata: PodMetadataPatch }[];
      readonly record: string | null;
    })
  | (Base & { readonly kind: 'evictPods'; readonly pods: readonly Target[] })
  | (Base & { readonly kind: 'deleteReplicaSet'; readonly target: Target })
  | (Base & {
      readonly kind: 'setServiceSelector';
      readonly service: string;
      readonly hash: string;
      /** The hash in the selector now; '' when none. */
      readonly from: string;
      /** A live look must find the Rollout and this ReplicaSet as the decision saw them. */
      readonly restsOn?: Target | undefined;
    })
  | (Base & RoutesWanted & { readonly kind: 'setRoute'; readonly router: string })
  | (Base & { readonly kind: 'createAnalysisRun'; readonly object: AnalysisRunManifest })
  | (Base & { readonly kind: 'terminateAnalysisRun' | 'deleteAnalysisRun'; readonly target: Target });

/** All that the routers are asked for. */
export interface RoutesWanted extends ServiceRoles {
  /** Of the canary; what this and `additional` leave of `max` goes to stable. */
  readonly weight: number;
  readonly max: number;
  readonly canaryHash: string;
  readonly stableHash: string;
  readonly additional: readonly WeightDestination[];
  /** Header and mirror routes to the canary, first match first. */
  readonly managed: readonly ManagedRoute[];
  /** The weight is lowered before the versions behind it change. */
  readonly weightFirst: boolean;
}

/** An Event with its place: `of` names the write that it tells of, and is dropped with it when that failed. */
export interface RolloutEvent extends PlannedEvent {
  readonly when: 'before' | 'after';
  readonly of?: string | undefined;
}

export interface RolloutPlan extends Plan<RolloutIntent, RolloutStatus> {
  readonly events: readonly RolloutEvent[];
  /** The status holds a verdict: nothing, not even an Event, goes before it. */
  readonly urgent: boolean;
}

export interface RunFailure {
  /** `Invalid`: no run can be made of what the Rollout asks for. `CreateError`: the API server refused it, or was away. */
  readonly reason: 'AnalysisRunInvalid' | 'AnalysisRunCreateError';
  readonly message: string;
}

/** Collects what the links of a chain decide. Local to one call of the planner. */
export class Draft {
  readonly intents: RolloutIntent[] = [];
  readonly events: RolloutEvent[] = [];
  readonly notes: { about: string; text: string }[] = [];
  requeueAt: number | undefined;
  /** Why an AnalysisRun that is due could not be made; the status says so. */
  runFailure: RunFailure | undefined;

  note(about: string, text: string): void {
    this.notes.push({ about, text });
  }

  intend(intent: RolloutIntent): void {
    this.intents.push(intent);
  }

  event(
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    place: { when?: 'before' | 'after'; of?: string } = {},
  ): void {
    this.events.push({ type, reason, message, when: place.when ?? 'before', of: place.of });
  }

  /** The earliest instant wins. */
  lookAgainAt(instant: number): void {
    this.requeueAt = Math.min(this.requeueAt ?? Infinity, instant);
  }
}
