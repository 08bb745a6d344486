/**
 * What people get wrong in a Rollout and in what stands beside it: for each refusal of the validation at least one row.
 * Each is a merge patch of an object in the world, or `null`, which deletes it.
 */

import type { JsonObject } from '../../src/lang/json.ts';

/** What a world has for the mistake to be one. */
export type Place = 'canary' | 'blueGreen' | 'nginx' | 'services' | 'template' | 'workload';

export interface Mistake {
  readonly what: string;
  readonly of: string;
  readonly change: JsonObject | null;
  readonly in: readonly Place[];
}

const ROLLOUT = 'Rollout/web';
const IMAGE = 'example.com/app:v1';
const LONG = 'x'.repeat(300);

const json = (value: object): JsonObject => value as JsonObject;

const spec = (what: string, fields: object, places: readonly Place[] = []): Mistake => ({
  what,
  of: ROLLOUT,
  change: json({ spec: fields }),
  in: places,
});
const canary = (what: string, fields: object, places: readonly Place[] = []): Mistake =>
  spec(what, { strategy: { canary: fields } }, ['canary', ...places]);
const routing = (what: string, fields: object, more: object = {}): Mistake =>
  canary(what, { trafficRouting: fields, ...more }, ['nginx']);
const steps = (what: string, ...list: object[]): Mistake => canary(what, { steps: list });
const blueGreen = (what: string, fields: object): Mistake =>
  spec(what, { strategy: { blueGreen: fields } }, ['blueGreen']);
const template = (what: string, fields: object): Mistake => spec(what, { template: fields }, ['template']);
const pod = (what: string, fields: object): Mistake => template(what, { spec: fields });
const container = (what: string, fields: object): Mistake =>
  pod(what, { containers: [{ name: 'app', image: IMAGE, ...fields }] });
const beside = (what: string, of: string, change: object | null, places: readonly Place[] = []): Mistake => ({
  what,
  of,
  change: change === null ? null : json(change),
  in: places,
});

const term = (labelSelector: object, topologyKey = 'kubernetes.io/hostname'): object => ({
  labelSelector,
  topologyKey,
});
const expressions = (...matchExpressions: object[]): object => ({ matchExpressions });
const NODE = 'requiredDuringSchedulingIgnoredDuringExecution';
const SOFT = 'preferredDuringSchedulingIgnoredDuringExecution';

const SPECS: readonly Mistake[] = [
  spec('a size below zero', { replicas: -1 }),
  spec('a size that is no number', { replicas: 'many' }),
  spec('minReadySeconds below zero', { minReadySeconds: -5 }),
  spec('a history below zero', { revisionHistoryLimit: -1 }),
  spec('a deadline below zero', { progressDeadlineSeconds: -1 }),
  spec('a deadline before a pod can be available', { progressDeadlineSeconds: 5, minReadySeconds: 30 }),
  spec('no strategy', { strategy: null }),
  spec('an empty strategy', { strategy: { canary: null, blueGreen: null } }),
  spec('two strategies', { strategy: { canary: {}, blueGreen: { activeService: 'web-stable' } } }),
  spec('no selector', { selector: null }),
  spec('an empty selector', { selector: { matchLabels: null } }),
  spec('a selector that can not be read', {
    selector: { matchExpressions: [{ key: 'app', operator: 'Like' }] },
  }),
  spec('a selector that selects nothing of it', { selector: { matchLabels: { app: 'other' } } }),
  spec('expressions in the selector', {
    selector: {
      matchExpressions: [
        { key: '-app', operator: 'In', values: [] },
        { key: 'app', operator: 'Exists', values: ['x'] },
        { key: 'app', operator: 'NotIn', values: ['not valid!'] },
        { key: 'app', operator: 'DoesNotExist' },
        { key: 'app' },
      ],
    },
  }),
  spec('labels in the selector', { selector: { matchLabels: { 'a/b/c': 'x', '/d': 'y', app: '-' } } }),
  spec('a strategy that is text', { strategy: 'canary' }),
  spec('a template beside a workload', {
    workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  }),
  spec('a workload that is not there', { workloadRef: { name: 'nowhere' } }, ['workload']),
  spec('a workload of an unknown kind', { workloadRef: { kind: 'CronJob', apiVersion: 'batch/v1' } }, [
    'workload',
  ]),
  spec('a workload without a name', { workloadRef: { name: '' } }, ['workload']),
  spec('a template where a workload gives it', { template: { metadata: { labels: { app: 'web' } } } }, [
    'workload',
  ]),
  beside('the workload is gone', 'Deployment/web', null, ['workload']),
  beside(
    'the template of the workload can not be run',
    'Deployment/web',
    { spec: { template: { spec: { containers: null } } } },
    ['workload'],
  ),
  beside(
    'labels of the workload that nothing selects',
    'Deployment/web',
    { spec: { template: { metadata: { labels: { app: 'other' } } } } },
    ['workload'],
  ),
  beside('a workload with pods of its own', 'Deployment/web', { spec: { replicas: 3 } }, ['workload']),
  spec('neither replicas nor a number in their place', { replicas: null }),
  beside('restartAt is no time', ROLLOUT, { spec: { restartAt: 'tomorrow' } }),
];

