/** ReplicaSets: as many pods as wanted, with the real controller's order of deletion and its status. */

import type { JsonObject } from '../../lang/json.ts';
import { matchesSelector, selectorFrom, type Selector } from '../../lang/selector.ts';
import { parseTime } from '../../lang/time.ts';
import { keyOf, refOf, type KubeObject, type ResourceType } from '../../kube/api.ts';
import { POD, REPLICA_SET } from '../../kube/kinds.ts';
import type { Change } from '../apiserver/storage.ts';
import { MANAGER, type BuiltinController, type ControllerContext } from './loop.ts';
import {
  controllerOf,
  controllerReference,
  count,
  isActive,
  isReady,
  isTerminal,
  isTerminating,
  list,
  phaseOf,
  readySince,
  record,
} from './objects.ts';

/** Pods made or deleted in one pass. */
const BURST = 500;
const COMPONENT = 'replicaset-controller';

export function replicaSetController(context: ControllerContext): BuiltinController {
  return {
    name: 'replicaset',
    *wakes(change, type) {
      if (type.plural === REPLICA_SET.plural && type.group === REPLICA_SET.group) {
        if (change.type !== 'DELETED') yield keyOf(change.object.metadata);
      } else if (type.plural === POD.plural && type.group === '') yield* podWakes(context, change);
    },
    sync: (key) => syncReplicaSet(context, key),
  };
}

function* podWakes(context: ControllerContext, change: Change): Iterable<string> {
  const { namespace } = change.object.metadata;
  const owners = [change.before, change.object].map((pod) =>
    pod === undefined ? undefined : controllerOf(pod),
  );
  const names = new Set<string>();
  for (const owner of owners) if (owner?.kind === 'ReplicaSet') names.add(owner.name);
  for (const name of names) yield keyOf({ namespace, name });
  // An orphan may be adopted by whoever selects it.
  if (change.type === 'DELETED' || controllerOf(change.object) !== undefined) return;
  for (const set of context.server.storage.store(REPLICA_SET).values(namespace)) {
    const selector = selectorOf(set);
    if (selector !== undefined && matchesSelector(selector, change.object.metadata.labels ?? {})) {
      yield keyOf(set.metadata);
    }
  }
}

const selectors = new WeakMap<object, Selector | undefined>();

function selectorOf(set: KubeObject): Selector | undefined {
  const raw = record(set['spec'])['selector'] as JsonObject | undefined;
  if (raw === undefined) return undefined;
  if (!selectors.has(raw)) {
    let selector: Selector | undefined;
    try {
      selector = selectorFrom(raw);
    } catch {
      selector = undefined;
    }
    selectors.set(raw, selector);
  }
  return selectors.get(raw);
}

function syncReplicaSet(context: ControllerContext, key: string): number | undefined {
  const { server, clock } = context;
  const set = server.storage.store(REPLICA_SET).byKey(key);
  if (set === undefined) return undefined;
  const selector = selectorOf(set);
  if (selector === undefined) return undefined;
  if (!isTerminating(set)) {
    claim(context, set, selector);
    const active = ownPods(context, set).filter(isActive);
    const wanted = count(record(set['spec'])['replicas']);
    if (active.length < wanted) createPods(context, set, Math.min(wanted - active.length, BURST));
    else if (active.length > wanted) deletePods(context, set, active, active.length - wanted);
  }
  return writeStatus(context, set, clock.now());
}

const ownPods = (context: ControllerContext, set: KubeObject): KubeObject[] =>
  context.server.storage
    .ownedBy(set.metadata.uid as string)
    .filter(({ type }) => isPodType(type))
    .map(({ object }) => object);

const isPodType = (type: ResourceType): boolean => type.plural === POD.plural && type.group === '';

