/** Where objects name other objects: Kustomize's defaults. Rollouts and other custom resources are not among them. */

import type { FieldSpec } from './field-path.ts';
import type { Gvk } from './resource.ts';

interface ReferenceRule {
  /** What is named. */
  readonly target: Partial<Gvk>;
  /** Where it is named: a text, a map with `name` (and `namespace`), or a list of these. */
  readonly fields: readonly FieldSpec[];
}

const TEMPLATED = ['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet', 'Job'];
const field = (kind: string, path: string, group?: string, version?: string): FieldSpec => ({
  kind,
  path,
  ...(group === undefined ? {} : { group }),
  ...(version === undefined ? {} : { version }),
});

/** The same paths of a pod spec in every kind that holds one. */
const inPods = (paths: readonly string[]): FieldSpec[] =>
  paths.flatMap((path) => [
    field('Pod', `spec/${path}`, undefined, 'v1'),
    field('PodTemplate', `template/spec/${path}`),
    ...TEMPLATED.map((kind) => field(kind, `spec/template/spec/${path}`)),
    field('CronJob', `spec/jobTemplate/spec/template/spec/${path}`),
  ]);

const inWorkloads = (path: string): FieldSpec[] => [
  field('Pod', `spec/${path}`),
  ...['StatefulSet', 'Deployment', 'ReplicationController', 'Job', 'DaemonSet'].map((kind) =>
    field(kind, `spec/template/spec/${path}`),
  ),
  field('CronJob', `spec/jobTemplate/spec/template/spec/${path}`),
];

const RBAC = 'rbac.authorization.k8s.io';
const scaled = [field('HorizontalPodAutoscaler', 'spec/scaleTargetRef/name')];

export const REFERENCES: readonly ReferenceRule[] = [
  ...['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet'].map((kind) => ({
    target: { kind },
    fields: scaled,
  })),
  {
    target: { kind: 'ConfigMap', version: 'v1' },
    fields: [
      ...inPods([
        'volumes/configMap/name',
        'containers/env/valueFrom/configMapKeyRef/name',
        'initContainers/env/valueFrom/configMapKeyRef/name',
        'containers/envFrom/configMapRef/name',
        'initContainers/envFrom/configMapRef/name',
        'volumes/projected/sources/configMap/name',
      ]),
      field('Node', 'spec/configSource/configMap'),
      field('Role', 'rules/resourceNames'),
      field('ClusterRole', 'rules/resourceNames'),
      field(
        'Ingress',
        String.raw`metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap`,
      ),
    ],
  },
  {
    target: { kind: 'Secret', version: 'v1' },
    fields: [
      ...inPods([
        'volumes/secret/secretName',
        'containers/env/valueFrom/secretKeyRef/name',
        'initContainers/env/valueFrom/secretKeyRef/name',
        'containers/envFrom/secretRef/name',
        'initContainers/envFrom/secretRef/name',
        'imagePullSecrets/name',
        'volumes/projected/sources/secret/name',
      ]),
      field('Ingress', 'spec/tls/secretName'),
      field('Ingress', String.raw`metadata/annotations/ingress.kubernetes.io\/auth-secret`),
      field('Ingress', String.raw`metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret`),
      field('Ingress', String.raw`metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret`),
      field('ServiceAccount', 'imagePullSecrets/name'),
      ...['secretName', 'adminSecretName', 'userSecretName', 'secretRef'].map((name) =>
        field('StorageClass', `parameters/${name}`),
      ),
      field('Role', 'rules/resourceNames'),
      field('ClusterRole', 'rules/resourceNames'),
      field(
        'Service',
        'spec/template/spec/containers/env/valueFrom/secretKeyRef/name',
        'serving.knative.dev',
        'v1',
      ),
      field('PersistentVolume', 'spec/azureFile/secretName'),
    ],
  },
  {
    target: { kind: 'Service', version: 'v1' },
    fields: [
      field('StatefulSet', 'spec/serviceName', 'apps'),
      field('Ingress', 'spec/rules/http/paths/backend/serviceName'),
      field('Ingress', 'spec/backend/serviceName'),
      field('Ingress', 'spec/rules/http/paths/backend/service/name'),
      field('Ingress', 'spec/defaultBackend/service/name'),
      field('APIService', 'spec/service/name', 'apiregistration.k8s.io'),
      field(
        'ValidatingWebhookConfiguration',
        'webhooks/clientConfig/service',
        'admissionregistration.k8s.io',
      ),
      field('MutatingWebhookConfiguration', 'webhooks/clientConfig/service', 'admissionregistration.k8s.io'),
    ],
  },
  { target: { kind: 'Role', group: RBAC }, fields: [field('RoleBinding', 'roleRef/name', RBAC)] },
  {
    target: { kind: 'ClusterRole', group: RBAC },
    fields: [field('RoleBinding', 'roleRef/name', RBAC), field('ClusterRoleBinding', 'roleRef/name', RBAC)],
  },
  {
    target: { kind: 'ServiceAccount', version: 'v1' },
    fields: [
      field('RoleBinding', 'subjects', RBAC),
      field('ClusterRoleBinding', 'subjects', RBAC),
      ...inWorkloads('serviceAccountName'),
    ],
  },
  {
    target: { kind: 'PersistentVolumeClaim', version: 'v1' },
    fields: inWorkloads('volumes/persistentVolumeClaim/claimName'),
  },
  {
    target: { kind: 'PersistentVolume', version: 'v1' },
    fields: [field('PersistentVolumeClaim', 'spec/volumeName'), field('ClusterRole', 'rules/resourceNames')],
  },
  {
    target: { kind: 'StorageClass', version: 'v1', group: 'storage.k8s.io' },
    fields: [
      field('PersistentVolume', 'spec/storageClassName'),
      field('PersistentVolumeClaim', 'spec/storageClassName'),
      field('StatefulSet', 'spec/volumeClaimTemplates/spec/storageClassName'),
    ],
  },
  {
    target: { kind: 'PriorityClass', version: 'v1', group: 'scheduling.k8s.io' },
    fields: inWorkloads('priorityClassName'),
  },
];