const CANARIES: readonly Mistake[] = [
  canary('no pod more and no pod less', { maxSurge: 0, maxUnavailable: '0%' }),
  canary('a surge that is neither number nor percentage', { maxSurge: 'lots', maxUnavailable: 'none' }),
  canary('one Service for both', { canaryService: 'web-stable' }, ['services']),
  canary('routing without Services', { stableService: null, canaryService: null }, ['nginx']),
  canary('a Service that is not there', { canaryService: 'nowhere' }, ['services']),
  canary('a stable Service that is not there', { stableService: 'nowhere' }, ['services']),
  canary('ping-pong with a router that can not', { pingPong: { pingService: 'a', pongService: 'b' } }, [
    'nginx',
  ]),
  canary('ping-pong without names', { pingPong: { pingService: '', pongService: '' } }),
  canary('ping-pong of one Service', { pingPong: { pingService: 'web', pongService: 'web' } }),
  canary('a delay without routing', { scaleDownDelaySeconds: 10, trafficRouting: null }),
  canary('dynamic stable without routing', { dynamicStableScale: true, trafficRouting: null }),
  canary('dynamic stable with a delay', { dynamicStableScale: true, scaleDownDelaySeconds: 10 }, ['nginx']),
  canary('anti-affinity of no kind', { antiAffinity: { [NODE]: null, [SOFT]: null } }),
  canary('anti-affinity of both kinds', { antiAffinity: { [NODE]: {}, [SOFT]: { weight: 1 } } }),
  canary('anti-affinity without weight', { antiAffinity: { [NODE]: null, [SOFT]: { weight: 0 } } }),
  canary('anti-affinity with too much weight', { antiAffinity: { [NODE]: null, [SOFT]: { weight: 101 } } }),
  canary('a threshold that is text', { replicaProgressThreshold: { type: 'Percent', value: 'half' } }),
  routing('no Ingress', { nginx: { stableIngress: null } }),
  routing('two ways to name an Ingress', { nginx: { stableIngresses: ['web'] } }),
  routing('several Ingresses, one of which is not there', {
    nginx: { stableIngress: null, stableIngresses: ['web', 'nowhere'] },
  }),
  routing('an Ingress that is not there', { nginx: { stableIngress: 'nowhere' } }),
  routing('istio', { nginx: null, istio: { virtualService: { name: 'web' } } }),
  routing('istio beside nginx, without a VirtualService', { istio: {} }),
  routing('istio with two', {
    nginx: null,
    istio: {
      virtualService: { name: 'web' },
      virtualServices: [{ name: 'web.other.svc.cluster.local' }],
      destinationRule: { name: 'web', canarySubsetName: 'canary', stableSubsetName: 'stable' },
    },
  }),
  routing(
    'alb, with ping-pong and no root',
    { nginx: null, alb: { servicePort: 80, ingress: 'web' } },
    {
      pingPong: { pingService: 'web-stable', pongService: 'web-canary' },
    },
  ),
  routing('alb without Services', { nginx: null, alb: { servicePort: 80 } }, { stableService: null }),
  routing('smi', { nginx: null, smi: {} }),
  routing('ambassador', { nginx: null, ambassador: { mappings: [] } }),
  routing('appMesh', { nginx: null, appMesh: {} }),
  routing('traefik', { nginx: null, traefik: { weightedTraefikServiceName: 'web' } }),
  routing('apisix', { nginx: null, apisix: { route: { name: 'web' } } }),
  routing('a plugin that nobody has', { nginx: null, plugins: { 'example/router': {} } }),
  routing('no router at all', { nginx: null, plugins: {} }),
  routing('a whole that the router does not know', { nginx: null, smi: {}, maxTrafficWeight: 1000 }),
  routing('a whole of zero', { maxTrafficWeight: 0 }),
  beside('the canary Service is gone', 'Service/web-canary', null, ['services', 'canary']),
  beside('the stable Service is gone', 'Service/web-stable', null, ['services', 'canary']),
  beside(
    'a Service that selects something else',
    'Service/web-canary',
    { spec: { selector: { app: 'other', tier: 'front' } } },
    ['services', 'canary'],
  ),
  beside(
    'a Service of another Rollout',
    'Service/web-stable',
    { metadata: { annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'other' } } },
    ['services', 'canary'],
  ),
  beside('the Ingress is gone', 'Ingress/web', null, ['nginx']),
  beside(
    'an Ingress of another Service',
    'Ingress/web',
    {
      spec: {
        rules: [
          {
            host: 'web.example.com',
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: 'other', port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    },
    ['nginx'],
  ),
];

const HEADER = { headerName: 'x', headerValue: { exact: 'y' } };
const experiment = (fields: object): object => ({
  experiment: { templates: [{ name: 'a', specRef: 'canary', ...fields }] },
});

const STEPS: readonly Mistake[] = [
  steps('an empty step', {}),
  steps('a step with two meanings', { setWeight: 10, pause: {} }),
  steps('a weight below zero', { setWeight: -1 }),
  steps('a weight above the whole', { setWeight: 5000 }),
  steps('a weight that is text', { setWeight: 'ten' }),
  steps('a pause that is no time', { pause: { duration: 'soon' } }),
  steps('a pause below zero', { pause: { duration: -5 } }),
  canary('a size for the canary without routing', {
    steps: [{ setCanaryScale: { replicas: 1 } }],
    trafficRouting: null,
  }),
  canary('a header route without routing', {
    steps: [{ setHeaderRoute: { name: 'a', match: [HEADER] } }],
    trafficRouting: null,
  }),
  canary('a mirror route without routing', {
    steps: [{ setMirrorRoute: { name: 'a', match: [{ method: {}, path: { exact: 'a', prefix: 'b' } }] } }],
    trafficRouting: null,
  }),
  routing('header routes with nginx', {}, { steps: [{ setHeaderRoute: { name: 'a', match: [HEADER] } }] }),
  routing('mirror routes with nginx', {}, { steps: [{ setMirrorRoute: { name: 'a' } }] }),
  routing(
    'header routes of alb',
    { nginx: null, alb: { servicePort: 80, ingress: 'web' }, managedRoutes: [{ name: 'a' }] },
    {
      steps: [
        {
          setHeaderRoute: {
            name: 'b',
            match: [HEADER, { headerName: 'x' }, { headerName: 'x', headerValue: { regex: '.*' } }],
          },
        },
      ],
    },
  ),
  routing(
    'header routes of istio',
    { nginx: null, istio: {}, managedRoutes: [{ name: 'a' }] },
    {
      steps: [
        { setHeaderRoute: { match: [{ headerName: 'x', headerValue: { exact: 'a', regex: 'b' } }] } },
        { setHeaderRoute: { name: 'a' } },
        { setMirrorRoute: { name: 'a', match: [{ method: { exact: 'GET' }, path: { prefix: '/' } }] } },
        { setMirrorRoute: { name: 'a' } },
      ],
    },
  ),
  routing(
    'header routes of apisix',
    { nginx: null, apisix: {} },
    {
      steps: [{ setHeaderRoute: { name: 'a', match: [{ headerName: 'x', headerValue: { prefix: 'b' } }] } }],
    },
  ),
  routing(
    'header routes of a plugin',
    { nginx: null, plugins: { 'example/router': {} } },
    {
      steps: [{ setHeaderRoute: { name: 'a' } }, { setMirrorRoute: { name: 'a' } }],
    },
  ),
  steps('an experiment', { experiment: { templates: [{ name: 'a', specRef: 'canary' }] } }),
  canary('an experiment with a weight and no routing', {
    steps: [experiment({ weight: 5 })],
    trafficRouting: null,
  }),
  routing('an experiment with a weight', {}, { steps: [experiment({ weight: 5 })] }),
  routing(
    'an experiment with a weight in smi',
    { nginx: null, smi: {} },
    { steps: [experiment({ weight: 5 })] },
  ),
  steps('an experiment with arguments of nothing', {
    experiment: {
      templates: [],
      analyses: [
        {
          name: 'a',
          templateName: 'success-a',
          args: [{ name: 'hash', valueFrom: { fieldRef: { fieldPath: 'metadata.finalizers' } } }],
        },
      ],
    },
  }),
  steps('arguments of nothing', {
    analysis: {
      templates: [{ templateName: 'success-a' }],
      args: [{ name: 'hash', valueFrom: { fieldRef: { fieldPath: "metadata.labels['']" } } }],
    },
  }),
  steps('a plug-in as a step', { plugin: { name: 'example/step', config: {} } }),
  steps('a step that is text', 'setWeight' as unknown as object),
  steps('a template that is not there', { analysis: { templates: [{ templateName: 'nowhere' }] } }),
  steps('a cluster template that is not there', {
    analysis: { templates: [{ templateName: 'nowhere', clusterScope: true }] },
  }),
  steps('a cluster template', {
    analysis: {
      templates: [{ templateName: 'success-everywhere', clusterScope: true }],
      args: [{ name: 'hash', valueFrom: { podTemplateHashValue: 'Latest' } }],
    },
  }),
  steps('no template', { analysis: { templates: [] } }),
  steps('a step of analysis without arguments', { analysis: { templates: [{ templateName: 'success-a' }] } }),
  steps('arguments that can be had of a Rollout', {
    analysis: {
      templates: [{ templateName: 'success-a' }],
      args: [
        { name: 'hash', valueFrom: { podTemplateHashValue: 'Latest' } },
        { name: 'name', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'app', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: 'note', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['note']" } } },
        { name: 'stable', valueFrom: { fieldRef: { fieldPath: 'status.stableRS' } } },
        { name: 'nothing', valueFrom: { fieldRef: { fieldPath: 'status.nowhere' } } },
      ],
    },
  }),
  steps('dry runs that clash', {
    analysis: {
      templates: [{ templateName: 'success-a' }],
      args: [{ name: 'hash', value: 'x' }],
      dryRun: [{ metricName: 'success' }, { metricName: '.*' }],
    },
  }),
  steps('a dry run that is no expression', {
    analysis: {
      templates: [{ templateName: 'success-a' }],
      args: [{ name: 'hash', value: 'x' }],
      dryRun: [{ metricName: '(' }],
      measurementRetention: [{ metricName: '(', limit: 5 }],
    },
  }),
  canary('a background without arguments', { analysis: { templates: [{ templateName: 'success-a' }] } }),
  canary('a background with other arguments', {
    analysis: { templates: [{ templateName: 'success-a' }], args: [{ name: 'other', value: 'x' }] },
  }),
  canary('a background that is not there', { analysis: { templates: [{ templateName: 'nowhere' }] } }),
];

const BLUE_GREENS: readonly Mistake[] = [
  blueGreen('one Service for both', { activeService: 'web-active', previewService: 'web-active' }),
  blueGreen('no active Service', { activeService: null, previewService: null }),
  blueGreen('an active Service that is not there', { activeService: 'nowhere' }),
  blueGreen('a preview Service that is not there', { previewService: 'nowhere' }),
  blueGreen('anti-affinity of both kinds', { antiAffinity: { [NODE]: {}, [SOFT]: { weight: 1 } } }),
  spec(
    'more versions kept than in the history',
    { revisionHistoryLimit: 1, strategy: { blueGreen: { scaleDownDelayRevisionLimit: 5 } } },
    ['blueGreen'],
  ),
  blueGreen('a template before that is not there', {
    prePromotionAnalysis: { templates: [{ templateName: 'nowhere' }] },
  }),
  blueGreen('a template after that is not there', {
    postPromotionAnalysis: { templates: [{ templateName: 'nowhere' }] },
  }),
  blueGreen('a cluster template', {
    prePromotionAnalysis: {
      templates: [{ templateName: 'success-everywhere', clusterScope: true }],
      args: [{ name: 'hash', valueFrom: { podTemplateHashValue: 'Latest' } }],
    },
  }),
  beside('the active Service is gone', 'Service/web-active', null, ['blueGreen']),
  beside(
    'the active Service selects something else',
    'Service/web-active',
    { spec: { selector: { app: 'other' } } },
    ['blueGreen'],
  ),
];

const PODS: readonly Mistake[] = [
  template('no template', { metadata: null, spec: null }),
  template('labels that the selector does not select', { metadata: { labels: { app: 'other' } } }),
  template('labels and annotations that are none', {
    metadata: {
      labels: { app: 'web', 'a/b/c': 'x', '/d': 'y', '': 'z', e: 'not valid!', f: LONG, g: 7, [LONG]: 'h' },
      annotations: { '-': 'a', b: 5, 'B/c': 'd', '/e': 'f', 'example.com/big': 'x'.repeat(2_000) },
    },
  }),
  template('labels that are a list', { metadata: { labels: ['app'], annotations: 'none' } }),
  template('too long annotations', { metadata: { annotations: { a: 'x'.repeat(262_145) } } }),
  template('a pod that is text', { spec: 'pod' }),
  pod('no containers', { containers: [] }),
  pod('containers that are none', {
    containers: 'app',
    volumes: 'many',
    initContainers: {},
    nodeSelector: [],
  }),
  pod('containers that are text', { containers: ['app'], tolerations: [5], volumes: [true] }),
  pod('containers of every kind of mistake', {
    containers: [
      {
        name: 'App_',
        image: '',
        terminationMessagePolicy: 'Shout',
        imagePullPolicy: 'Sometimes',
        ports: [
          { name: 'too--long-a-name-of-a-port-', containerPort: 0, protocol: 'ICMP' },
          { name: 'http', containerPort: 70_000, hostPort: 70_000 },
          { name: 'http', containerPort: 80, hostPort: 80, protocol: 'UDP', hostIP: '10.0.0.1' },
          { name: '8080', containerPort: '80' },
          { name: 'sctp', containerPort: 90, protocol: 'SCTP', hostPort: 90 },
        ],
        securityContext: { runAsUser: -1, runAsGroup: 'root' },
      },
      {
        image: IMAGE,
        ports: [
          { containerPort: 80, hostPort: 90 },
          { containerPort: 81, hostPort: 90, protocol: 'SCTP' },
        ],
      },
      { name: 'app', image: IMAGE, ports: [{ containerPort: 1, hostPort: 90 }] },
      { name: 'app', image: IMAGE, terminationMessagePolicy: 'File', imagePullPolicy: 'Always' },
      { name: 'x'.repeat(64), image: 5, securityContext: 'root' },
    ],
    initContainers: [
      { name: 'app', image: IMAGE },
      {
        name: 'setup',
        image: IMAGE,
        lifecycle: {},
        livenessProbe: {},
        readinessProbe: {},
        startupProbe: {},
      },
      {
        name: 'sidecar',
        image: IMAGE,
        restartPolicy: 'Always',
        lifecycle: { preStop: {} },
        livenessProbe: { tcpSocket: { port: 0 } },
        readinessProbe: {},
        startupProbe: { exec: {} },
      },
    ],
  }),
  container('an environment of every kind of mistake', {
    env: [
      {},
      { name: 'A=B', value: 'x' },
      { name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'B', valueFrom: {} },
      { name: 'C', valueFrom: 'x' },
      { name: 'D', valueFrom: { fieldRef: {}, configMapKeyRef: {} } },
      { name: 'E', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
      { name: 'F', valueFrom: { fieldRef: { fieldPath: 'metadata.nowhere' } } },
      { name: 'G', valueFrom: { fieldRef: { fieldPath: "metadata.labels['-']" } } },
      { name: 'H', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['-']" } } },
      { name: 'I', valueFrom: { fieldRef: { fieldPath: "spec.nodeName['a']" } } },
      { name: 'J', valueFrom: { fieldRef: { fieldPath: 'spec.host' } } },
      { name: 'K', valueFrom: { configMapKeyRef: { name: 'Not valid', key: '' } } },
      { name: 'L', valueFrom: { secretKeyRef: { name: 'a', key: '..' } } },
      { name: 'M', valueFrom: { secretKeyRef: { name: 'a', key: '..x/' } } },
      { name: 'N', valueFrom: { secretKeyRef: { name: 'a', key: '.' } } },
      { name: 'O', valueFrom: { secretKeyRef: { name: LONG, key: LONG } } },
      { name: 'P', valueFrom: { resourceFieldRef: {} } },
      { name: 'Q', valueFrom: { fileKeyRef: 'x' } },
    ],
    envFrom: [
      {},
      { prefix: 'a=', configMapRef: { name: 'Not valid' } },
      { configMapRef: { name: 'a' }, secretRef: { name: 'b' } },
    ],
  }),
  container('probes of every kind of mistake', {
    livenessProbe: {
      httpGet: { port: 'not_a_port', scheme: 'GOPHER' },
      tcpSocket: { port: 80 },
      initialDelaySeconds: -1,
      periodSeconds: 'often',
      successThreshold: 3,
      terminationGracePeriodSeconds: 0,
    },
    readinessProbe: { grpc: { port: 70_000 }, terminationGracePeriodSeconds: 5 },
    startupProbe: { exec: { command: [] }, failureThreshold: 1.5 },
    lifecycle: {
      postStart: { sleep: { seconds: 100 } },
      preStop: { sleep: { seconds: -1 }, httpGet: { port: 80, scheme: 'HTTPS' } },
    },
  }),
  container('probes that are none', {
    livenessProbe: 'yes',
    readinessProbe: { exec: 'ls', httpGet: 5 },
    startupProbe: { tcpSocket: { port: 'web' } },
    lifecycle: { preStop: { exec: { command: 'ls' } }, postStart: { httpGet: { port: 1, scheme: '' } } },
  }),
  container('resources of every kind of mistake', {
    resources: {
      limits: {
        cpu: '1',
        memory: '-1Gi',
        'example.com/gpu': '1500m',
        'example.com/dongle': '1',
        'hugepages-2Mi': '2Mi',
        gold: '1',
        'not valid': '1',
        'a/b/c': '1',
        'kubernetes.io/odd': '0.5',
      },
      requests: {
        cpu: '2',
        memory: '1Gi',
        'example.com/gpu': '1',
        'example.com/dongle': '2',
        'example.com/other': '1',
        'ephemeral-storage': '1Gi',
        'hugepages-1Gi': '1Gi',
      },
    },
  }),
  container('resources that are none', {
    resources: { limits: 'all', requests: { cpu: { much: true }, memory: null } },
  }),
  container('resources as text', { resources: 'plenty' }),
  pod('volumes of every kind of mistake', {
    volumes: [
      {},
      { name: 'Not valid' },
      { name: 'a', emptyDir: {}, hostPath: { path: '/a' } },
      { name: 'a', hostPath: { path: '/../etc' } },
      { name: 'b', hostPath: {} },
      { name: 'c', secret: { items: [{ path: '/abs' }, { key: 'k', path: '../x' }, { key: 'k' }] } },
      { name: 'd', configMap: { name: 'x', items: [{ key: 'k', path: 'ok' }] } },
      { name: 'e', nfs: { server: 'a', path: 'relative' } },
      { name: 'f', persistentVolumeClaim: {}, csi: {}, gitRepo: {} },
      { name: 'g', csi: {} },
      { name: 'h', gitRepo: {} },
      {
        name: 'i',
        downwardAPI: {
          items: [
            { path: 'a', fieldRef: { fieldPath: 'status.podIP' } },
            { path: '', fieldRef: { fieldPath: 'metadata.name' } },
            { path: 'c' },
          ],
        },
      },
      { name: 'j', secret: 'text' },
    ],
    containers: [
      {
        name: 'app',
        image: IMAGE,
        volumeMounts: [
          {},
          { name: 'nowhere', mountPath: '/a' },
          { name: 'b', mountPath: '/a', subPath: '/abs', subPathExpr: '../up' },
          { name: 'c', mountPath: '/c', subPath: 'ok' },
        ],
      },
    ],
  }),
  pod('affinities of every kind of mistake', {
    affinity: {
      nodeAffinity: {
        [NODE]: {
          nodeSelectorTerms: [
            expressions(
              { key: 'a', operator: 'In' },
              { key: 'a', operator: 'NotIn', values: ['x'] },
              { key: 'a', operator: 'Exists', values: ['x'] },
              { key: 'a', operator: 'DoesNotExist' },
              { key: 'a', operator: 'Gt', values: ['1', '2'] },
              { key: 'a', operator: 'Lt', values: ['1'] },
              { key: '-', operator: 'Like' },
            ),
          ],
        },
        [SOFT]: [{ weight: 0, preference: {} }, { weight: 5, preference: expressions() }, {}],
      },
      podAffinity: {
        [NODE]: [
          term(
            expressions(
              { key: 'a', operator: 'In' },
              { key: 'a', operator: 'Exists', values: ['x'] },
              { key: 'a', operator: 'NotIn', values: ['-'] },
              { key: 'a', operator: 'DoesNotExist' },
              { key: 'a' },
            ),
            '',
          ),
        ],
        [SOFT]: [{ weight: 101, podAffinityTerm: term({ matchLabels: { '-': '-' } }, '-') }],
      },
      podAntiAffinity: {
        [NODE]: [term('all' as unknown as object)],
        [SOFT]: [{ weight: 1, podAffinityTerm: {} }],
      },
    },
    tolerations: [
      { key: '-', operator: 'Exists', value: 'x' },
      { operator: 'Equal' },
      { operator: 'Exists' },
      { key: 'a', operator: 'Like', effect: 'NoWay' },
      { key: 'a', value: 'not valid!', effect: 'NoSchedule', tolerationSeconds: 5 },
      { key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 },
    ],
    topologySpreadConstraints: [
      {},
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
      { maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'Pray' },
    ],
  }),
  pod('affinities that are none', {
    affinity: 'close',
    securityContext: 5,
    dnsConfig: 'none',
    dnsPolicy: 'None',
  }),
  pod('node affinity without terms', {
    affinity: { nodeAffinity: { [NODE]: {} }, podAffinity: 'x', podAntiAffinity: null },
  }),
  pod('node affinity that is none', { affinity: { nodeAffinity: 'x' } }),
  pod('everything else in a pod', {
    restartPolicy: 'OnFailure',
    activeDeadlineSeconds: 5,
    dnsPolicy: 'Guess',
    nodeSelector: { '-': '-', a: 5 },
    securityContext: { runAsUser: -1, fsGroup: 3_000_000_000, supplementalGroups: [-1, 5, 'root'] },
    readinessGates: [{ conditionType: '-' }],
    schedulingGates: [{ name: 'a' }, { name: 'a' }],
    serviceAccountName: 'Not valid',
    nodeName: LONG,
    hostname: 'Not valid',
    subdomain: 'a.b',
    priorityClassName: 'Not valid',
    runtimeClassName: '-',
    preemptionPolicy: 'Always',
    terminationGracePeriodSeconds: 'long',
  }),
  pod('a policy that nobody knows', {
    restartPolicy: 'Perhaps',
    dnsPolicy: 'None',
    preemptionPolicy: 'Never',
  }),
  pod('no name servers', { dnsPolicy: 'None', dnsConfig: { nameservers: [] } }),
  container('more mistakes than anybody reads', { env: Array.from({ length: 250 }, () => ({ name: '=' })) }),
];

/** What an old definition let in, and no typed client can read: it is taken out, and the rest goes on. */
const UNREADABLE: readonly Mistake[] = [
  container('a quantity that is none', {
    ports: [{ containerPort: 8080 }],
    resources: { requests: { cpu: 'many' } },
  }),
  container('many quantities that are none', {
    ports: [{ containerPort: 8080 }],
    resources: {
      requests: { cpu: 'a', memory: 'b', 'ephemeral-storage': 'c' },
      limits: { cpu: 'd', memory: 'e', 'ephemeral-storage': 'f' },
    },
  }),
  pod('ephemeral containers', { ephemeralContainers: [{ name: 'debug', image: IMAGE }] }),
  pod('no ephemeral containers', { ephemeralContainers: [] }),
];

const metric = (what: string, fields: object, more: object = {}): Mistake =>
  beside(`success-a: ${what}`, 'AnalysisTemplate/success-a', {
    spec: {
      metrics: [
        {
          name: 'success',
          provider: {
            prometheus: { address: 'http://prometheus.example.com', query: 'up{hash="{{args.hash}}"}' },
          },
          ...fields,
        },
      ],
      ...more,
    },
  });

const TEMPLATES: readonly Mistake[] = [
  beside('success-a is gone', 'AnalysisTemplate/success-a', null),
  beside('success-a can not be read', 'AnalysisTemplate/success-a', { spec: { metrics: 'none' } }),
  beside('success-a has no metrics', 'AnalysisTemplate/success-a', { spec: { metrics: null } }),
  metric('a condition that does not parse', { successCondition: 'result[0] >' }),
  metric('a condition on two lines', { failureCondition: 'result[0] >\n\n) 5' }),
  metric('a condition of an unknown function', { successCondition: 'best(result)' }),
  metric('a condition that only the run knows', { successCondition: 'result[0] > {{args.hash}}' }),
  metric('a metric without end', { interval: '5s' }),
  metric('a count of nothing', { count: '{{args.none}}' }),
  metric('a count that is none', { count: 'several', interval: '5s' }),
  metric('a count of a later argument', { count: '{{args.hash}}', interval: '5s' }),
  metric('more measurements than there are', { count: 2, failureLimit: 5, interval: '5s' }),
  metric('no interval', { count: 5 }),
  metric('a time that is none', { interval: 'often' }),
  metric('no provider', { provider: {} }),
  metric('two providers', { provider: { web: { url: 'http://a', jsonPath: '{$' }, job: {} } }),
  metric('a path that does not parse', {
    provider: { web: { url: 'http://a.example.com', jsonPath: '{$.a[' } },
  }),
  metric('a range that ends in no time', {
    provider: {
      prometheus: {
        address: 'http://prometheus.example.com',
        query: 'up',
        rangeQuery: { start: 'now() -', end: 'now() + then', step: '1m' },
      },
    },
  }),
  metric('a range', {
    provider: {
      prometheus: {
        address: 'http://prometheus.example.com',
        query: 'up{hash="{{args.hash}}"}',
        rangeQuery: { start: 'now() - duration("5m")', end: 'now()', step: '1m' },
      },
    },
  }),
  metric(
    'an argument with two sources',
    {},
    {
      args: [
        { name: 'hash' },
        { name: 'both', value: 'x', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } },
      ],
    },
  ),
  metric(
    'an argument of a Secret',
    { count: '{{args.token}}', interval: '5s' },
    {
      args: [{ name: 'hash' }, { name: 'token', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }],
    },
  ),
  metric('an argument twice', {}, { args: [{ name: 'hash' }, { name: 'hash', value: 'x' }] }),
  metric('a metric twice', {}, { metrics: [{ name: 'a' }, { name: 'a' }] }),
  metric('a text without its argument', { successCondition: 'result[0] > {{args.least}}' }),
  metric('evidence that can not be', { evidence: { minSamples: -1 } }),
  metric('evidence of what the run knows', {
    evidence: { query: 'up{hash="{{args.hash}}"}', minSamples: 1 },
  }),
  beside('success-a takes a template that is not there', 'AnalysisTemplate/success-a', {
    spec: { templates: [{ templateName: 'nowhere' }] },
  }),
  beside('success-a takes itself', 'AnalysisTemplate/success-a', {
    spec: { templates: [{ templateName: 'success-a' }, { templateName: 'success-b' }] },
  }),
  beside('success-a takes a cluster template', 'AnalysisTemplate/success-a', {
    spec: { templates: [{ templateName: 'success-everywhere', clusterScope: true }] },
  }),
];

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** What the process of such a world finds that its definition of Rollouts drops. */
export const PRUNED = ['spec.strategy.canary.steps[].unknown', 'spec.strategy.*.unheard', 'spec.unheardOf'];

const applied = (what: string, text: string): Mistake =>
  beside(what, ROLLOUT, { metadata: { annotations: { [LAST_APPLIED]: text } } });

const DROPPED: readonly Mistake[] = [
  applied(
    'fields that were dropped',
    JSON.stringify({ spec: { unheardOf: 1, strategy: { canary: { unheard: {} } } } }),
  ),
  applied(
    'a field in a step that was dropped',
    JSON.stringify({
      spec: { unheardOf: null, strategy: { canary: { steps: [{ setWeight: 1 }, { unknown: true }] } } },
    }),
  ),
  applied('an annotation that does not parse', '{'),
  applied('an annotation that is no object', '[]'),
  applied('a strategy that is text', JSON.stringify({ spec: { strategy: 'canary' } })),
  applied('an annotation that is too long', `"${'x'.repeat(262_145)}"`),
];

/** What somebody did to the template of a live version. */
const LIVE: readonly Mistake[] = [];

export const MISTAKES: readonly Mistake[] = [
  ...SPECS,
  ...CANARIES,
  ...STEPS,
  ...BLUE_GREENS,
  ...PODS,
  ...UNREADABLE,
  ...TEMPLATES,
  ...DROPPED,
  ...LIVE,
];