/** Adopts orphans that match, releases own pods that no longer do. */
function claim(context: ControllerContext, set: KubeObject, selector: Selector): void {
  const { server, request } = context;
  const uid = set.metadata.uid as string;
  for (const pod of ownPods(context, set)) {
    if (controllerOf(pod)?.uid !== uid || isTerminating(pod)) continue;
    if (matchesSelector(selector, pod.metadata.labels ?? {})) continue;
    const others = (pod.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
    server.patch(
      POD,
      pod.metadata,
      {
        type: 'merge',
        body: { metadata: { ownerReferences: others.length > 0 ? (others as never) : null } },
      },
      { fieldManager: MANAGER },
      request,
    );
  }
  const [equal] = selector.requirements.filter((item) => item.operator === '=' || item.operator === 'in');
  const candidates =
    equal?.values.length === 1
      ? server.storage.store(POD).withLabel(equal.key, equal.values[0] as string, set.metadata.namespace)
      : server.storage.store(POD).values(set.metadata.namespace);
  for (const pod of Array.from(candidates)) {
    if (controllerOf(pod) !== undefined || !isActive(pod)) continue;
    if (!matchesSelector(selector, pod.metadata.labels ?? {})) continue;
    const owners = [...(pod.metadata.ownerReferences ?? []), controllerReference(set)];
    server.patch(
      POD,
      pod.metadata,
      { type: 'merge', body: { metadata: { ownerReferences: owners as never } } },
      { fieldManager: MANAGER },
      request,
    );
  }
}

function createPods(context: ControllerContext, set: KubeObject, amount: number): void {
  const template = record(record(set['spec'])['template']);
  const metadata = record(template['metadata']);
  for (let i = 0; i < amount; i++) {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        generateName: `${set.metadata.name}-`,
        namespace: set.metadata.namespace,
        ...(metadata['labels'] === undefined ? {} : { labels: metadata['labels'] }),
        ...(metadata['annotations'] === undefined ? {} : { annotations: metadata['annotations'] }),
        ...(metadata['finalizers'] === undefined ? {} : { finalizers: metadata['finalizers'] }),
        ownerReferences: [controllerReference(set)],
      },
      spec: template['spec'],
    } as unknown as KubeObject;
    const made = context.server.create(POD, pod, { fieldManager: MANAGER }, context.request);
    context.event(set, COMPONENT, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
  }
}

/** Which pods to lose first, as the real controller ranks them. */
function deletePods(context: ControllerContext, set: KubeObject, active: KubeObject[], amount: number): void {
  const { server, request } = context;
  const perNode = new Map<string, number>();
  for (const pod of active) {
    const node = String(record(pod['spec'])['nodeName'] ?? '');
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const phases: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };
  const ranks = new Map(
    active.map((pod) => {
      const node = String(record(pod['spec'])['nodeName'] ?? '');
      const restarts = list(record(pod['status'])['containerStatuses']).map((item) =>
        count(item['restartCount']),
      );
      return [
        pod,
        [
          node === '' ? 0 : 1,
          phases[phaseOf(pod)] ?? 1,
          isReady(pod) ? 1 : 0,
          Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0,
          -(perNode.get(node) ?? 0),
          -(readySince(pod) ?? 0),
          -Math.max(0, ...restarts),
          -(parseTime(pod.metadata.creationTimestamp) ?? 0),
          // Times have seconds only; the later of two of the same second goes first.
          -Number(pod.metadata.resourceVersion),
        ],
      ] as const;
    }),
  );
  const ordered = [...active].sort((a, b) => {
    const [left, right] = [ranks.get(a) ?? [], ranks.get(b) ?? []];
    for (let i = 0; i < left.length; i++) {
      const difference = (left[i] ?? 0) - (right[i] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  });
  for (const pod of ordered.slice(0, Math.min(amount, BURST))) {
    server.delete(POD, pod.metadata, { preconditions: { uid: pod.metadata.uid } }, request);
    context.event(set, COMPONENT, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
  }
}

/** Milliseconds until the next pod counts as available, when one is waiting for minReadySeconds. */
function writeStatus(context: ControllerContext, set: KubeObject, now: number): number | undefined {
  const { server, request } = context;
  const current = server.storage.store(REPLICA_SET).byKey(keyOf(set.metadata));
  if (current === undefined) return undefined;
  const spec = record(current['spec']);
  const minReadyMs = count(spec['minReadySeconds']) * 1000;
  const template = record(record(record(spec['template'])['metadata'])['labels']);
  const own = ownPods(context, current).filter((pod) => controllerOf(pod)?.uid === current.metadata.uid);
  const active = own.filter(isActive);
  let ready = 0;
  let available = 0;
  let labelled = 0;
  let wait: number | undefined;
  for (const pod of active) {
    const labels = pod.metadata.labels ?? {};
    if (Object.entries(template).every(([key, value]) => labels[key] === value)) labelled++;
    const since = readySince(pod);
    if (since === undefined) continue;
    ready++;
    const left = since + minReadyMs - now;
    if (minReadyMs === 0 || left <= 0) available++;
    else wait = Math.min(wait ?? left, left);
  }
  const terminating = own.filter((pod) => isTerminating(pod) && !isTerminal(pod)).length;
  const before = record(current['status']);
  const status: JsonObject = {
    replicas: active.length,
    fullyLabeledReplicas: labelled === 0 ? null : labelled,
    readyReplicas: ready === 0 ? null : ready,
    availableReplicas: available === 0 ? null : available,
    terminatingReplicas: terminating,
    observedGeneration: current.metadata.generation ?? 0,
  };
  const changed = Object.entries(status).some(([name, value]) => (before[name] ?? null) !== value);
  if (changed) {
    server.patch(
      REPLICA_SET,
      refOf(keyOf(current.metadata)),
      { type: 'merge', body: { status } },
      { subresource: 'status', fieldManager: MANAGER },
      request,
    );
  }
  return wait;
}
