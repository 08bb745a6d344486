/**
 * The seam between the cluster and whatever runs its pods. `PodLifecycle` is scheduler and status keeper: it binds
 * pods to the one node, tells the runtime what to start and stop, and turns what the runtime reports into
 * `status`, readiness gates included. A `PodRuntime` decides what a pod's program does, on virtual or real time.
 */

import { deepEqual, type JsonObject } from '../../lang/json.ts';
import { formatTime } from '../../lang/time.ts';
import {
  isConflict,
  isNotFound,
  keyOf,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
} from '../../kube/api.ts';
import { POD } from '../../kube/kinds.ts';
import type { Change } from '../apiserver/storage.ts';
import type { ControllerContext } from './loop.ts';
import { isTerminating, list, record } from './objects.ts';

/** The state of one container, as in `status.containerStatuses[].state`. */
export type ContainerState =
  | { running: { startedAt: string } }
  | { waiting: { reason: string; message?: string } }
  | { terminated: { exitCode: number; reason: string; startedAt?: string; finishedAt?: string } };

export interface ContainerReport {
  readonly name: string;
  readonly ready: boolean;
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly state: ContainerState;
  readonly lastState?: ContainerState;
}

/** What a runtime says of a pod. Conditions and times are made from it. */
export interface PodReport {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  /** The address at which the pod can be reached. */
  readonly podIP?: string | undefined;
  readonly containers: readonly ContainerReport[];
}

