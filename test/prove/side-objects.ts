/** What the second Application of a world is made of: objects of many kinds, what becomes of them, and what is wrong. */

import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { SHOP, SIDE, SIDE_REPOSITORY } from './manifests.ts';

const IMAGE = 'example.com/side:v1';
const OPTIONS = 'argocd.argoproj.io/sync-options';
const WAVE = 'argocd.argoproj.io/sync-wave';
const HOOK = 'argocd.argoproj.io/hook';

const labels = { app: SIDE };
const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: IMAGE }] } };
const workload = (spec: object): object => ({ selector: { matchLabels: labels }, template, ...spec });

function manifest(
  apiVersion: string,
  kind: string,
  name: string,
  fields: object = {},
  annotations: Record<string, string> = {},
): KubeObject {
  const metadata = { name, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) };
  return { apiVersion, kind, metadata, ...fields };
}

const settings = (value: string, annotations: Record<string, string> = {}): KubeObject =>
  manifest('v1', 'ConfigMap', 'settings', { data: { value } }, annotations);
const stateful = (spec: object): KubeObject =>
  manifest('apps/v1', 'StatefulSet', 'db', { spec: workload({ serviceName: 'db', replicas: 3, ...spec }) });

const definition = (group: string, plural: string, kind: string, scope: string): KubeObject =>
  manifest('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `${plural}.${group}`, {
    spec: {
      group,
      scope,
      names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: { type: 'object', properties: { size: { type: 'integer' } } },
                status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
        },
      ],
    },
  });

/** One of each, by its file. Names say the kind, so that `live` finds them. */
export const FILES: Readonly<Record<string, KubeObject>> = {
  'settings.yaml': settings('a'),
  'api.yaml': manifest('apps/v1', 'Deployment', 'api', { spec: workload({ replicas: 2 }) }, { [WAVE]: '1' }),
  'db.yaml': stateful({}),
  'agent.yaml': manifest('apps/v1', 'DaemonSet', 'agent', { spec: workload({}) }, { [WAVE]: 'none' }),
  'rs.yaml': manifest('apps/v1', 'ReplicaSet', 'rs', { spec: workload({ replicas: 0 }) }),
  'pod.yaml': manifest('v1', 'Pod', 'debug', { spec: template.spec }),
  'once.yaml': manifest('v1', 'Pod', 'once', { spec: { ...template.spec, restartPolicy: 'Never' } }),
  'job.yaml': manifest('batch/v1', 'Job', 'job', {
    spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } },
  }),
  'cron.yaml': manifest('batch/v1', 'CronJob', 'nightly', {
    spec: {
      schedule: '0 3 * * *',
      jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
    },
  }),
  'claim.yaml': manifest('v1', 'PersistentVolumeClaim', 'data', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }),
  'service.yaml': manifest('v1', 'Service', 'api', {
    spec: { type: 'LoadBalancer', selector: labels, ports: [{ port: 80 }] },
  }),
  'ingress.yaml': manifest('networking.k8s.io/v1', 'Ingress', 'api', {
    spec: { defaultBackend: { service: { name: 'api', port: { number: 80 } } } },
  }),
  'hpa.yaml': manifest('autoscaling/v2', 'HorizontalPodAutoscaler', 'api', {
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' } },
  }),
  'api-service-crd.yaml': definition('apiregistration.k8s.io', 'apiservices', 'APIService', 'Cluster'),
  'api-service.yaml': manifest('apiregistration.k8s.io/v1', 'APIService', 'v1.example.com', { spec: {} }),
  'widget-crd.yaml': definition('example.com', 'widgets', 'Widget', 'Namespaced'),
  'widget.yaml': manifest('example.com/v1', 'Widget', 'widget', { spec: { size: 1 } }),
  'run.yaml': manifest('argoproj.io/v1alpha1', 'AnalysisRun', 'smoke', {
    spec: {
      metrics: [
        {
          name: 'smoke',
          successCondition: 'result[0] >= 0.5',
          provider: { prometheus: { address: 'http://prometheus.example.com', query: 'up' } },
        },
      ],
    },
  }),
};

/** Where the one of the pair stands that others need. */
export const NEEDS: Readonly<Record<string, readonly string[]>> = {
  'api-service.yaml': ['api-service-crd.yaml'],
  'widget.yaml': ['widget-crd.yaml'],
};

