/**
 * What the simulator, the watch of a real API server and the 27 rules have in common: a history is a sequence of
 * `Happening`s, the `Scene` is what is true after the last of them, and a `Rule` looks at each with the scene.
 *
 * Times are milliseconds since the epoch on the clock of the world (virtual in the simulator). A key is
 * `namespace/name`. Objects are raw JSON and frozen, or at least never changed after they were handed over.
 */

import type { Rollout } from '../../../src/api/rollout.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import type { Foresight } from '../../../src/plan/rehearsal/foresee.ts';
import type { RolloutSnapshot } from '../../../src/plan/rollout/index.ts';
import type { Explanation } from '../../../src/plan/why/explain.ts';

// ---- who

/**
 * - `sluice`: one process of the controller or the syncer;
 * - `person`: somebody at kubectl, the CLI, a Git commit that another tool applied;
 * - `hpa`: an autoscaler; - `meddler`: somebody who rewrites what is ours (a route, a selector);
 * - `kubernetes`: ReplicaSet controller, kubelet, garbage collector, endpoint controller, API server;
 * - `unknown`: a real server's object without managedFields.
 */
export type Role = 'sluice' | 'person' | 'hpa' | 'meddler' | 'kubernetes' | 'unknown';

export interface Actor {
  readonly role: Role;
  /** Of a `sluice`: the process (`a`, `b`, ...; a restart is another process). Else anything readable. */
  readonly name: string;
  /** The pass in which a `sluice` wrote, where that is known (`Pass.id`). */
  readonly pass?: number | undefined;
}

// ---- what

interface At {
  readonly at: number;
}

/** A state change of one object at the API server. The one kind of happening that every source has. */
export interface Change extends At {
  readonly what: 'change';
  readonly actor: Actor;
  /** A patch, a replace and a write to a subresource are all an `update`. */
  readonly verb: 'create' | 'update' | 'delete';
  readonly kind: string;
  readonly key: string;
  readonly subresource: string | undefined;
  readonly before: KubeObject | undefined;
  /** undefined when it is gone. An object that waits for its finalizers is still there. */
  readonly after: KubeObject | undefined;
}

/** One request of a process of ours to the API server, after its answer. Source: the simulator. */
export interface Call extends At {
  readonly what: 'call';
  readonly actor: Actor;
  /** When the process sent it. */
  readonly sentAt: number;
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'delete';
  readonly kind: string;
  /** `namespace/name`; '' for lists, watches and generated names. */
  readonly key: string;
  readonly subresource: string | undefined;
  /** uid or resourceVersion was sent along, in the body or as a precondition. */
  readonly precondition: boolean;
  /** HTTP status as the process saw it; 0: no answer came. */
  readonly code: number;
  /** The server carried it out (also where no answer came). A request that changes nothing is carried out too. */
  readonly carriedOut: boolean;
  /** The object after a write that was carried out. */
  readonly answer?: KubeObject | undefined;
}

/** One request of a simulated client through the data plane. */
export interface Traffic extends At {
  readonly what: 'traffic';
  /** `Route.id` of the scene, or of no route where nothing routes this host. */
  readonly route: string;
  readonly rollout: string;
  readonly header: string | undefined;
  /** Where the data plane sent it: the Service, and the version of the pod that answered. */
  readonly service: string | undefined;
  readonly hash: string | undefined;
  readonly ok: boolean;
  /** Why it failed: `no endpoints`, `pod gone`, `HTTP 500 of the application`, ... */
  readonly reason: string | undefined;
  /** The application itself answered with an error: a bad version, not bad routing. */
  readonly fromApplication: boolean;
}

/** One pass of a controller over one key. */
export interface Pass extends At {
  readonly what: 'pass';
  readonly id: number;
  readonly actor: Actor;
  readonly state: 'begins' | 'ends';
  /** `Rollouts`, `AnalysisRuns`, `Applications`, `Services`. */
  readonly controller: string;
  readonly key: string;
  /**
   * When it begins: the world as it was at this instant, or later, is what the process could know. Equal to `at` when
   * every watch event was delivered; just before the oldest one that was not.
   */
  readonly informedSince: number;
  /** When it ends: what the pass threw; undefined when it went well. */
  readonly error?: string | undefined;
}

