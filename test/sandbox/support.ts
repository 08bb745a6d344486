/** A small cluster and the objects that most sandbox tests need. */

import { ApiError, type KubeApi, type KubeObject, type ResourceType } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { seededRandom, VirtualClock, SandboxCluster, type Interceptor } from '../../src/sandbox/index.ts';

export const NS = 'shop';

export const WIDGET: ResourceType = {
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

export const widgetDefinition: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [
          { name: 'Size', type: 'string', jsonPath: '.spec.size' },
          { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'string', enum: ['a', 'b'] },
                  replicas: { type: 'integer', minimum: 0, maximum: 10, default: 1 },
                  surge: {
                    'x-kubernetes-int-or-string': true,
                    anyOf: [{ type: 'integer' }, { type: 'string' }],
                  },
                  name: { type: 'string', pattern: '^[a-z]+$', minLength: 2, maxLength: 5 },
                  selector: {
                    type: 'object',
                    'x-kubernetes-preserve-unknown-fields': true,
                    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'immutable!' }],
                  },
                  tags: { type: 'array', maxItems: 2, items: { type: 'string' } },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['key'],
                    items: {
                      type: 'object',
                      required: ['key'],
                      properties: { key: { type: 'string' }, value: { type: 'integer' } },
                    },
                  },
                  labels: { type: 'object', additionalProperties: { type: 'string' } },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  when: { type: 'string', format: 'date-time' },
                  maybe: { type: 'string', nullable: true },
                },
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};

export interface Bench {
  clock: VirtualClock;
  cluster: SandboxCluster;
  api: KubeApi;
}

export function bench(
  options: {
    intercept?: Interceptor;
    historyLimit?: number;
    crds?: JsonObject[];
    recordEvents?: boolean;
  } = {},
): Bench {
  const clock = new VirtualClock();
  const cluster = new SandboxCluster({
    clock,
    random: seededRandom(7),
    crds: options.crds ?? [widgetDefinition],
    namespaces: [NS],
    historyLimit: options.historyLimit,
    recordEvents: options.recordEvents,
  });
  const api = cluster.api({ name: 'tester' }, { intercept: options.intercept });
  return { clock, cluster, api };
}

export const widget = (name: string, spec: JsonObject = { size: 'a' }, more: JsonObject = {}): KubeObject =>
  ({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name, namespace: NS },
    spec,
    ...more,
  }) as never;

export const configMap = (
  name: string,
  data: Record<string, string> = {},
  more: JsonObject = {},
): KubeObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NS, ...more }, data }) as never;

export const podTemplate = (app: string, image = 'example.com/app:v1'): JsonObject => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'app', image }] },
});

export const replicaSet = (name: string, replicas: number, more: JsonObject = {}): KubeObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: NS },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: podTemplate(name), ...more },
  }) as never;

/** The `ApiError` that the call ends in, as `code text`. */
export async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no error';
}

export const at = (name: string): { namespace: string; name: string } => ({ namespace: NS, name });

/** `object.a.b.c`. */
export function dig(object: unknown, ...path: string[]): unknown {
  let value = object;
  for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}
