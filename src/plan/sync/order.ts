/** In which order resources are applied, and the other way round pruned. Spec 11 section 4. */

import type { JsonObject } from '../../lang/json.ts';
import { annotationsOf } from './identity.ts';
import type { ResourceIdentity } from './types.ts';

const KINDS = [
  '/Namespace',
  'networking.k8s.io/NetworkPolicy',
  '/ResourceQuota',
  '/LimitRange',
  'policy/PodSecurityPolicy',
  'policy/PodDisruptionBudget',
  '/ServiceAccount',
  '/Secret',
  '/ConfigMap',
  'storage.k8s.io/StorageClass',
  '/PersistentVolume',
  '/PersistentVolumeClaim',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/RoleBinding',
  '/Service',
  'apps/DaemonSet',
  '/Pod',
  'apps/ReplicaSet',
  'apps/Deployment',
  'apps/StatefulSet',
  'batch/Job',
  'batch/CronJob',
  'networking.k8s.io/Ingress',
  'apiregistration.k8s.io/APIService',
];
/** By group too: a custom resource that is called Secret comes after its CRD, like every unknown kind. */
const RANK = new Map(KINDS.map((kind, index) => [kind, index]));

export function waveOf(manifest: JsonObject | undefined): number {
  const wave = Number.parseInt(annotationsOf(manifest)['argocd.argoproj.io/sync-wave'] ?? '0', 10);
  return Number.isFinite(wave) ? wave : 0;
}

interface Ordered {
  readonly identity: ResourceIdentity;
  readonly wave: number;
}

/** Wave, kind, namespace, name. A wave never brings an object before its own namespace or CRD kind in wave 0. */
export function compareApplyOrder(a: Ordered, b: Ordered): number {
  const rank = ({ identity }: Ordered): number =>
    RANK.get(`${identity.group}/${identity.kind}`) ?? KINDS.length;
  return (
    a.wave - b.wave ||
    rank(a) - rank(b) ||
    compareText(a.identity.kind, b.identity.kind) ||
    compareText(a.identity.namespace, b.identity.namespace) ||
    compareText(a.identity.name, b.identity.name)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
