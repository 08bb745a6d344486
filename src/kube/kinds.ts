/** The kinds that Sluice reads or writes, as the API server serves them. */

import type { ResourceType } from './api.ts';

const kind = (
  group: string,
  version: string,
  plural: string,
  name: string,
  namespaced = true,
): ResourceType => Object.freeze({ group, version, plural, kind: name, namespaced });

const ARGO = 'argoproj.io';

export const ROLLOUT = kind(ARGO, 'v1alpha1', 'rollouts', 'Rollout');
export const ANALYSIS_TEMPLATE = kind(ARGO, 'v1alpha1', 'analysistemplates', 'AnalysisTemplate');
export const CLUSTER_ANALYSIS_TEMPLATE = kind(
  ARGO,
  'v1alpha1',
  'clusteranalysistemplates',
  'ClusterAnalysisTemplate',
  false,
);
export const ANALYSIS_RUN = kind(ARGO, 'v1alpha1', 'analysisruns', 'AnalysisRun');
export const EXPERIMENT = kind(ARGO, 'v1alpha1', 'experiments', 'Experiment');
export const APPLICATION = kind(ARGO, 'v1alpha1', 'applications', 'Application');

export const NAMESPACE = kind('', 'v1', 'namespaces', 'Namespace', false);
export const POD = kind('', 'v1', 'pods', 'Pod');
export const SERVICE = kind('', 'v1', 'services', 'Service');
export const SECRET = kind('', 'v1', 'secrets', 'Secret');
export const SERVICE_ACCOUNT = kind('', 'v1', 'serviceaccounts', 'ServiceAccount');
export const CONFIG_MAP = kind('', 'v1', 'configmaps', 'ConfigMap');
export const EVENT = kind('', 'v1', 'events', 'Event');
export const REPLICA_SET = kind('apps', 'v1', 'replicasets', 'ReplicaSet');
export const DEPLOYMENT = kind('apps', 'v1', 'deployments', 'Deployment');
export const POD_TEMPLATE = kind('', 'v1', 'podtemplates', 'PodTemplate');
export const INGRESS = kind('networking.k8s.io', 'v1', 'ingresses', 'Ingress');
export const JOB = kind('batch', 'v1', 'jobs', 'Job');
export const LEASE = kind('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const SELF_SUBJECT_ACCESS_REVIEW = kind(
  'authorization.k8s.io',
  'v1',
  'selfsubjectaccessreviews',
  'SelfSubjectAccessReview',
  false,
);
export const ENDPOINT_SLICE = kind('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice');
export const CUSTOM_RESOURCE_DEFINITION = kind(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  false,
);
