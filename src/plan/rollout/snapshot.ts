/** Everything that one decision about a Rollout may need, read at one instant and frozen. */

import type { AnalysisRun, AnalysisTemplate, ClusterAnalysisTemplate } from '../../api/analysis.ts';
import type { DecodeIssue } from '../../api/decode.ts';
import type { ManagedRoute, Rollout, RolloutStatus, WeightDestination } from '../../api/rollout.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { ObjectMeta, ReplicaSet } from './replica-set.ts';
import type { WorkloadView } from './workload-ref.ts';
import type { ReferencedObjects } from './validate-references.ts';

export interface RolloutSnapshot {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The object as it is stored: identity, and what is left to see of one that can't be decoded. */
  readonly stored: StoredRollout;
  /** Undefined where `issues` say why. */
  readonly rollout: Rollout | undefined;
  readonly issues: readonly DecodeIssue[];
  /** Where there are issues: the Rollout without what can't be read, for commands and verdicts. */
  readonly readable?: Rollout | undefined;
  /** What `spec.workloadRef` names; `rollout` has its template then. Undefined: it names nothing. */
  readonly workload?: WorkloadView | undefined;
  /** ReplicaSets of the namespace that the Rollout controls, and those without a controller that it may adopt. */
  readonly replicaSets: readonly ReplicaSet[];
  /** AnalysisRuns that the Rollout controls. */
  readonly analysisRuns: readonly AnalysisRun[];
  readonly templates: readonly AnalysisTemplate[];
  readonly clusterTemplates: readonly ClusterAnalysisTemplate[];
  /** The Services that the Rollout names; null: there is none of that name. */
  readonly services: Readonly<Record<string, ServiceView | null>>;
  /** The routers that the Rollout configures, in the order in which they are driven. */
  readonly routes: readonly RouteView[];
  /** Raw objects that the Rollout refers to, for the checks of spec 01 section 3.4. */
  readonly references: ReferencedObjects;
  /**
   * Pods of all its ReplicaSets, read live after everything else: only where `podsNeeded` asked for them. Undefined:
   * not asked for, or they could not be had.
   */
  readonly pods?: readonly PodView[] | undefined;
  /** Some pods are no longer available, and the status of their ReplicaSet doesn't say so yet. */
  readonly podsAhead?: boolean | undefined;
  /** When this controller last wrote the status of this Rollout; undefined after a restart. */
  readonly statusWrittenAt: number | undefined;
  /** What it wrote then, for as long as that is recent (`COUNTS_INTERVAL_MS`). */
  readonly statusWritten?: RolloutStatus | undefined;
  /** The number that it gave to the Rollout at last, for as long as that is recent. */
  readonly revisionWritten?: { readonly revision: number; readonly at: number } | undefined;
  /** Writes of a plan that this pass already tried in vain. */
  readonly failed: readonly FailedIntent[];
}

export interface StoredRollout {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
}

export interface ServiceView {
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
  /** The Rollout that the Service says it is managed by. */
  readonly managedBy: string | undefined;
}

export interface RouteView {
  /** As in the spec: `nginx`. */
  readonly router: string;
  /** The weight that all of its objects have now; undefined where they differ or are missing. */
  readonly weight: number | undefined;
  /** Whether its objects are, apart from the weight and what stands below, what the Rollout asks for. */
  readonly current: boolean;
  /** The versions behind the weights; undefined: the router knows only Services. */
  readonly canaryHash?: string | undefined;
  readonly stableHash?: string | undefined;
  /** Destinations besides the two; undefined: the router knows none. */
  readonly additional?: readonly WeightDestination[] | undefined;
  /** Header and mirror routes that are there; without a match where no step asks for them so. Undefined: it makes none. */
  readonly managed?: readonly ManagedRoute[] | undefined;
  /** Whether the data plane can be asked for the weight. */
  readonly confirms?: boolean | undefined;
  /** Its answer for `weight`; false also before it came. Undefined: not asked, or it can't tell for this Rollout. */
  readonly verified?: boolean | undefined;
}

/** What decisions read of a pod. */
export interface PodView {
  readonly name: string;
  readonly uid: string;
  /** uid of the ReplicaSet that controls it. */
  readonly replicaSet: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly terminating: boolean;
  /** Since when it is ready, milliseconds; undefined: it isn't. */
  readonly readySince: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface FailedIntent {
  readonly key: string;
  readonly reason: 'AlreadyExists' | 'Error';
  readonly message: string;
}
