/**
 * Which fields of which kinds hold labels, selectors, annotations: Kustomize's defaults. Custom resources are
 * not among them: of a Rollout only `metadata` is labelled, not its selector or pod template.
 */

import type { FieldSpec } from './field-path.ts';

const spec = (path: string, kind: string, create: boolean, group?: string, version?: string): FieldSpec => ({
  path,
  kind,
  create,
  ...(group === undefined ? {} : { group }),
  ...(version === undefined ? {} : { version }),
});

const affinities = (kind: string): FieldSpec[] =>
  ['podAffinity', 'podAntiAffinity'].flatMap((affinity) => [
    spec(
      `spec/template/spec/affinity/${affinity}/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels`,
      kind,
      false,
      'apps',
    ),
    spec(
      `spec/template/spec/affinity/${affinity}/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels`,
      kind,
      false,
      'apps',
    ),
  ]);

export const SELECTOR_FIELDS: readonly FieldSpec[] = [
  spec('spec/selector', 'Service', true, undefined, 'v1'),
  spec('spec/selector', 'ReplicationController', true, undefined, 'v1'),
  spec('spec/selector/matchLabels', 'Deployment', true),
  ...affinities('Deployment'),
  spec('spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels', 'Deployment', false, 'apps'),
  spec('spec/selector/matchLabels', 'ReplicaSet', true),
  spec('spec/selector/matchLabels', 'DaemonSet', true),
  spec('spec/selector/matchLabels', 'StatefulSet', true, 'apps'),
  ...affinities('StatefulSet'),
  spec(
    'spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels',
    'StatefulSet',
    false,
    'apps',
  ),
  spec('spec/selector/matchLabels', 'Job', false, 'batch'),
  spec('spec/jobTemplate/spec/selector/matchLabels', 'CronJob', false, 'batch'),
  spec('spec/selector/matchLabels', 'PodDisruptionBudget', false, 'policy'),
  spec('spec/podSelector/matchLabels', 'NetworkPolicy', false, 'networking.k8s.io'),
  spec('spec/ingress/from/podSelector/matchLabels', 'NetworkPolicy', false, 'networking.k8s.io'),
  spec('spec/egress/to/podSelector/matchLabels', 'NetworkPolicy', false, 'networking.k8s.io'),
];

export const TEMPLATE_LABEL_FIELDS: readonly FieldSpec[] = [
  { path: 'metadata/labels', create: true },
  spec('spec/template/metadata/labels', 'ReplicationController', true, undefined, 'v1'),
  spec('spec/template/metadata/labels', 'Deployment', true),
  spec('spec/template/metadata/labels', 'ReplicaSet', true),
  spec('spec/template/metadata/labels', 'DaemonSet', true),
  spec('spec/template/metadata/labels', 'StatefulSet', true, 'apps'),
  spec('spec/volumeClaimTemplates[]/metadata/labels', 'StatefulSet', true, 'apps'),
  spec('spec/template/metadata/labels', 'Job', true, 'batch'),
  spec('spec/jobTemplate/metadata/labels', 'CronJob', true, 'batch'),
  spec('spec/jobTemplate/spec/template/metadata/labels', 'CronJob', true, 'batch'),
];

export const ANNOTATION_FIELDS: readonly FieldSpec[] = [
  { path: 'metadata/annotations', create: true },
  spec('spec/template/metadata/annotations', 'ReplicationController', true, undefined, 'v1'),
  spec('spec/template/metadata/annotations', 'Deployment', true),
  spec('spec/template/metadata/annotations', 'ReplicaSet', true),
  spec('spec/template/metadata/annotations', 'DaemonSet', true),
  spec('spec/template/metadata/annotations', 'StatefulSet', true),
  spec('spec/template/metadata/annotations', 'Job', true, 'batch'),
  spec('spec/jobTemplate/metadata/annotations', 'CronJob', true, 'batch'),
  spec('spec/jobTemplate/spec/template/metadata/annotations', 'CronJob', true, 'batch'),
];
