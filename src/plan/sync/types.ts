/** The snapshot that a sync is decided from, and what is decided. Plain data; see docs/architecture.md. */

import type { Application, ApplicationSource, ApplicationStatus, Operation } from '../../api/application.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { Plan } from '../types.ts';

export interface ResourceIdentity {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** '' for what lives in no namespace. */
  readonly namespace: string;
  readonly name: string;
}

/** How what Git wants compares with what is there (spec 11 section 4). */
export type Comparison =
  | { readonly state: 'equal' }
  /** `paths` names some of the fields that an apply would change. */
  | { readonly state: 'differs'; readonly paths: readonly string[] }
  | { readonly state: 'missing' }
  /** A dry run makes no sense yet: its CRD or its namespace comes with the same sync. */
  | { readonly state: 'unready'; readonly reason: string }
  /** The API server refuses it. */
  | { readonly state: 'refused'; readonly message: string };

export interface DesiredResource {
  readonly identity: ResourceIdentity;
  /** As it's applied: with its namespace and the tracking annotation. */
  readonly manifest: JsonObject;
  /** The same before anything of the live object went into it; undefined: it is `manifest`. */
  readonly fromGit?: JsonObject | undefined;
  readonly live: JsonObject | undefined;
  readonly comparison: Comparison;
  /** What strict validation says the schema would drop, in the API server's words. */
  readonly droppedFields: readonly string[];
}

/** What earlier syncs brought into the cluster. */
export interface InventoryResource {
  readonly identity: ResourceIdentity;
  readonly live: JsonObject | undefined;
}

export type Target =
  | {
      readonly ok: true;
      readonly revision: string;
      readonly sourceType: string;
      readonly resources: readonly DesiredResource[];
      readonly warnings: readonly Problem[];
    }
  /** Git, rendering or comparing failed: nothing is known about what is wanted now. */
  | { readonly ok: false; readonly problem: Problem; readonly revision?: string | undefined };

export interface Problem {
  /** Type of an Application's condition (spec 11 section 5). */
  readonly type: string;
  readonly message: string;
}

export interface SyncSnapshot {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly application: Application;
  /** The name in tracking ids. */
  readonly trackingName: string;
  readonly target: Target;
  readonly inventory: readonly InventoryResource[];
}

export interface ApplyIntent {
  readonly kind: 'apply';
  readonly key: string;
  readonly identity: ResourceIdentity;
  readonly manifest: JsonObject;
  /** What `manifest` is made of again where the object has changed since it was seen. */
  readonly fromGit: JsonObject;
}
export interface CreateNamespaceIntent {
  readonly kind: 'create-namespace';
  readonly key: string;
  readonly manifest: JsonObject;
}
export interface PruneIntent {
  readonly kind: 'prune';
  readonly key: string;
  readonly identity: ResourceIdentity;
  /** Only this very object. */
  readonly uid: string;
  readonly propagation: 'Foreground' | 'Background' | 'Orphan';
}
export type SyncIntent = CreateNamespaceIntent | ApplyIntent | PruneIntent;

/** The operation that the intents belong to. */
export interface PlannedOperation {
  readonly operation: Operation;
  readonly revision: string;
  readonly source: ApplicationSource;
  readonly startedAt: string;
  readonly retryCount: number;
  /** Pruning that was wanted but is left undone. */
  readonly skippedPrunes: readonly { readonly identity: ResourceIdentity; readonly message: string }[];
  /** Set: it has failed before the first write. */
  readonly refused: string | undefined;
  /** Every resource that the attempt is about, for the result. */
  readonly resources: readonly DesiredResource[];
}

export interface SyncPlan extends Plan<SyncIntent, ApplicationStatus> {
  /** undefined: nothing is to be written but the status. */
  readonly operation: PlannedOperation | undefined;
  /** `operation` of the Application has been taken up and is to be removed. */
  readonly consumesOperation: boolean;
  /** Keys that the inventory must hold before the first write, so that a crash leaves no orphan. */
  readonly inventory: readonly string[];
}

export interface IntentResult {
  readonly key: string;
  readonly ok: boolean;
  /** What the server said, or what was done. */
  readonly message: string;
  /** The object after an apply. */
  readonly object?: JsonObject | undefined;
}

/** The snapshot, with the namespace that CreateNamespace is about. */
export interface SyncSnapshotWithNamespace extends SyncSnapshot {
  /** Live Namespace of the destination; undefined when there is none. */
  readonly namespace?: JsonObject | undefined;
}