/** A fault that the simulator put in, or whose end it reports (`until` passed, a partition healed). */
export interface Fault extends At {
  readonly what: 'fault';
  /** `crash-before-write`, `crash-after-write`, `lost-answer`, `http-409`, `watch-delay`, `pause`, `clock-jump`, ... */
  readonly kind: string;
  /** The process, object or backend that it hits. */
  readonly target: string;
  /** It acts until then; equal to `at` for faults of one moment. */
  readonly until: number;
  readonly detail?: string | undefined;
}

/** A process of ours starts, stops, leads or does not lead any more (by its own account). */
export interface Process extends At {
  readonly what: 'process';
  readonly name: string;
  readonly state: 'starts' | 'stops' | 'crashes' | 'leads' | 'follows' | 'sleeps' | 'wakes';
}

/** What a metric backend was asked and said. */
export interface Measurement extends At {
  readonly what: 'measurement';
  /** Key of the AnalysisRun. */
  readonly run: string;
  readonly metric: string;
  /** The truth at this moment, whatever the backend says: `good` or `bad` is the version that is judged. */
  readonly truth: 'good' | 'bad' | 'unknown';
  readonly answer: string;
}

/** What a person did, in words, for the story. What it did to objects stands in the changes by the role `person`. */
export interface Command extends At {
  readonly what: 'command';
  readonly who: string;
  readonly text: string;
  readonly key: string;
}

/** A commit in the repository of an Application; `by: 'sluice'` is the revert. */
export interface Commit extends At {
  readonly what: 'commit';
  readonly by: 'person' | 'sluice';
  readonly repository: string;
  readonly sha: string;
  /** The commit that it takes back. */
  readonly reverts?: string | undefined;
}

/** Faults have stopped; from here on every history must come to rest. */
export interface Quiet extends At {
  readonly what: 'quiet';
}

/** A person asked `why`. */
export interface Asked extends At {
  readonly what: 'asked';
  readonly key: string;
  /** What the answer was made from. */
  readonly snapshot: RolloutSnapshot;
  /** A text: the error that there was instead. */
  readonly answer: Explanation | string;
  /** Nothing has been written for long, and nothing will be. */
  readonly atRest: boolean;
}

/** A person had an edit rehearsed with `plan` against what there is, before making it. */
export interface Rehearsed extends At {
  readonly what: 'rehearsed';
  readonly key: string;
  /** What it starts from, with the edit. */
  readonly snapshot: RolloutSnapshot;
  /** A text: the error that there was instead. */
  readonly foresight: Foresight | string;
}

export type Happening =
  | Change
  | Call
  | Traffic
  | Pass
  | Fault
  | Process
  | Measurement
  | Command
  | Commit
  | Quiet
  | Asked
  | Rehearsed;

// ---- what is true now

/** One version of a Rollout: a ReplicaSet and its pods. */
export interface Version {
  readonly hash: string;
  readonly replicaSet: KubeObject;
  readonly created: number;
  /** `spec.replicas` of the ReplicaSet. */
  readonly size: number;
  /** Pods that are there and not on their way out. */
  readonly pods: number;
  /** Of these, ready ones. */
  readonly ready: number;
  /** Ready for `minReadySeconds`. */
  readonly available: number;
  /** Pods that serve and will go on serving: `min(size, ready)`. */
  readonly carrying: number;
}

/** Something that sends requests on, as it stands in the objects of the data plane. */
export interface Route {
  /** Stable while the objects that make it exist: `ingress shop/web`, `service shop/web-active`, ... */
  readonly id: string;
  /** Key of the Rollout. */
  readonly rollout: string;
  /** `active`: the active Service of blue-green; `selector`: another Service that users address. */
  readonly kind: 'weighted' | 'header' | 'mirror' | 'active' | 'selector';
  readonly destinations: readonly Destination[];
  /** The whole of the weights; 100 unless the route says otherwise. */
  readonly max: number;
  /** Key of the object that says so (Ingress, Service, route). */
  readonly source: string;
}

export interface Destination {
  /** Key of the Service. */
  readonly service: string;
  readonly role: 'canary' | 'stable' | 'other';
  /** Of `Route.max`; header, mirror and selector routes send everything: `max`. */
  readonly weight: number;
  /** Versions that the Service's selector reaches now. Several where it has no hash. */
  readonly hashes: readonly string[];
  /** Pods of these that carry (see `Version.carrying`), and pods outside of every version that are ready. */
  readonly carrying: number;
}