/** What a runtime may tell the cluster. Calls about a pod that is gone (another uid) do nothing. */
export interface PodHost {
  report(pod: ObjectRef & { uid: string }, report: PodReport): void;
  /** The program has ended after `stop`; the pod disappears. */
  stopped(pod: ObjectRef & { uid: string }): void;
  event(pod: ObjectRef & { uid: string }, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

export interface PodRuntime {
  /** The pod was bound to the node. Called once for each uid; never throws. */
  start(pod: KubeObject, host: PodHost): void;
  /** The pod is being deleted: end it within `graceMs`, then call `host.stopped`. */
  stop(pod: KubeObject, graceMs: number, host: PodHost): void;
  /** The pod is gone from the API, whether or not it had stopped: let everything of it go. */
  remove(pod: KubeObject): void;
  /** The pod's labels, annotations or conditions changed. */
  changed?(pod: KubeObject, host: PodHost): void;
}

export const NODE_NAME = 'sandbox';
const KUBELET = 'kubelet';

interface Known {
  uid: string;
  stopping: boolean;
}

export class PodLifecycle implements PodHost {
  readonly #context: ControllerContext;
  readonly #runtime: PodRuntime;
  readonly #known = new Map<string, Known>();
  readonly #queue: (() => void)[] = [];
  #scheduled = false;
  #unlisten: (() => void) | undefined;

  constructor(context: ControllerContext, runtime: PodRuntime) {
    this.#context = {
      ...context,
      request: { user: { name: 'system:node:sandbox', groups: ['system:nodes'] } },
    };
    this.#runtime = runtime;
  }

  start(): void {
    if (this.#unlisten !== undefined) return;
    const { storage } = this.#context.server;
    this.#unlisten = storage.onChange((change, type) => this.#see(change, type));
    for (const pod of storage.store(POD).values()) this.#enqueue(() => this.#sync(keyOf(pod.metadata)));
  }

  stop(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#queue.length = 0;
    for (const pod of this.#context.server.storage.store(POD).values()) this.#runtime.remove(pod);
    this.#known.clear();
  }

  #see(change: Change, type: ResourceType): void {
    if (type.plural !== POD.plural || type.group !== '') return;
    const key = keyOf(change.object.metadata);
    if (change.type === 'DELETED') {
      this.#enqueue(() => {
        if (this.#known.get(key)?.uid === change.object.metadata.uid) this.#known.delete(key);
        this.#runtime.remove(change.object);
      });
    } else this.#enqueue(() => this.#sync(key));
  }

  /** Never writes while a change is being told. */
  #enqueue(work: () => void): void {
    this.#queue.push(work);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#context.clock.setTimer(0, () => {
      this.#scheduled = false;
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next();
    });
  }

  #sync(key: string): void {
    const pod = this.#context.server.storage.store(POD).byKey(key);
    if (pod === undefined || this.#unlisten === undefined) return;
    const uid = pod.metadata.uid as string;
    const known = this.#known.get(key);
    if (isTerminating(pod)) {
      if (known?.uid !== uid) {
        this.#known.set(key, { uid, stopping: true });
        this.stopped({ ...pod.metadata, uid });
      } else if (!known.stopping) {
        known.stopping = true;
        this.#runtime.stop(pod, (pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000, this);
      }
      return;
    }
    if (known?.uid !== uid) {
      if (list(record(pod['spec'])['schedulingGates']).length > 0) return;
      this.#known.set(key, { uid, stopping: false });
      const bound = this.#bind(pod);
      if (bound !== undefined) this.#runtime.start(bound, this);
      return;
    }
    this.#judgeReadiness(pod);
    this.#runtime.changed?.(pod, this);
  }

  /** What the scheduler does. */
  #bind(pod: KubeObject): KubeObject | undefined {
    const now = formatTime(this.#context.clock.now());
    const spec = record(pod['spec']);
    const nodeName = spec['nodeName'] === undefined ? NODE_NAME : spec['nodeName'];
    const bound = {
      ...pod,
      spec: { ...spec, nodeName },
      status: { ...record(pod['status']), conditions: [condition('PodScheduled', true, now)] },
    } as unknown as KubeObject;
    return this.#context.server.bindPod(bound, pod);
  }

  report(ref: ObjectRef & { uid: string }, report: PodReport): void {
    const pod = this.#current(ref);
    if (pod === undefined) return;
    const now = formatTime(this.#context.clock.now());
    const before = record(pod['status']);
    const images = new Map(
      list(record(pod['spec'])['containers']).map((item) => [String(item['name']), String(item['image'])]),
    );
    const ended = report.phase === 'Succeeded' || report.phase === 'Failed';
    const status: JsonObject = {
      phase: report.phase,
      startTime: before['startTime'] ?? now,
      ...(report.podIP === undefined
        ? {}
        : {
            podIP: report.podIP,
            podIPs: [{ ip: report.podIP }],
            hostIP: '127.0.0.1',
            hostIPs: [{ ip: '127.0.0.1' }],
          }),
      containerStatuses: report.containers.map((container) => ({
        name: container.name,
        image: images.get(container.name) ?? '',
        imageID: '',
        restartCount: container.restartCount ?? 0,
        ready: container.ready,
        started: container.started ?? container.ready,
        state: container.state as unknown as JsonObject,
        lastState: (container.lastState ?? {}) as unknown as JsonObject,
      })),
    };
    const containersReady = report.containers.length > 0 && report.containers.every((item) => item.ready);
    const reason = ended
      ? report.phase === 'Succeeded'
        ? 'PodCompleted'
        : 'PodFailed'
      : 'ContainersNotReady';
    this.#write(pod, status, containersReady, reason, now);
  }

  #write(pod: KubeObject, status: JsonObject, containersReady: boolean, reason: string, now: string): void {
    const before = list(record(pod['status'])['conditions']);
    const gates = list(record(pod['spec'])['readinessGates']).map((gate) => String(gate['conditionType']));
    const gated = gates.filter(
      (gate) => !before.some((item) => item['type'] === gate && item['status'] === 'True'),
    );
    const ready = containersReady && gated.length === 0;
    const wanted = [
      condition('PodReadyToStartContainers', true, now),
      condition('Initialized', true, now),
      condition('Ready', ready, now, ready ? undefined : containersReady ? 'ReadinessGatesNotReady' : reason),
      condition('ContainersReady', containersReady, now, containersReady ? undefined : reason),
    ];
    const others = before.filter((item) => !wanted.some((made) => made['type'] === item['type']));
    const conditions = [
      ...wanted.map((made) => {
        const old = before.find((item) => item['type'] === made['type']);
        if (old === undefined || old['status'] !== made['status']) return made;
        return { ...made, lastTransitionTime: old['lastTransitionTime'] ?? now };
      }),
      ...others,
    ];
    const next: JsonObject = { ...record(pod['status']), ...status, conditions };
    if (deepEqual(next, pod['status'])) return;
    this.#patchStatus(pod, { ...status, conditions });
  }

  /** A readiness gate was set by somebody else: what the containers said stays, `Ready` is decided anew. */
  #judgeReadiness(pod: KubeObject): void {
    if (list(record(pod['spec'])['readinessGates']).length === 0) return;
    const conditions = list(record(pod['status'])['conditions']);
    const containers = conditions.find((item) => item['type'] === 'ContainersReady');
    if (containers === undefined) return;
    const reason = String(containers['reason'] ?? 'ContainersNotReady');
    this.#write(pod, {}, containers['status'] === 'True', reason, formatTime(this.#context.clock.now()));
  }

  #patchStatus(pod: KubeObject, status: JsonObject): void {
    try {
      this.#context.server.patch(
        POD,
        pod.metadata,
        { type: 'merge', body: { metadata: { uid: pod.metadata.uid as string }, status } },
        { subresource: 'status', fieldManager: KUBELET },
        this.#context.request,
      );
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  stopped(ref: ObjectRef & { uid: string }): void {
    const pod = this.#current(ref);
    if (pod === undefined) return;
    this.#context.server.delete(
      POD,
      pod.metadata,
      { gracePeriodSeconds: 0, preconditions: { uid: ref.uid } },
      this.#context.request,
    );
  }

  event(ref: ObjectRef & { uid: string }, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const pod = this.#current(ref);
    if (pod !== undefined) this.#context.event(pod, KUBELET, type, reason, message);
  }

  #current(ref: ObjectRef & { uid: string }): KubeObject | undefined {
    const pod = this.#context.server.storage.store(POD).get(ref);
    return pod?.metadata.uid === ref.uid ? pod : undefined;
  }
}

const condition = (type: string, met: boolean, now: string, reason?: string): JsonObject => ({
  type,
  status: met ? 'True' : 'False',
  ...(reason === undefined ? {} : { reason }),
  lastTransitionTime: now,
});
