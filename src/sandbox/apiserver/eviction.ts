/** `pods/eviction`: a delete that asks the PodDisruptionBudgets first. */

import { isObject, type JsonObject } from '../../lang/json.ts';
import { matchesSelector, selectorFrom } from '../../lang/selector.ts';
import { formatTime } from '../../lang/time.ts';
import type { DeleteOptions, KubeObject, WriteOptions } from '../../kube/api.ts';
import { badRequest, forbidden, internalError, tooManyRequests } from './errors.ts';
import type { UserInfo } from './resource.ts';
import type { ApiServer } from './server.ts';

const record = (value: unknown): JsonObject => (isObject(value) ? value : {});
const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
const PROCESSING_RETRY_MS = 10_000;

const BUDGETS = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' };
const PODS = { group: '', version: 'v1', plural: 'pods' };

const isReady = (pod: KubeObject): boolean => {
  const conditions = record(pod['status'])['conditions'];
  return (
    Array.isArray(conditions) &&
    conditions.some((item) => isObject(item) && item['type'] === 'Ready' && item['status'] === 'True')
  );
};

/** Answers with a Status; throws 429 where a budget forbids it now. */
export function evictPod(
  server: ApiServer,
  pod: KubeObject,
  eviction: KubeObject,
  options: WriteOptions & { user: UserInfo },
): KubeObject {
  if (eviction.metadata.name !== pod.metadata.name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const phase = record(pod['status'])['phase'];
  const free =
    phase === 'Succeeded' ||
    phase === 'Failed' ||
    phase === 'Pending' ||
    pod.metadata.deletionTimestamp !== undefined;
  if (!free) {
    const budgets = budgetsOf(server, pod);
    if (budgets.length > 1) {
      throw internalError(
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      );
    }
    const [budget] = budgets;
    if (budget !== undefined) spend(server, budget, pod, options.dryRun === true);
  }
  const asked = record(eviction['deleteOptions']) as DeleteOptions;
  server.delete(server.resource(PODS).type, pod.metadata, { ...asked, dryRun: options.dryRun });
  return Object.freeze({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    code: 201,
  }) as unknown as KubeObject;
}

function budgetsOf(server: ApiServer, pod: KubeObject): KubeObject[] {
  const store = server.store(server.resource(BUDGETS));
  return [...store.values(pod.metadata.namespace)].filter((budget) => {
    const { selector } = record(budget['spec']);
    if (!isObject(selector)) return false;
    try {
      return matchesSelector(selectorFrom(selector), pod.metadata.labels ?? {});
    } catch {
      return false;
    }
  });
}

function spend(server: ApiServer, budget: KubeObject, pod: KubeObject, dryRun: boolean): void {
  const [spec, status] = [record(budget['spec']), record(budget['status'])];
  const { name } = budget.metadata;
  const healthy = count(status['currentHealthy']);
  const desired = count(status['desiredHealthy']);
  if (!isReady(pod)) {
    if (spec['unhealthyPodEvictionPolicy'] === 'AlwaysAllow') return;
    if (healthy >= desired && desired > 0) return;
  }
  if (count(status['observedGeneration']) < (budget.metadata.generation ?? 0)) {
    throw tooManyRequests(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      PROCESSING_RETRY_MS,
      {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: `The disruption budget ${name} is still being processed by the server.`,
          },
        ],
        retryAfterSeconds: PROCESSING_RETRY_MS / 1000,
      },
    );
  }
  const allowed = count(status['disruptionsAllowed']);
  if (allowed < 0) {
    throw forbidden(
      { group: 'policy', plural: 'poddisruptionbudget' },
      name,
      'pdb disruptions allowed is negative',
    );
  }
  if (allowed === 0) {
    throw tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", undefined, {
      causes: [
        {
          reason: 'DisruptionBudget',
          message: `The disruption budget ${name} needs ${desired} healthy pods and has ${healthy} currently`,
        },
      ],
    });
  }
  if (dryRun) return;
  const disrupted = {
    ...record(status['disruptedPods']),
    [pod.metadata.name]: formatTime(server.clock.now()),
  };
  server.patch(
    server.resource(BUDGETS).type,
    budget.metadata,
    { type: 'merge', body: { status: { disruptionsAllowed: allowed - 1, disruptedPods: disrupted } } },
    { subresource: 'status', fieldManager: 'kube-apiserver' },
  );
}
