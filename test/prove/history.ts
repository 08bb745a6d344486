/**
 * A history as a value: a world at its beginning, and what happens to it when. Everything that is random was drawn when
 * the value was made, so that it can be kept, shrunk and played again. Times are milliseconds since the beginning.
 */

import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';

export interface History {
  readonly seed: number;
  readonly setup: Setup;
  readonly events: readonly HistoryEvent[];
}

export interface Setup {
  /** Created in this order, in the namespace `shop`, before the controllers start. */
  readonly objects: readonly KubeObject[];
  /** The Rollout; created last, or committed where an Application brings it. */
  readonly rollout: KubeObject;
  /** Processes of the controller with leader election. */
  readonly processes: 1 | 2;
  /** Where new versions come from: an edit of the Rollout, of the Deployment it refers to, or a commit. */
  readonly source: 'rollout' | 'workload' | 'git';
  /** `open`: the installed definitions let anything in, as old ones do. */
  readonly crds?: 'open' | undefined;
  /** A router that can do everything is there, and perhaps confirms weights. */
  readonly router?: { readonly confirms?: Confirms | undefined } | undefined;
  /** A second Application with a repository of its own, with which everything may be wrong. */
  readonly side?: Side | undefined;
  /** Flags of the processes. */
  readonly flags?: Flags | undefined;
}

/** How the data plane answers whether it has a weight. */
export type Confirms = 'at once' | 'late' | 'never' | 'not known' | 'error';

export interface Side {
  readonly application: KubeObject;
  readonly files: Readonly<Record<string, KubeObject>>;
}

export interface Flags {
  /** `--instance-id`. */
  readonly instanceId?: string | undefined;
  /** `--default-service-account`. */
  readonly defaultAccount?: string | undefined;
  /** `--require-service-account`. */
  readonly requiresAccount?: boolean | undefined;
  /** `--observed-generation`. */
  readonly statusForm?: 'string' | 'int' | undefined;
  /** What the installed definition of Rollouts drops, as found at the start. */
  readonly prunedFields?: readonly string[] | undefined;
}

/** What can go wrong with one request of a process. */
export type CallFault =
  | 'crash-before-write'
  | 'crash-after-write'
  | 'lost-answer'
  | 'lost-request'
  | 'http-409'
  | 'http-429'
  | 'http-500'
  | 'http-503'
  | 'slow-write'
  | 'sleep-before-write'
  | 'sleep-after-write';

export type WatchFault = 'watch-delay' | 'watch-drop' | 'watch-duplicate' | 'watch-cut';
export type ReadFault = 'read-error' | 'stale-list';

/** Happens at the `nth` write to `target` from this moment on. */
export interface Aim {
  readonly do: 'aim';
  readonly fault: CallFault;
  readonly nth: number;
  /** `ReplicaSet`, `Rollout/status`, ...; absent: any kind but Events and Leases. */
  readonly target?: string | undefined;
  /** How long it is slow, sleeps, or stays away after a crash. */
  readonly forMs: number;
}

/** Acts for a while on each request or watch event with this probability. */
export interface Weather {
  readonly do: 'weather';
  readonly fault: CallFault | WatchFault | ReadFault;
  readonly rate: number;
  readonly forMs: number;
  /** Of delays, sleeps and restarts. */
  readonly lengthMs: number;
  readonly salt: number;
  readonly target?: string | undefined;
}

export type BackendMode = 'truth' | 'lie' | 'hang' | 'empty' | 'nan' | 'error' | 'garbage';

export type Action =
  // people
  | { readonly do: 'image'; readonly tag: string }
  | { readonly do: 'image-and-replicas'; readonly tag: string; readonly replicas: number }
  | { readonly do: 'scale'; readonly replicas: number; readonly by: 'person' | 'hpa' }
  | {
      readonly do: 'command';
      readonly command:
        'abort' | 'retry' | 'promote' | 'skip' | 'promote-full' | 'restart' | 'pause' | 'unpause';
    }
  | { readonly do: 'spec'; readonly spec: JsonObject }
  /** Ends every AnalysisRun that is not at its end. */
  | { readonly do: 'terminate' }
  | { readonly do: 'recreate'; readonly afterMs: number; readonly foreground?: boolean }
  | { readonly do: 'git'; readonly what: 'revert' | 'down' | 'up' }
  /** Writes something wrong: a merge patch of an object (`Rollout/web`), or `null`, which deletes it. */
  | { readonly do: 'break'; readonly what: string; readonly of: string; readonly change: JsonObject | null }
  /** Puts back everything that was broken and is not mended yet, the last one first. */
  | { readonly do: 'mend' }
  /** Creates an object, with its status. Not where there is one, or where the API server refuses it. */
  | { readonly do: 'make'; readonly what: string; readonly object: KubeObject }
  /** Gives a file to `plan`: the Rollout with this canary strategy, and objects of a router beside. */
  | { readonly do: 'lint'; readonly canary: JsonObject; readonly beside: readonly JsonObject[] }
  /** Asks `why`. */
  | { readonly do: 'ask' }
  /** Asks `plan` what would come of this change of the Rollout's spec; of none where it is empty. */
  | { readonly do: 'rehearse'; readonly spec: JsonObject }
  /** Changes files of the second Application; `null` removes one. */
  | { readonly do: 'commit'; readonly files: Readonly<Record<string, JsonObject | string | null>> }
  // the world
  /** What the controller of a kind says of an object (`StatefulSet/db`); the text `seen` is its generation. */
  | { readonly do: 'live'; readonly of: string; readonly status: JsonObject }
  | { readonly do: 'kill-pods'; readonly count: number; readonly of: 'any' | 'stable' | 'canary' }
  | { readonly do: 'unready-pods'; readonly count: number; readonly forMs: number }
  | { readonly do: 'delete-endpoints' }
  | { readonly do: 'delete-replica-set'; readonly of: 'stable' | 'canary' }
  | { readonly do: 'rewrite-route'; readonly weight: number }
  | { readonly do: 'delete-route' }
  | { readonly do: 'rewrite-selector'; readonly service: string }
  | { readonly do: 'backend'; readonly mode: BackendMode; readonly forMs: number }
  | { readonly do: 'confirms'; readonly mode: Confirms; readonly forMs: number }
  | { readonly do: 'compact' }
  // the processes
  | { readonly do: 'crash'; readonly forMs: number }
  | { readonly do: 'sleep'; readonly forMs: number; readonly machine: boolean }
  | { readonly do: 'clock-jump'; readonly ms: number }
  | { readonly do: 'steal-lease' }
  | Aim
  | Weather;

export type HistoryEvent = Action & { readonly at: number };
