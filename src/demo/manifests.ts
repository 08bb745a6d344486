/** What the demo's Git holds: a Kustomize base and an overlay for each release. Pure. */

import { formatDuration } from '../lang/duration.ts';
import { printYaml } from '../lang/yaml.ts';
import type { Json, JsonObject } from '../lang/json.ts';

export const APP = 'shop';
/** Where the app runs; the syncer makes it. */
export const NAMESPACE = 'shop';
/** Where Applications and the controller are. */
export const SYSTEM = 'sluice';
export const HOST = 'shop.example.com';
export const IMAGE = 'registry.example.com/shop';
export const REPLICAS = 5;
export const GATE = 'error-rate';
/** What the gate lets pass: a share of answers. */
export const MAX_ERRORS = 0.05;
/** The bad version answers every n-th request with a 500. */
export const BAD_EVERY = 3;
export const OVERLAY = 'overlays/demo';
const WEIGHTS = [20, 40, 60, 80, 100] as const;
export const PLATEAUS: readonly number[] = WEIGHTS;

export interface Release {
  readonly version: string;
  readonly bad?: boolean;
  /** 1: as slow as a person likes to look at. */
  readonly speed: number;
}

/** Path in the repository -> text. */
export function repositoryFiles({ version, bad = false, speed }: Release): Map<string, string> {
  return new Map([
    [
      'base/kustomization.yaml',
      kustomization({ resources: ['services.yaml', 'ingress.yaml', 'gate.yaml', 'rollout.yaml'] }),
    ],
    ['base/services.yaml', [service(APP), service(`${APP}-canary`)].map(printYaml).join('---\n')],
    ['base/ingress.yaml', printYaml(ingress())],
    ['base/gate.yaml', printYaml(gate(speed))],
    ['base/rollout.yaml', printYaml(rollout(speed))],
    [
      `${OVERLAY}/kustomization.yaml`,
      kustomization({
        namespace: NAMESPACE,
        resources: ['../../base'],
        images: [{ name: IMAGE, newTag: version }],
        ...(bad ? { patches: [{ path: 'bad.yaml', target: { kind: 'Rollout', name: APP } }] } : {}),
      }),
    ],
    ...(bad ? [[`${OVERLAY}/bad.yaml`, printYaml(badPatch() as Json)] as const] : []),
  ]);
}

export function application(repoURL: string): JsonObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: APP, namespace: SYSTEM, labels: { 'sluice.dev/syncer': 'sluice' } },
    spec: {
      project: 'default',
      source: { repoURL, targetRevision: 'main', path: OVERLAY },
      destination: { server: 'https://kubernetes.default.svc', namespace: NAMESPACE },
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
    },
  };
}

/** The query that the gate asks, for the Service of the canary. */
export function gateQuery(service: string): string {
  const requests = `nginx_ingress_controller_requests{namespace="${NAMESPACE}",service="${service}"`;
  return [
    `(sum(rate(${requests},status=~"5.."}[5s])) or vector(0))`,
    `  / (sum(rate(${requests}}[5s])) > 0)`,
  ].join('\n');
}

function kustomization(body: JsonObject): string {
  return printYaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', ...body });
}

/** Without a selector: the controller owns the whole of it, and the syncer has nothing to disagree with. */
function service(name: string): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

function ingress(): JsonObject {
  const backend = { service: { name: APP, port: { name: 'http' } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: APP },
    spec: {
      ingressClassName: 'nginx',
      rules: [{ host: HOST, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

function gate(speed: number): JsonObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name: GATE },
    spec: {
      args: [{ name: 'service' }],
      metrics: [
        {
          name: GATE,
          interval: formatDuration(Math.max(1000, 3000 / speed)),
          count: 3,
          // Without an answer of the canary neither holds; that may be so for a moment.
          inconclusiveLimit: 2,
          successCondition: `len(result) > 0 && result[0] <= ${MAX_ERRORS}`,
          failureCondition: `len(result) > 0 && result[0] > ${MAX_ERRORS}`,
          provider: { prometheus: { query: gateQuery('{{args.service}}') } },
        },
      ],
    },
  };
}

function rollout(speed: number): JsonObject {
  const labels = { app: APP };
  // Pauses are counted from a start in whole seconds: below two there would be nothing to measure.
  const pause = (ms: number): JsonObject => ({
    pause: { duration: formatDuration(Math.max(2000, Math.round(ms / speed))) },
  });
  const weight = (percent: number): JsonObject => ({ setWeight: percent });
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: APP },
    spec: {
      replicas: REPLICAS,
      revisionHistoryLimit: 3,
      progressDeadlineSeconds: 60,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: APP,
              image: IMAGE,
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1 },
            },
          ],
        },
      },
      strategy: {
        canary: {
          stableService: APP,
          canaryService: `${APP}-canary`,
          trafficRouting: { nginx: { stableIngress: APP } },
          steps: [
            weight(WEIGHTS[0]),
            pause(12_000),
            weight(WEIGHTS[1]),
            {
              analysis: {
                templates: [{ templateName: GATE }],
                args: [{ name: 'service', value: `${APP}-canary` }],
              },
            },
            weight(WEIGHTS[2]),
            pause(8000),
            weight(WEIGHTS[3]),
            pause(8000),
            weight(WEIGHTS[4]),
            pause(5000),
          ],
        },
      },
    },
  };
}

function badPatch(): JsonObject[] {
  return [
    {
      op: 'add',
      path: '/spec/template/spec/containers/0/env',
      value: [{ name: 'SLUICE_ERROR_EVERY', value: String(BAD_EVERY) }],
    },
  ];
}