export interface RolloutScene {
  readonly key: string;
  readonly rollout: Rollout;
  /** `spec.replicas`, 1 when absent. */
  readonly desired: number;
  /** Of spec text: percent rounds down, 25 % when absent, never more than `desired`; 0 of both fences counts as 1. */
  readonly maxUnavailable: number;
  readonly strategy: 'canary' | 'blueGreen' | 'none';
  /** A traffic router is configured. */
  readonly routed: boolean;
  /** The whole of the weights: `maxTrafficWeight`, 100 when absent. */
  readonly max: number;
  /** Being deleted. */
  readonly ending: boolean;
  readonly versions: ReadonlyMap<string, Version>;
  /** `status.stableRS`, `status.currentPodHash`. */
  readonly stable: string | undefined;
  readonly current: string | undefined;
  /** Somebody other than us asked for 0 replicas: the instant of the last time; -Infinity: never. */
  readonly scaledToZeroAt: number;
  /** When somebody other than us last changed the spec (template, steps, sizes) or gave a command in the status. */
  readonly lastUserChangeAt: number;
}

export interface Scene {
  readonly now: number;
  objects(kind: string): ReadonlyMap<string, KubeObject>;
  /** Kinds of which there was an object. */
  kinds(): Iterable<string>;
  get(kind: string, key: string): KubeObject | undefined;
  rollout(key: string): RolloutScene | undefined;
  rollouts(): Iterable<RolloutScene>;
  /** The Rollout that owns this object (ReplicaSet, AnalysisRun, canary Ingress), or that uses this Service. */
  rolloutOf(kind: string, object: KubeObject): RolloutScene | undefined;
  /** Every route of this Rollout, as it stands in the objects now; with `since`, as if what was lost since then were there. */
  routes(rollout: string, since?: number): readonly Route[];
  /** Versions whose ReplicaSet somebody else deleted, or took from the Rollout, since then: as they were. */
  lostSince(rollout: string, since: number): readonly Version[];
  /**
   * Most pods that this version had available (ready) at any moment since `since`: what could be believed. Never more
   * than the size of its ReplicaSet is now, for that is a write of ours; unless another process than `writes` wrote it
   * since then. One that somebody else deleted or took from the Rollout since then counts as it was.
   */
  mostAvailableSince(rollout: string, hash: string, since: number): number;
  mostReadySince(rollout: string, hash: string, since: number, writes?: string): number;
  /** Fewest pods that this version had ready (available) at any moment since `since`: what was certain to be known. */
  leastSince(rollout: string, hash: string, since: number, what: 'ready' | 'available'): number;
  /** The smallest `desired` since `since`. */
  leastDesiredSince(rollout: string, since: number): number;
  /** Somebody other than us changed an object that routes, at this instant at last; -Infinity: never. */
  meddledAt(rollout: string): number;
  /**
   * The world at this instant or later is what the writer of this change could know when it decided. From the pass
   * of the actor; where passes are unknown, a few seconds before the change.
   */
  informedSince(change: Change): number;
  /** Faults that act now. */
  readonly faults: readonly Fault[];
  /** The processes that lead by their own account, and the holder that the Lease names. */
  readonly leaders: ReadonlySet<string>;
  readonly quietSince: number | undefined;
}

// ---- the rules

/** What a source of happenings can tell beside `change`. A rule that needs what a source lacks is skipped there. */
export type Need =
  | 'call'
  | 'traffic'
  | 'pass'
  | 'fault'
  | 'process'
  | 'measurement'
  | 'commit'
  | 'quiet'
  | 'asked'
  | 'rehearsed';

export interface Violation {
  readonly rule: number;
  readonly at: number;
  /** One sentence with the numbers. */
  readonly text: string;
  /** `Kind namespace/name` of what is concerned. */
  readonly objects: readonly string[];
}

export interface Watcher {
  /** After the scene has taken the happening in. */
  see(happening: Happening, scene: Scene): Violation | undefined;
  /** At the end of a history that came to rest, or that was stopped at its bound. */
  end?(scene: Scene): Violation | undefined;
  /** How often the predicate had something to decide, for the report. */
  readonly checks: number;
}

export interface Rule {
  readonly number: number;
  /** As in the list of promises. */
  readonly sentence: string;
  /** `AR 4390`, `FL 1898`, ...: threads of users who were hurt. */
  readonly threads: readonly string[];
  readonly needs: readonly Need[];
  /** One for each history. */
  start(): Watcher;
}