export interface Live {
  readonly of: string;
  readonly status: JsonObject;
}

const says = (of: string, ...statuses: object[]): Live[] =>
  statuses.map((status) => ({ of, status: status as JsonObject }));
const seen = { observedGeneration: 'seen' };
const when = (type: string, status: string, reason = 'Test', message = ''): object => ({
  conditions: [{ type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' }],
});
const full = { ...seen, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
const waits = (reason: string, message?: string): object => ({
  phase: 'Running',
  containerStatuses: [
    {
      name: 'app',
      image: IMAGE,
      imageID: '',
      ready: false,
      restartCount: 1,
      state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
    },
  ],
});

const OPERATION = { operation: { sync: {} }, startedAt: '2026-01-01T00:00:00Z' };

/** What becomes of the objects, in the words of their controllers. */
export const LIVES: readonly Live[] = [
  ...says(
    'Deployment/api',
    { observedGeneration: 0 },
    { ...seen, ...when('Progressing', 'False', 'ProgressDeadlineExceeded') },
    { ...full, updatedReplicas: 1, conditions: null },
    { ...full, replicas: 3 },
    { ...full, availableReplicas: 1 },
    full,
  ),
  ...says(
    'StatefulSet/db',
    { replicas: 3, ...seen, readyReplicas: 1 },
    { replicas: 3, ...seen, readyReplicas: 3, updateRevision: 'b', currentRevision: 'a', updatedReplicas: 1 },
    { replicas: 3, ...seen, readyReplicas: 3, updateRevision: 'b', currentRevision: 'b', updatedReplicas: 3 },
  ),
  ...says(
    'DaemonSet/agent',
    { ...seen, currentNumberScheduled: 2, numberMisscheduled: 0, numberReady: 0, desiredNumberScheduled: 2 },
    { ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
    { ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
  ),
  ...says(
    'ReplicaSet/rs',
    { ...seen, replicas: 0, ...when('ReplicaFailure', 'True', 'FailedCreate', 'quota') },
    { ...seen, replicas: 0, conditions: null },
  ),
  ...says(
    'Pod/debug',
    waits('CrashLoopBackOff', 'back-off'),
    waits('ErrImagePull'),
    waits('ContainerCreating'),
    {
      phase: 'Running',
      conditions: null,
      containerStatuses: [
        {
          name: 'app',
          image: IMAGE,
          imageID: '',
          ready: false,
          restartCount: 2,
          lastState: { terminated: { exitCode: 1 } },
        },
      ],
    },
    { phase: 'Pending', containerStatuses: null },
    { phase: 'Failed', reason: 'Evicted' },
    { phase: 'Unknown' },
    { phase: 'Running', ...when('Ready', 'True') },
  ),
  ...says(
    'Pod/once',
    { phase: 'Running' },
    { phase: 'Failed', message: 'it failed' },
    { phase: 'Succeeded' },
  ),
  ...says('Job/job', when('Suspended', 'True'), when('Failed', 'True', 'BackoffLimitExceeded', 'it failed'), {
    ...when('Complete', 'True'),
    completionTime: null,
  }),
  ...says(
    'PersistentVolumeClaim/data',
    { phase: 'Pending' },
    { phase: 'Lost' },
    { phase: 'Odd' },
    { phase: 'Bound' },
  ),
  ...says('Service/api', { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } }),
  ...says('Ingress/api', { loadBalancer: null }, { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } }),
  ...says(
    'HorizontalPodAutoscaler/api',
    { desiredReplicas: 1, ...when('ScalingActive', 'False', 'FailedGetResourceMetric', 'no metrics') },
    { desiredReplicas: 1, ...when('ScalingLimited', 'True') },
    { desiredReplicas: 1, ...when('AbleToScale', 'True') },
  ),
  ...says(
    'APIService/v1.example.com',
    when('Available', 'False', 'Missing', 'no endpoints'),
    when('Available', 'True'),
  ),
  ...says(
    'CustomResourceDefinition/widgets.example.com',
    when('Established', 'False'),
    when('NamesAccepted', 'False', 'Conflict', 'taken'),
    when('Established', 'True'),
  ),
  ...says(
    'Widget/widget',
    when('Stalled', 'True', 'Stuck', 'it is stuck'),
    when('Reconciling', 'True', 'Working', 'it works'),
    { observedGeneration: 0, ...when('Ready', 'True') },
    { ...seen, ...when('Ready', 'False') },
    { ...seen, ...when('Ready', 'True') },
  ),
  ...says(
    'AnalysisRun/smoke',
    { phase: 'Running' },
    { phase: 'Failed', message: 'it failed' },
    { phase: 'Error' },
    { phase: 'Inconclusive' },
    { phase: 'Successful' },
  ),
  // What another syncer, or an older one, wrote in the Application.
  ...says(
    `Application/${SIDE}`,
    { sluice: { inventory: ['nonsense', 5, 'v1|/ConfigMap:shop/gone', '|:/', 'v9|none/Such:shop/x'] } },
    { sluice: null },
    { sluice: 'text', history: null },
    { operationState: { ...OPERATION, phase: 'Terminating' } },
    { operationState: { ...OPERATION, phase: 'Running', syncResult: { revision: 'before' } } },
    { operationState: { ...OPERATION, phase: 'Running', finishedAt: null, retryCount: null } },
    { operationState: { ...OPERATION, phase: 'Error', message: null, finishedAt: null } },
  ),
];

/** Commits that change something: what comes after is in sync again, or says why not. */
export const COMMITS: readonly {
  readonly what: string;
  readonly files: Readonly<Record<string, JsonObject | string | null>>;
}[] = [
  { what: 'a value', files: { 'settings.yaml': settings('b') as JsonObject } },
  {
    what: 'a paused Deployment',
    files: {
      'api.yaml': json(manifest('apps/v1', 'Deployment', 'api', { spec: workload({ paused: true }) })),
    },
  },
  {
    what: 'a StatefulSet that nobody updates',
    files: { 'db.yaml': json(stateful({ updateStrategy: { type: 'OnDelete' } })) },
  },
  {
    what: 'a StatefulSet that is updated in part',
    files: {
      'db.yaml': json(
        stateful({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }),
      ),
    },
  },
  {
    what: 'a DaemonSet that nobody updates',
    files: {
      'agent.yaml': json(
        manifest('apps/v1', 'DaemonSet', 'agent', {
          spec: workload({ updateStrategy: { type: 'OnDelete' } }),
        }),
      ),
    },
  },
  { what: 'an object less', files: { 'settings.yaml': null } },
  {
    what: 'an object that stays without Git',
    files: { 'settings.yaml': json(settings('c', { [OPTIONS]: 'Prune=false' })) },
  },
  { what: 'an object less, which stays', files: { 'settings.yaml': null } },
  {
    what: 'an option that is not done',
    files: { 'settings.yaml': json(settings('d', { [OPTIONS]: 'Replace=true, ,Delete=false' })) },
  },
  {
    what: 'an option that has no effect',
    files: { 'settings.yaml': json(settings('d', { [OPTIONS]: 'ServerSideApply=false' })) },
  },
  { what: 'a hook', files: { 'settings.yaml': json(settings('d', { [HOOK]: 'PreSync' })) } },
  {
    what: 'a hook of Helm',
    files: { 'settings.yaml': json(settings('d', { 'helm.sh/hook': 'post-install' })) },
  },
  { what: 'a hook that is skipped', files: { 'settings.yaml': json(settings('d', { [HOOK]: 'Skip' })) } },
  {
    what: 'an object that must not be deleted',
    files: { 'settings.yaml': json(settings('e', { [OPTIONS]: 'Delete=false' })) },
  },
  {
    what: 'what the API server refuses',
    files: { 'bad.yaml': json(manifest('v1', 'ConfigMap', 'Not valid', { data: { a: 'b' } })) },
  },
  {
    what: 'two that the API server refuses',
    files: { 'bad.yaml': json(manifest('v1', 'Service', 'bad', { spec: { ports: [{ port: -1 }] } })) },
  },
  { what: 'it is taken away again', files: { 'bad.yaml': null } },
  {
    what: 'a kind that nobody knows',
    files: { 'bad.yaml': json(manifest('example.org/v1', 'Gadget', 'gadget')) },
  },
  { what: 'no YAML', files: { 'bad.yaml': 'a: [' } },
  {
    what: 'an object without a name',
    files: { 'bad.yaml': json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }) },
  },
  { what: 'that is gone', files: { 'bad.yaml': null } },
  {
    what: 'an image that may change, and a field that nobody knows',
    files: {
      'bad.yaml': json(
        manifest('apps/v1', 'Deployment', 'odd', {
          spec: {
            ...workload({ replicas: 0, unknown: true }),
            template: {
              metadata: { labels },
              spec: {
                containers: [
                  { name: 'a', image: 'example.com/side' },
                  { name: 'b', image: 'example.com/side@sha256:0' },
                  { name: 'c', image: 'example.com/side:latest' },
                ],
              },
            },
          },
        }),
      ),
    },
  },
  {
    what: 'a widget of another shape',
    files: { 'widget.yaml': json(manifest('example.com/v1', 'Widget', 'widget', { spec: { size: 'big' } })) },
  },
  {
    what: 'a widget again',
    files: {
      'widget.yaml': json(
        manifest('example.com/v1', 'Widget', 'widget', { spec: { size: 3, color: 'red' } }),
      ),
    },
  },
  {
    what: 'more warnings than anybody reads',
    files: {
      'bad.yaml': json(
        manifest('apps/v1', 'Deployment', 'odd', {
          spec: {
            ...workload({ replicas: 0 }),
            template: {
              metadata: { labels },
              spec: {
                containers: Array.from({ length: 25 }, (_, i) => ({
                  name: `c${i}`,
                  image: `example.com/${'x'.repeat(i === 0 ? 1600 : 5)}${i}`,
                })),
              },
            },
          },
        }),
      ),
    },
  },
  { what: 'nothing at all', files: Object.fromEntries(Object.keys(FILES).map((path) => [path, null])) },
  { what: 'a namespace of its own', files: { 'bad.yaml': json(manifest('v1', 'Namespace', 'side-space')) } },
  { what: 'everything as it was', files: { 'bad.yaml': null } },
];

function json(object: object): JsonObject {
  return object as JsonObject;
}

export interface SideMistake {
  readonly what: string;
  readonly change: JsonObject | null;
}

const wrong = (what: string, change: object | null): SideMistake => ({
  what,
  change: change === null ? null : json(change),
});
const spec = (what: string, fields: object): SideMistake => wrong(what, { spec: fields });
const source = (what: string, fields: object): SideMistake => spec(what, { source: fields });
const policy = (what: string, fields: object): SideMistake => spec(what, { syncPolicy: fields });
const operation = (what: string, sync: object, more: object = {}): SideMistake =>
  wrong(what, { operation: { sync, ...more } });
const annotated = (what: string, name: string, value: string, more: object = {}): SideMistake =>
  wrong(what, { metadata: { annotations: { [name]: value } }, ...more });
const ACCOUNT = 'sluice.dev/service-account';

/** What people write in an Application. */
export const SIDE_MISTAKES: readonly SideMistake[] = [
  source('no repository', { repoURL: ' ' }),
  source('a repository that is not there', { repoURL: 'https://git.example.com/team/nowhere' }),
  source('a revision that is not there', { targetRevision: 'nowhere' }),
  source('a folder that is not there', { path: 'nowhere' }),
  source('a chart', { chart: 'web' }),
  source('helm', { helm: { values: '' } }),
  source('a plug-in', { plugin: { name: 'x' } }),
  source('a ref', { ref: 'values' }),
  source('a field that nobody knows', { unheard: true }),
  spec('no source', { source: null }),
  wrong('no source, and an operation', { spec: { source: null }, operation: { sync: {} } }),
  spec('several sources', { sources: [{ repoURL: SIDE_REPOSITORY }] }),
  spec('no sources', { sources: [] }),
  spec('a project', { project: 'team' }),
  spec('no project', { project: '' }),
  spec('two destinations', { destination: { name: 'in-cluster' } }),
  spec('another cluster', { destination: { server: 'https://other.example.com' } }),
  spec('another cluster by name', { destination: { server: null, name: 'other' } }),
  spec('this cluster by name', { destination: { server: '', name: 'in-cluster' } }),
  spec('a namespace that is none', { destination: { namespace: 'Not valid' } }),
  spec('no namespace', { destination: { namespace: '' } }),
  spec('differences to ignore', { ignoreDifferences: [{ kind: 'Deployment', jsonPointers: ['/spec'] }] }),
  spec('no differences to ignore', { ignoreDifferences: [] }),
  spec('a field that nobody knows', { unheardOf: 1 }),
  spec('no history', { revisionHistoryLimit: 0 }),
  policy('nothing automatic', { automated: null }),
  policy('automation that is off', { automated: { enabled: false } }),
  policy('no healing', { automated: { selfHeal: null } }),
  policy('no pruning', { automated: { prune: null } }),
  policy('that nothing may be left', { automated: { allowEmpty: true } }),
  policy('an option that is not done', { syncOptions: ['Replace=true'] }),
  policy('an option that has no effect', { syncOptions: ['ServerSideApply=false', 'Validate=false'] }),
  policy('a field that nobody knows', { unheard: 1 }),
  spec('a namespace to make', {
    destination: { namespace: 'side-made' },
    syncPolicy: {
      syncOptions: ['CreateNamespace=true'],
      managedNamespaceMetadata: { labels: { team: 'a' }, annotations: { note: 'b' } },
    },
  }),
  spec('the same without labels', {
    destination: { namespace: 'side-made' },
    syncPolicy: { syncOptions: ['CreateNamespace=true'] },
  }),
  spec('a namespace to make, which is in Git', {
    destination: { namespace: 'side-space' },
    syncPolicy: { syncOptions: ['CreateNamespace=true'] },
  }),
  policy('to prune in the background', { syncOptions: ['PrunePropagationPolicy=background'] }),
  policy('to leave orphans', { syncOptions: ['PrunePropagationPolicy=orphan'] }),
  policy('to share nothing', { syncOptions: ['FailOnSharedResource=true'] }),
  policy('to try again without end', {
    retry: { limit: -1, backoff: { duration: '5', factor: 1, maxDuration: 'long' } },
  }),
  policy('to try again once', { retry: { limit: 1, backoff: { duration: '2s' } } }),
  policy('not to try again', { retry: { limit: 0 } }),
  annotated('it is held', 'sluice.dev/suspend', 'true'),
  operation('a sync by hand', {}),
  operation('a sync by hand that is tried again', { prune: true }, { retry: { limit: 2 } }),
  operation('a dry run', { dryRun: true }),
  operation('a sync of one', { resources: [{ kind: 'ConfigMap', name: 'settings' }], prune: true }),
  operation('a sync of one of a namespace', {
    resources: [{ group: 'apps', kind: 'Deployment', name: 'api', namespace: SHOP }],
  }),
  operation('a sync of none', { resources: [{ group: 'apps', kind: 'Deployment', name: 'none' }] }),
  operation('a sync of nothing in particular', { resources: [] }),
  operation('a sync to another source', { source: { repoURL: 'x' } }),
  operation('a sync to a revision', { revision: 'nowhere' }),
  annotated('an account', ACCOUNT, 'deployer'),
  annotated('an account of a namespace', ACCOUNT, `${SHOP}:deployer`),
  annotated('an account of another namespace', ACCOUNT, 'other:deployer'),
  annotated('no account', ACCOUNT, 'Not valid'),
  annotated('an account that is too long', ACCOUNT, 'x'.repeat(254)),
  annotated('an account of three parts', ACCOUNT, 'a:b:c'),
  annotated('an account of no namespace', ACCOUNT, 'Not valid:x'),
  annotated('an account in no namespace', ACCOUNT, 'deployer', {
    spec: { destination: { namespace: 'Not valid' } },
  }),
  annotated('a hard refresh', 'argocd.argoproj.io/refresh', 'hard'),
  spec('a spec that is text', { syncPolicy: 'automatic' }),
  wrong('it is gone', null),
];

export const sideApplication = (namespace: string, finalizer: boolean): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: {
    name: SIDE,
    namespace,
    labels: { 'sluice.dev/syncer': 'sluice' },
    ...(finalizer ? { finalizers: ['resources-finalizer.argocd.argoproj.io'] } : {}),
  },
  spec: {
    project: 'default',
    source: { path: '', targetRevision: 'main', repoURL: SIDE_REPOSITORY },
    destination: { server: 'https://kubernetes.default.svc', namespace: SHOP },
    syncPolicy: { automated: { prune: true, selfHeal: true } },
  },
});

/** The same name as one in Git, and another Application says that it is its own. */
export const sharedObject = (): KubeObject => ({
  ...settings('shared'),
  metadata: {
    name: 'settings',
    namespace: SHOP,
    annotations: { 'argocd.argoproj.io/tracking-id': `other:/ConfigMap:${SHOP}/settings` },
  },
});
