/**
 * A small world that plans can be carried out in: ReplicaSets with pods that come up on a virtual clock, Services,
 * routes and AnalysisRuns. Writes take effect at once and never fail. Deterministic, and its only inputs are the
 * snapshot that it starts from and what it is told to assume.
 */

import { withoutFields } from '../../api/decode.ts';
import type { AnalysisRun, AnalysisTemplate } from '../../api/analysis.ts';
import type { Rollout, RolloutStatus } from '../../api/rollout.ts';
import type { JsonObject } from '../../lang/json.ts';
import { deepFreeze } from '../../lang/json.ts';
import { applyMergePatch } from '../../lang/patch/merge.ts';
import { formatTime } from '../../lang/time.ts';
import type { RolloutIntent, RolloutSnapshot } from '../rollout/index.ts';
import { EPHEMERAL_METADATA, HASH_LABEL, REVISION, WORKLOAD_GENERATION } from '../rollout/names.ts';
import { podsNeeded } from '../rollout/pods-needed.ts';
import type { ReplicaSet } from '../rollout/replica-set.ts';
import { hashOf, uidOf, countsOf } from '../rollout/replica-set.ts';
import { rolesOf, stableEnd } from '../rollout/roles.ts';
import type { RouteView } from '../rollout/snapshot.ts';
import type { WorkloadView } from '../rollout/workload-ref.ts';
import { Pods } from './pods.ts';
import type { RouteState } from './routes.ts';
import { afterWrite, shownAs } from './routes.ts';
import { canaryOf, generationOf } from '../rollout/defaults.ts';

export interface Assumptions {
  /** Milliseconds from the wish for a pod of this version until it is available; Infinity: never. */
  readonly readyAfterMs: (rs: ReplicaSet) => number;
}

export interface ServiceState {
  selector: Record<string, string>;
  managedBy: string | undefined;
}

/** What plans do not change. */
type Fixed = Pick<RolloutSnapshot, 'clusterTemplates' | 'references'>;

/**
 * Nothing here is changed in place: a snapshot is made of the very objects of the world, and what was worked out of one
 * (a hash, a verdict on a spec) holds for the next.
 */
const fixed = <T>(value: T): T => (Object.isFrozen(value) ? value : deepFreeze(structuredClone(value)));

/** A plan asked for something that this world says can't be: the planner has a fault. */
export class RehearsalError extends Error {
  override readonly name = 'RehearsalError';
}

export class RehearsalWorld {
  now: number;
  rollout: Rollout;
  readonly replicaSets = new Map<string, ReplicaSet>();
  readonly services = new Map<string, ServiceState>();
  readonly runs = new Map<string, AnalysisRun>();
  /** By router. */
  readonly routes = new Map<string, RouteState>();
  templates: readonly AnalysisTemplate[];
  readonly pods: Pods;
  protected readonly assumptions: Assumptions;
  protected statusWrittenAt: number | undefined;
  readonly #fixed: Fixed;
  #workload: WorkloadView | undefined;
  #version = 1;

