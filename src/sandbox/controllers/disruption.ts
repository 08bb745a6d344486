/** The status of PodDisruptionBudgets, on which evictions are decided. */

import type { JsonObject } from '../../lang/json.ts';
import { matchesSelector, selectorFrom, type Selector } from '../../lang/selector.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import { keyOf, type KubeObject, type ResourceType } from '../../kube/api.ts';
import { POD, REPLICA_SET } from '../../kube/kinds.ts';
import { MANAGER, type BuiltinController, type ControllerContext } from './loop.ts';
import { controllerOf, count, isReady, isTerminal, isTerminating, record } from './objects.ts';

export const POD_DISRUPTION_BUDGET: ResourceType = Object.freeze({
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
});

/** An eviction that never became a deletion is forgotten after this. */
const DISRUPTION_TIMEOUT_MS = 120_000;

export function disruptionController(context: ControllerContext): BuiltinController {
  const { storage } = context.server;
  return {
    name: 'disruption',
    *wakes(change, type) {
      if (type.plural === POD_DISRUPTION_BUDGET.plural && type.group === 'policy') {
        if (change.type !== 'DELETED') yield keyOf(change.object.metadata);
        return;
      }
      const isPod = type.plural === POD.plural && type.group === '';
      if (!isPod && !(type.plural === REPLICA_SET.plural && type.group === REPLICA_SET.group)) return;
      const { namespace } = change.object.metadata;
      for (const budget of storage.store(POD_DISRUPTION_BUDGET).values(namespace)) {
        const selector = selectorOf(budget);
        if (
          !isPod ||
          [change.before, change.object].some((pod) => pod !== undefined && selects(selector, pod))
        ) {
          yield keyOf(budget.metadata);
        }
      }
    },
    sync: (key) => syncBudget(context, key),
  };
}

function selectorOf(budget: KubeObject): Selector | undefined {
  try {
    return selectorFrom(record(budget['spec'])['selector'] as JsonObject | undefined);
  } catch {
    return undefined;
  }
}

const selects = (selector: Selector | undefined, pod: KubeObject): boolean =>
  selector !== undefined && matchesSelector(selector, pod.metadata.labels ?? {});

/** `2` or `40%` of the total, rounded up. */
function scaled(value: unknown, total: number): number {
  if (typeof value === 'number') return value;
  const percent = typeof value === 'string' ? Number(value.replace(/%$/, '')) : 0;
  return Math.ceil((Number.isFinite(percent) ? percent : 0) * total * 0.01);
}

function syncBudget(context: ControllerContext, key: string): number | undefined {
  const { server, clock, request } = context;
  const budget = server.storage.store(POD_DISRUPTION_BUDGET).byKey(key);
  if (budget === undefined) return undefined;
  const selector = selectorOf(budget);
  const now = clock.now();
  const pods = [...server.storage.store(POD).values(budget.metadata.namespace)].filter(
    (pod) => !isTerminal(pod) && selects(selector, pod),
  );
  const spec = record(budget['spec']);
  const before = record(budget['status']);
  const { minAvailable, maxUnavailable } = spec;
  let expected = pods.length;
  if (typeof minAvailable !== 'number') expected = expectedFromControllers(context, pods);
  const desired =
    maxUnavailable !== undefined
      ? Math.max(0, expected - scaled(maxUnavailable, expected))
      : scaled(minAvailable, expected);
  const disrupted: JsonObject = {};
  let wait: number | undefined;
  for (const [name, time] of Object.entries(record(before['disruptedPods']))) {
    const pod = pods.find((item) => item.metadata.name === name);
    const left = (parseTime(time) ?? 0) + DISRUPTION_TIMEOUT_MS - now;
    if (pod === undefined || isTerminating(pod) || left <= 0) continue;
    disrupted[name] = time;
    wait = Math.min(wait ?? left, left);
  }
  const healthy = pods.filter(
    (pod) => !isTerminating(pod) && disrupted[pod.metadata.name] === undefined && isReady(pod),
  ).length;
  const allowed = expected <= 0 || healthy < desired ? 0 : healthy - desired;
  const status: JsonObject = {
    currentHealthy: healthy,
    desiredHealthy: desired,
    disruptionsAllowed: allowed,
    expectedPods: expected,
    observedGeneration: budget.metadata.generation ?? 0,
  };
  const gone = Object.keys(record(before['disruptedPods'])).filter((name) => disrupted[name] === undefined);
  const changed =
    gone.length > 0 || Object.entries(status).some(([name, value]) => count(before[name]) !== value);
  if (!changed && before['conditions'] !== undefined) return wait;
  const conditions = Array.isArray(before['conditions']) ? before['conditions'] : [];
  const met = allowed > 0 ? 'True' : 'False';
  const old = conditions.map(record).find((item) => item['type'] === 'DisruptionAllowed');
  status['conditions'] = [
    {
      type: 'DisruptionAllowed',
      status: met,
      reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      observedGeneration: budget.metadata.generation ?? 0,
      lastTransitionTime: old?.['status'] === met ? (old['lastTransitionTime'] ?? null) : formatTime(now),
    },
  ];
  if (Object.keys(record(before['disruptedPods'])).length > 0) {
    status['disruptedPods'] =
      Object.keys(disrupted).length === 0
        ? null
        : { ...disrupted, ...Object.fromEntries(gone.map((name) => [name, null])) };
  }
  server.patch(
    POD_DISRUPTION_BUDGET,
    budget.metadata,
    { type: 'merge', body: { status } },
    { subresource: 'status', fieldManager: MANAGER },
    request,
  );
  return wait;
}

/** Percentages and maxUnavailable count what the pods' ReplicaSets want, not what happens to be there. */
function expectedFromControllers(context: ControllerContext, pods: readonly KubeObject[]): number {
  const seen = new Set<string>();
  let total = 0;
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner === undefined || seen.has(owner.uid)) continue;
    seen.add(owner.uid);
    const located = context.server.storage.byUid(owner.uid);
    if (located?.object.kind === 'ReplicaSet') total += count(record(located.object['spec'])['replicas']);
  }
  return total;
}
