/** The canary Ingress, made from a stable one and a weight (spec 07 section 1). Pure. */

import type { Rollout } from '../../api/rollout.ts';
import type { KubeObject } from '../../kube/api.ts';
import type { Json, JsonObject } from '../../lang/json.ts';
import { isObject } from '../../lang/json.ts';
import { createMergePatch } from '../../lang/patch/merge.ts';
import { RouterError } from '../types.ts';
import type { NginxConfig } from './config.ts';
import { canaryIngressName } from './config.ts';

const CLASS = 'kubernetes.io/ingress.class';

/** Everything of the canary Ingress that is ours, at a weight. */
export function canaryIngress(
  rollout: Rollout,
  config: NginxConfig,
  stable: KubeObject,
  weight: number,
): KubeObject {
  const spec = isObject(stable['spec']) ? stable['spec'] : {};
  const { namespace } = rollout.metadata;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: canaryIngressName(rollout.metadata.name, stable.metadata.name),
      ...(namespace === undefined ? {} : { namespace }),
      annotations: annotations(config, stable, weight),
      ownerReferences: [
        {
          apiVersion: rollout.apiVersion,
          kind: rollout.kind,
          name: rollout.metadata.name,
          uid: rollout.metadata.uid ?? '',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      ...(spec['ingressClassName'] === undefined ? {} : { ingressClassName: spec['ingressClassName'] }),
      ...(spec['tls'] === undefined ? {} : { tls: spec['tls'] }),
      rules: canaryRules(config, stable.metadata.name, spec['rules']),
    },
  };
}

function annotations(config: NginxConfig, stable: KubeObject, weight: number): Record<string, string> {
  const { prefix } = config;
  const ingressClass = stable.metadata.annotations?.[CLASS];
  const additional = Object.fromEntries(
    Object.entries(config.additionalAnnotations).map(([key, value]) => [
      key.startsWith(prefix) ? key : `${prefix}/${key}`,
      value,
    ]),
  );
  return {
    ...(ingressClass === undefined ? {} : { [CLASS]: ingressClass }),
    ...additional,
    ...config.canaryAnnotations,
    [`${prefix}/canary`]: 'true',
    [`${prefix}/canary-weight`]: String(weight),
    ...(config.maxWeight === undefined
      ? {}
      : { [`${prefix}/canary-weight-total`]: String(config.maxWeight) }),
  };
}

/** Rules that mention the stable Service, with the canary's in its place; other paths of such a rule stay. */
function canaryRules(config: NginxConfig, ingress: string, rules: Json | undefined): Json[] {
  const kept: Json[] = [];
  for (const rule of Array.isArray(rules) ? rules : []) {
    const http = isObject(rule) ? rule['http'] : undefined;
    const paths = isObject(http) ? http['paths'] : undefined;
    if (!isObject(rule) || !isObject(http) || !Array.isArray(paths)) continue;
    let mentions = false;
    const replaced = paths.map((path) => {
      if (backendService(path) !== config.stableService || !isObject(path)) return path;
      mentions = true;
      return { ...path, backend: withService(path['backend'], config.canaryService) };
    });
    if (mentions) kept.push({ ...rule, http: { ...http, paths: replaced } });
  }
  if (kept.length === 0)
    throw new RouterError(
      `ingress \`${ingress}\` has no rules using service ${config.stableService} backend`,
    );
  return kept;
}

function backendService(path: Json): string | undefined {
  const backend = isObject(path) ? path['backend'] : undefined;
  const service = isObject(backend) ? backend['service'] : undefined;
  const name = isObject(service) ? service['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

function withService(backend: Json | undefined, name: string): JsonObject {
  const given = isObject(backend) ? backend : {};
  const service = isObject(given['service']) ? given['service'] : {};
  return { ...given, service: { ...service, name } };
}

/** What turns the live canary Ingress into the wanted one; undefined: nothing. Annotations of others stay. */
export function ingressPatch(live: KubeObject, wanted: KubeObject): JsonObject | undefined {
  const kept = live.metadata.annotations ?? {};
  return createMergePatch(
    { metadata: { annotations: kept }, spec: (live['spec'] ?? {}) as JsonObject },
    {
      metadata: { annotations: { ...kept, ...wanted.metadata.annotations } },
      spec: wanted['spec'] as JsonObject,
    },
  );
}