  constructor(start: RolloutSnapshot & { readonly rollout: Rollout }, assumptions: Assumptions, pods?: Pods) {
    this.now = start.now;
    this.rollout = fixed(start.rollout);
    this.assumptions = assumptions;
    this.statusWrittenAt = start.statusWrittenAt;
    this.templates = start.templates.map(fixed);
    this.#fixed = {
      clusterTemplates: start.clusterTemplates,
      references: start.references,
    };
    this.#workload = start.workload;
    this.pods = pods ?? new Pods();
    for (const rs of start.replicaSets.map(fixed)) {
      this.replicaSets.set(rs.metadata.name, rs);
      if (pods === undefined) this.pods.adopt(rs, this.now, this.now + assumptions.readyAfterMs(rs));
    }
    for (const run of start.analysisRuns.map(fixed)) this.runs.set(run.metadata.name, run);
    for (const [name, service] of Object.entries(start.services))
      if (service !== null)
        this.services.set(name, { selector: { ...service.selector }, managedBy: service.managedBy });
    for (const view of start.routes) this.routes.set(view.router, { view });
  }

  /** The same world, to try something in. */
  fork(assumptions = this.assumptions): RehearsalWorld {
    const start = this.snapshot() as RolloutSnapshot & { readonly rollout: Rollout };
    return new RehearsalWorld(start, assumptions, this.pods.copy());
  }

  snapshot(failed: RolloutSnapshot['failed'] = []): RolloutSnapshot {
    const snapshot: RolloutSnapshot = deepFreeze({
      ...this.#fixed,
      workload: this.#workload,
      now: this.now,
      stored: this.rollout as unknown as RolloutSnapshot['stored'],
      rollout: this.rollout,
      issues: [],
      replicaSets: [...this.replicaSets.values()].map((rs) => this.pods.withStatus(rs, this.now)),
      templates: this.templates,
      analysisRuns: [...this.runs.values()],
      services: Object.fromEntries([...this.services].map(([name, service]) => [name, { name, ...service }])),
      routes: this.shownRoutes(),
      statusWrittenAt: this.statusWrittenAt,
      failed,
    });
    return deepFreeze(podsNeeded(snapshot) ? { ...snapshot, pods: this.pods.views(this.now) } : snapshot);
  }

  writeStatus(status: RolloutStatus): void {
    this.rollout = deepFreeze({ ...this.rollout, status });
    this.statusWrittenAt = this.now;
  }

  /** What a user's edit of the spec does besides. */
  edit(change: (rollout: Rollout) => void): void {
    const next = structuredClone(this.rollout);
    change(next);
    if (JSON.stringify(next.spec) === JSON.stringify(this.rollout.spec)) next.spec = this.rollout.spec;
    else next.metadata.generation = generationOf(next) + 1;
    this.rollout = deepFreeze(next);
  }

  write(intent: RolloutIntent): void {
    switch (intent.kind) {
      case 'patchRolloutMeta':
        if (intent.patch === 'revision') this.#annotateRollout(REVISION, String(intent.revision));
        else if (intent.patch === 'workload') this.#annotateRollout(WORKLOAD_GENERATION, intent.generation);
        else this.#edit({ spec: { ...this.rollout.spec, replicas: intent.replicas } });
        return;
      case 'removeRolloutFields':
        return this.edit((rollout) => {
          rollout.spec = (withoutFields(rollout, intent.paths) as Rollout).spec;
        });
      case 'createReplicaSet':
        return this.#create(intent.object);
      case 'scaleReplicaSet': {
        const { replicas } = there(this.replicaSets, 'ReplicaSet', intent.target.name).spec;
        if (replicas !== intent.from)
          throw new RehearsalError(`${intent.key}: it has ${replicas} pods, not ${intent.from}`);
        const rs = this.#patch(intent.target.name, {
          metadata: { annotations: intent.annotations },
          spec: { replicas: intent.to },
        });
        this.pods.resize(rs, intent.to, this.now, this.now + this.assumptions.readyAfterMs(rs));
        return;
      }
      case 'annotateReplicaSet': {
        const { minReadySeconds, podSpec } = intent;
        this.#patch(intent.target.name, {
          metadata: { annotations: intent.annotations },
          spec: {
            ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
            ...(podSpec === undefined ? {} : { template: { spec: podSpec } }),
          },
        });
        return;
      }
      case 'setTemplateMetadata': {
        const { metadata, record } = intent;
        this.#patch(intent.target.name, {
          metadata: { annotations: record === undefined ? {} : { [EPHEMERAL_METADATA]: record } },
          spec: { template: { metadata: metadata as JsonObject } },
        });
        return;
      }
      case 'setPodMetadata': {
        const changed = new Map(intent.pods.map(({ target, metadata }) => [target.uid, metadata]));
        this.pods.change(intent.target.name, (pod) => {
          const { labels, annotations } = pod;
          const patch = (changed.get(pod.uid) ?? {}) as JsonObject;
          return { ...pod, ...(applyMergePatch({ labels, annotations }, patch) as object) };
        });
        this.#patch(intent.target.name, {
          metadata: { annotations: { [EPHEMERAL_METADATA]: intent.record } },
        });
        return;
      }
      case 'evictPods': {
        const gone = new Set(intent.pods.map(({ uid }) => uid));
        for (const rs of this.replicaSets.values())
          this.pods.replace(
            rs,
            ({ uid }) => gone.has(uid),
            this.now,
            this.now + this.assumptions.readyAfterMs(rs),
          );
        return;
      }
      case 'deleteReplicaSet':
        this.replicaSets.delete(intent.target.name);
        this.pods.remove(intent.target.name);
        return;
      case 'setServiceSelector': {
        const service = there(this.services, 'Service', intent.service);
        service.selector = { ...service.selector, [HASH_LABEL]: intent.hash };
        service.managedBy = this.rollout.metadata.name;
        return;
      }
      case 'setRoute':
        this.routes.set(intent.router, afterWrite(there(this.routes, 'router', intent.router), intent));
        return;
      case 'createAnalysisRun': {
        const run = intent.object as unknown as AnalysisRun;
        const { name } = run.metadata;
        isFree(this.runs, 'AnalysisRun', name);
        const made = { creationTimestamp: formatTime(this.now), uid: `uid-${name}` };
        this.runs.set(name, deepFreeze({ ...run, metadata: { ...run.metadata, ...made } }));
        return;
      }
      case 'terminateAnalysisRun': {
        const run = there(this.runs, 'AnalysisRun', intent.target.name);
        this.runs.set(
          intent.target.name,
          deepFreeze({
            ...run,
            spec: { ...run.spec, terminate: true },
            status: { phase: 'Successful', message: 'Run Terminated' },
          }),
        );
        return;
      }
      case 'deleteAnalysisRun':
        this.runs.delete(intent.target.name);
        return;
      case 'adoptReplicaSet':
      case 'releaseReplicaSet': {
        const { apiVersion, kind, metadata } = this.rollout;
        const owner = { apiVersion, kind, name: metadata.name, uid: uidOf(this.rollout), controller: true };
        const owners = intent.kind === 'adoptReplicaSet' ? [owner] : [];
        this.#patch(intent.target.name, { metadata: { ownerReferences: owners } });
        return;
      }
      case 'scaleWorkload':
        // Its pods are no part of this world, but their number is.
        if (this.#workload !== undefined && !('error' in this.#workload))
          this.#workload = { ...this.#workload, replicas: intent.replicas };
        return;
      default:
        intent satisfies never;
    }
  }

  /** What the routers show now. */
  shownRoutes(): RouteView[] {
    return [...this.routes.values()].map((state) => this.routeView(state));
  }

  protected routeView(state: RouteState): RouteView {
    const { spec, status = {} } = this.rollout;
    return shownAs(state, rolesOf(canaryOf({ spec }), stableEnd(status)));
  }

  /** Of all versions. */
  available(name: string): number {
    return this.pods.available(name, this.now);
  }

  withHash(hash: string | undefined): ReplicaSet | undefined {
    return [...this.replicaSets.values()].find((rs) => hashOf(rs) === hash);
  }

  /** When pods change by themselves; Infinity: never. */
  nextChange(): number {
    return this.pods.nextChange(this.now);
  }

  #create(object: ReplicaSet): void {
    const { name } = object.metadata;
    isFree(this.replicaSets, 'ReplicaSet', name);
    const rs = deepFreeze({
      ...object,
      metadata: {
        ...object.metadata,
        uid: `uid-${name}`,
        generation: 1,
        resourceVersion: String(this.#version++),
        creationTimestamp: formatTime(this.now),
      },
    });
    this.replicaSets.set(name, rs);
    this.pods.resize(rs, countsOf(rs).size, this.now, this.now + this.assumptions.readyAfterMs(rs));
  }

  #patch(name: string, patch: JsonObject): ReplicaSet {
    const rs = there(this.replicaSets, 'ReplicaSet', name);
    const patched = applyMergePatch(rs as unknown as JsonObject, patch) as unknown as ReplicaSet;
    const next = deepFreeze({
      ...patched,
      metadata: {
        ...patched.metadata,
        generation: generationOf(patched) + 1,
        resourceVersion: String(this.#version++),
      },
    });
    this.replicaSets.set(name, next);
    return next;
  }

  #annotateRollout(key: string, value: string): void {
    const { metadata } = this.rollout;
    const annotations = { ...metadata.annotations, [key]: value };
    this.#edit({ metadata: { ...metadata, annotations } });
  }

  #edit(parts: Partial<Rollout>): void {
    this.rollout = deepFreeze({ ...this.rollout, ...parts });
  }
}

function there<T>(objects: ReadonlyMap<string, T>, kind: string, name: string): T {
  const object = objects.get(name);
  if (object === undefined) throw new RehearsalError(`there is no ${kind} ${name}`);
  return object;
}

function isFree(objects: ReadonlyMap<string, unknown>, kind: string, name: string): void {
  if (objects.has(name)) throw new RehearsalError(`${kind} ${name} is created twice`);
}
