/** Objects of which worlds are made. */

import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';

export const SHOP = 'shop';
export const NAME = 'web';
export const KEY = `${SHOP}/${NAME}`;
export const HOST = 'web.example.com';

export const imageOf = (tag: string): string => `example.com/app:${tag}`;

/** The tag of the first image of a pod, or of whatever has a pod template. */
export function tagOf(object: KubeObject): string {
  const spec = object['spec'] as PodOwner | undefined;
  const image = (spec?.template?.spec ?? spec)?.containers?.[0]?.image ?? '';
  return image.slice(image.indexOf(':') + 1);
}

interface PodOwner {
  readonly containers?: readonly { readonly image?: string }[];
  readonly template?: { readonly spec?: PodOwner };
}

export const service = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: SHOP },
  spec: { selector: { app: NAME }, ports: [{ port: 80, targetPort: 8080 }] },
});

export const ingress = (stable: string): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: NAME, namespace: SHOP },
  spec: {
    ingressClassName: 'nginx',
    rules: [
      {
        host: HOST,
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: stable, port: { number: 80 } } } },
          ],
        },
      },
    ],
  },
});

export const podTemplate = (tag: string, annotations: JsonObject = {}): JsonObject => ({
  metadata: { labels: { app: NAME }, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
  spec: { containers: [{ name: 'app', image: imageOf(tag), ports: [{ containerPort: 8080 }] }] },
});

/** The change of a Rollout's spec that is a new version. */
export const templateOf = (tag: string): JsonObject => ({
  template: {
    spec: { containers: [{ name: 'app', image: imageOf(tag), ports: [{ containerPort: 8080 }] }] },
  },
});

export const rollout = (strategy: JsonObject, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: NAME, namespace: SHOP },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: NAME } },
    template: podTemplate('v1'),
    strategy,
    ...spec,
  },
});

/** A template whose one metric asks the backend about the version in the argument `hash`. */
export const analysisTemplate = (name: string, metric: JsonObject = {}): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name, namespace: SHOP },
  spec: {
    args: [{ name: 'hash' }],
    metrics: [
      {
        name: 'success',
        successCondition: 'result[0] >= 0.5',
        ...metric,
        provider: {
          prometheus: {
            address: 'http://prometheus.example.com',
            query: 'rate{metric="success",hash="{{args.hash}}"}',
            timeout: 20,
          },
        },
      },
    ],
  },
});

export const analysisOf = (template: string): JsonObject => ({
  templates: [{ templateName: template }],
  args: [{ name: 'hash', valueFrom: { podTemplateHashValue: 'Latest' } }],
});

/** What a Rollout with a `workloadRef` takes its pods from; it has none of its own. */
export const deployment = (template: JsonObject): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: NAME, namespace: SHOP },
  spec: { replicas: 0, selector: { matchLabels: { app: NAME } }, template },
});

export const REPOSITORY = 'https://git.example.com/team/web';

export const SIDE = 'side';
export const SIDE_REPOSITORY = 'https://git.example.com/team/side';

export const application = (): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: NAME, namespace: 'sluice', labels: { 'sluice.dev/syncer': 'sluice' } },
  spec: {
    project: 'default',
    source: { path: '', targetRevision: 'main', repoURL: REPOSITORY },
    destination: { server: 'https://kubernetes.default.svc', namespace: SHOP },
    syncPolicy: { automated: { prune: true, selfHeal: true } },
  },
});

/** By which the API server knows the kind of an object. */
export function typeOf(object: KubeObject): { group: string; version: string; plural: string } {
  const [first = '', second] = object.apiVersion.split('/');
  const kind = object.kind.toLowerCase();
  const plural = /(s|x|ch|sh)$/.test(kind) ? `${kind}es` : `${kind}s`;
  return { group: second === undefined ? '' : first, version: second ?? first, plural };
}
