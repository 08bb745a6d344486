/** The built-in kinds that the sandbox serves. */

import type { KubeObject, ResourceType } from '../../kube/api.ts';
import { definitionRules } from './custom.ts';
import { setOf } from './field-set.ts';
import {
  autoscalerRules,
  budgetRules,
  configMapRules,
  eventRules,
  leaseRules,
  namespaceRules,
  nodeRules,
  roleBindingRules,
  roleRules,
  secretRules,
} from './kinds/cluster.ts';
import { endpointSliceRules, ingressRules, serviceRules } from './kinds/networking.ts';
import { defaultPrinter, printers } from './kinds/printing.ts';
import { deploymentRules, jobRules, podRules, record, replicaSetRules } from './kinds/workloads.ts';
import builtin from './openapi/builtin.json' with { type: 'json' };
import type { OpenApiDigest } from './openapi/digest.ts';
import type { KindRules, Resource, ScalePaths } from './resource.ts';
import { selfReview, accessReview, rulesReview } from './reviews.ts';
import { SchemaLoader, type Schema } from './schema.ts';

export const digest = builtin as unknown as OpenApiDigest;
const loader = new SchemaLoader(digest.schemas);

/** `metadata` of every object. */
export const objectMeta: Schema = loader.component('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
// An empty list is how a client asks to start managedFields anew; it must not look absent.
const managedFieldsSchema = objectMeta.fields?.get('managedFields');
if (managedFieldsSchema !== undefined) managedFieldsSchema.omitZero = false;

export const evictionSchema: Schema = loader.component('io.k8s.api.policy.v1.Eviction');
export const scaleSchema: Schema = loader.component('io.k8s.api.autoscaling.v1.Scale');

interface Entry {
  short?: readonly string[];
  namespaced?: boolean;
  categories?: readonly string[];
  status?: boolean;
  scale?: ScalePaths;
  rules?: KindRules;
  selectable?: Readonly<Record<string, (object: KubeObject) => string>>;
  returnsDeleted?: boolean;
  review?: Resource['review'];
  singular?: string;
}

const ALL = ['all'];
const WORKLOAD_SCALE: ScalePaths = {
  spec: 'spec.replicas',
  status: 'status.replicas',
  selector: 'spec.selector',
};
const at =
  (...path: string[]) =>
  (object: KubeObject): string => {
    let value: unknown = object;
    for (const name of path) value = record(value)[name];
    return value === undefined || value === null ? '' : String(value);
  };

const involved = Object.fromEntries(
  ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((name) => [
    `involvedObject.${name}`,
    at('involvedObject', name),
  ]),
);

const RBAC = 'rbac.authorization.k8s.io/v1';
const BATCH = 'batch/v1';

/** `group/version plural Kind` (`v1 pods Pod`). */
const ENTRIES: Readonly<Record<string, Entry>> = {
  'v1 namespaces Namespace': {
    short: ['ns'],
    namespaced: false,
    status: true,
    rules: namespaceRules,
    selectable: { 'status.phase': at('status', 'phase') },
    returnsDeleted: true,
  },
  'v1 pods Pod': {
    short: ['po'],
    categories: ALL,
    status: true,
    rules: podRules,
    returnsDeleted: true,
    selectable: {
      'spec.nodeName': at('spec', 'nodeName'),
      'spec.restartPolicy': at('spec', 'restartPolicy'),
      'spec.schedulerName': at('spec', 'schedulerName'),
      'spec.serviceAccountName': at('spec', 'serviceAccountName'),
      'spec.hostNetwork': (pod) => String(record(pod['spec'])['hostNetwork'] === true),
      'status.phase': at('status', 'phase'),
      'status.podIP': at('status', 'podIP'),
      'status.nominatedNodeName': at('status', 'nominatedNodeName'),
    },
  },
  'v1 services Service': {
    short: ['svc'],
    categories: ALL,
    status: true,
    rules: serviceRules,
    returnsDeleted: true,
    selectable: { 'spec.clusterIP': at('spec', 'clusterIP'), 'spec.type': at('spec', 'type') },
  },
  'v1 secrets Secret': { rules: secretRules, selectable: { type: at('type') } },
  'v1 configmaps ConfigMap': { short: ['cm'], rules: configMapRules },
  'v1 events Event': {
    short: ['ev'],
    rules: eventRules,
    selectable: {
      ...involved,
      reason: at('reason'),
      reportingComponent: at('reportingComponent'),
      source: (event) => at('source', 'component')(event) || at('reportingComponent')(event),
      type: at('type'),
    },
  },
  'v1 serviceaccounts ServiceAccount': { short: ['sa'], returnsDeleted: true },
  'v1 persistentvolumeclaims PersistentVolumeClaim': { short: ['pvc'], status: true, returnsDeleted: true },
  'v1 nodes Node': {
    short: ['no'],
    namespaced: false,
    status: true,
    rules: nodeRules,
    selectable: { 'spec.unschedulable': (node) => String(record(node['spec'])['unschedulable'] === true) },
  },
  'apps/v1 replicasets ReplicaSet': {
    short: ['rs'],
    categories: ALL,
    status: true,
    scale: WORKLOAD_SCALE,
    rules: replicaSetRules,
    selectable: { 'status.replicas': (object) => String(record(object['status'])['replicas'] ?? 0) },
  },
  'apps/v1 deployments Deployment': {
    short: ['deploy'],
    categories: ALL,
    status: true,
    scale: WORKLOAD_SCALE,
    rules: deploymentRules,
  },
  'apps/v1 statefulsets StatefulSet': {
    short: ['sts'],
    categories: ALL,
    status: true,
    scale: WORKLOAD_SCALE,
  },
  'apps/v1 daemonsets DaemonSet': { short: ['ds'], categories: ALL, status: true },
  [`${BATCH} jobs Job`]: {
    categories: ALL,
    status: true,
    rules: jobRules,
    selectable: { 'status.successful': (object) => String(record(object['status'])['succeeded'] ?? 0) },
  },
  [`${BATCH} cronjobs CronJob`]: { short: ['cj'], categories: ALL, status: true },
  'networking.k8s.io/v1 ingresses Ingress': { short: ['ing'], status: true, rules: ingressRules },
  'networking.k8s.io/v1 ingressclasses IngressClass': { namespaced: false },
  'networking.k8s.io/v1 networkpolicies NetworkPolicy': { short: ['netpol'] },
  'coordination.k8s.io/v1 leases Lease': { rules: leaseRules },
  'discovery.k8s.io/v1 endpointslices EndpointSlice': { rules: endpointSliceRules },
  'policy/v1 poddisruptionbudgets PodDisruptionBudget': { short: ['pdb'], status: true, rules: budgetRules },
  'autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler': {
    short: ['hpa'],
    categories: ALL,
    status: true,
    rules: autoscalerRules,
  },
  [`${RBAC} roles Role`]: { rules: roleRules },
  [`${RBAC} rolebindings RoleBinding`]: { rules: roleBindingRules },
  [`${RBAC} clusterroles ClusterRole`]: { namespaced: false, rules: roleRules },
  [`${RBAC} clusterrolebindings ClusterRoleBinding`]: { namespaced: false, rules: roleBindingRules },
  'apiextensions.k8s.io/v1 customresourcedefinitions CustomResourceDefinition': {
    short: ['crd', 'crds'],
    categories: ['api-extensions'],
    namespaced: false,
    status: true,
    rules: definitionRules,
    returnsDeleted: true,
  },
  'authorization.k8s.io/v1 selfsubjectaccessreviews SelfSubjectAccessReview': {
    namespaced: false,
    review: accessReview,
  },
  'authorization.k8s.io/v1 selfsubjectrulesreviews SelfSubjectRulesReview': {
    namespaced: false,
    review: rulesReview,
  },
  'authentication.k8s.io/v1 selfsubjectreviews SelfSubjectReview': { namespaced: false, review: selfReview },
};

/** Kinds whose objects count generations. */
const GENERATION = new Set([
  'Pod',
  'ReplicaSet',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Ingress',
  'EndpointSlice',
  'PodDisruptionBudget',
  'CustomResourceDefinition',
]);
const NO_UNCONDITIONAL_UPDATE = new Set(['CustomResourceDefinition', 'PodDisruptionBudget', 'Lease']);

function make(id: string, entry: Entry): Resource {
  const [groupVersion = '', plural = '', kind = ''] = id.split(' ');
  const slash = groupVersion.indexOf('/');
  const type: ResourceType = Object.freeze({
    group: slash < 0 ? '' : groupVersion.slice(0, slash),
    version: groupVersion.slice(slash + 1),
    plural,
    kind,
    namespaced: entry.namespaced ?? true,
  });
  const name = digest.kinds[`${groupVersion}/${kind}`];
  if (name === undefined) throw new Error(`the OpenAPI digest has no ${groupVersion} ${kind}`);
  const printer = printers[kind] ?? defaultPrinter;
  return {
    type,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    shortNames: entry.short ?? [],
    categories: entry.categories ?? [],
    custom: false,
    schema: loader.component(name),
    hasStatus: entry.status ?? false,
    scale: entry.scale,
    generation: GENERATION.has(kind) ? 'spec' : 'none',
    unconditionalUpdate: !NO_UNCONDITIONAL_UPDATE.has(kind),
    returnsDeleted: entry.returnsDeleted ?? false,
    ...(entry.review === undefined ? {} : { review: entry.review }),
    selectable: entry.selectable ?? {},
    ...(entry.status === true ? { resetMain: setOf('status') } : {}),
    resetStatus: setOf('spec'),
    rules: entry.rules ?? {},
    columns: printer.columns,
    cells: printer.cells,
  };
}

export const builtinResources: readonly Resource[] = Object.entries(ENTRIES).map(([id, entry]) =>
  make(id, entry),
);

/** The raw OpenAPI schema of a built-in kind. */
export const schemaName = (group: string, version: string, kind: string): string | undefined =>
  digest.kinds[group === '' ? `${version}/${kind}` : `${group}/${version}/${kind}`];
