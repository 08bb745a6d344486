/** Kustomize's default order of its output: by kind (namespaces, CRDs, ... first), then group, namespace, name. */

import { currentId, type Gvk, type Resource, type ResourceId } from './resource.ts';

const FIRST = [
  'Namespace',
  'ResourceQuota',
  'StorageClass',
  'CustomResourceDefinition',
  'ServiceAccount',
  'PodSecurityPolicy',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
  'ConfigMap',
  'Secret',
  'Endpoints',
  'Service',
  'LimitRange',
  'PriorityClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Deployment',
  'StatefulSet',
  'CronJob',
  'PodDisruptionBudget',
];
const LAST = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];
const RANK = new Map<string, number>([
  ...FIRST.map((kind, index): [string, number] => [kind, index - FIRST.length]),
  ...LAST.map((kind, index): [string, number] => [kind, index + 1]),
]);

const gvkText = (gvk: Gvk): string => `${gvk.group === '' ? '~G' : gvk.group}_${gvk.version}_${gvk.kind}`;
const idText = (id: ResourceId): string => `${id.namespace === '' ? '~X' : id.namespace}|${id.name}`;
const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export function sortLegacy(resources: Resource[]): void {
  const keyed = resources.map((resource) => ({ resource, id: currentId(resource) }));
  keyed.sort(({ id: a }, { id: b }) => {
    const rank = (RANK.get(a.kind) ?? 0) - (RANK.get(b.kind) ?? 0);
    if (rank !== 0) return rank;
    return compareText(gvkText(a), gvkText(b)) || compareText(idText(a), idText(b));
  });
  resources.splice(0, resources.length, ...keyed.map(({ resource }) => resource));
}
