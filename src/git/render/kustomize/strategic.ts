/**
 * Strategic merge as Kustomize does it, which is not quite as the API server does: in a list that is merged by
 * key, the patch's elements come first; kinds without a known schema (every custom resource, Rollout among
 * them) have their lists replaced whole; null deletes; `$patch: delete|replace` in maps and elements.
 */

import type { Json, JsonObject } from '../../../lang/json.ts';
import { isObject } from '../../../lang/json.ts';
import type { Gvk } from './resource.ts';

/** What is known of a value: a map with known fields, or a list merged by `keys` (none: a set of scalars). */
interface Shape {
  readonly fields?: Readonly<Record<string, Shape>>;
  readonly keys?: readonly string[];
  readonly element?: Shape;
}

const by = (keys: string | readonly string[], element: Shape = {}): Shape => ({
  keys: typeof keys === 'string' ? [keys] : keys,
  element,
});
const map = (fields: Readonly<Record<string, Shape>>): Shape => ({ fields });

const METADATA = map({ finalizers: { keys: [] }, ownerReferences: by('uid') });
const CONTAINER = map({
  env: by('name'),
  ports: by(['containerPort', 'protocol']),
  volumeMounts: by('mountPath'),
  volumeDevices: by('devicePath'),
});
const POD_SPEC = map({
  containers: by('name', CONTAINER),
  initContainers: by('name', CONTAINER),
  ephemeralContainers: by('name', CONTAINER),
  volumes: by('name'),
  imagePullSecrets: by('name'),
  hostAliases: by('ip'),
  topologySpreadConstraints: by(['topologyKey', 'whenUnsatisfiable']),
  resourceClaims: by('name'),
  schedulingGates: by('name'),
});
const POD_TEMPLATE = map({ metadata: METADATA, spec: POD_SPEC });
const WORKLOAD = map({ metadata: METADATA, spec: map({ template: POD_TEMPLATE }) });
const WEBHOOKS = map({ metadata: METADATA, webhooks: by('name', map({ matchConditions: by('name') })) });

const SHAPES: Readonly<Record<string, Shape>> = {
  'apps/Deployment': WORKLOAD,
  'apps/ReplicaSet': WORKLOAD,
  'apps/StatefulSet': WORKLOAD,
  'apps/DaemonSet': WORKLOAD,
  'batch/Job': WORKLOAD,
  'batch/CronJob': map({
    metadata: METADATA,
    spec: map({ jobTemplate: map({ metadata: METADATA, spec: map({ template: POD_TEMPLATE }) }) }),
  }),
  '/ReplicationController': WORKLOAD,
  '/Pod': map({ metadata: METADATA, spec: POD_SPEC }),
  '/PodTemplate': map({ metadata: METADATA, template: POD_TEMPLATE }),
  '/Service': map({ metadata: METADATA, spec: map({ ports: by(['port', 'protocol']) }) }),
  '/ServiceAccount': map({ metadata: METADATA, secrets: by('name'), imagePullSecrets: by('name') }),
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': WEBHOOKS,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': WEBHOOKS,
};

/** Groups of Kubernetes itself, whose schemas are known to Kustomize. */
const BUILT_IN = /^$|^(?:apps|batch|policy|autoscaling)$|\.k8s\.io$/;

function shapeOf(gvk: Gvk): Shape {
  const shape = SHAPES[`${gvk.group}/${gvk.kind}`];
  if (shape !== undefined) return shape;
  return BUILT_IN.test(gvk.group) ? map({ metadata: METADATA }) : {};
}

/** undefined: the patch deletes the whole object. The target is changed in place where possible. */
export function mergeStrategic(target: JsonObject, patch: JsonObject, gvk: Gvk): JsonObject | undefined {
  const merged = merge(target, patch, shapeOf(gvk));
  return isObject(merged) ? merged : undefined;
}

/** undefined: the value is removed. */
function merge(
  target: Json | undefined,
  patch: Json | undefined,
  shape: Shape | undefined,
): Json | undefined {
  if (patch === undefined) return target;
  if (patch === null) return undefined;
  if (isObject(patch)) {
    const directive = patch['$patch'];
    if (directive === 'delete') return undefined;
    if (directive === 'replace' || !isObject(target)) return cleaned(patch);
    const result: JsonObject = target;
    for (const [name, value] of Object.entries(patch)) {
      if (name === '$patch') continue;
      const next = merge(result[name] ?? undefined, value, shape?.fields?.[name]);
      if (next === undefined) delete result[name];
      else result[name] = next;
    }
    return result;
  }
  if (Array.isArray(patch)) {
    if (shape?.keys === undefined) return patch;
    return mergeList(Array.isArray(target) ? target : [], patch, shape);
  }
  return patch;
}

/** A patch's map that has no counterpart: directives and nulls mean nothing there. */
function cleaned(patch: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(patch)) {
    if (name === '$patch' || value === undefined) continue;
    if (value === null) continue;
    if (isObject(value)) {
      if (value['$patch'] !== 'delete') result[name] = cleaned(value);
    } else {
      result[name] = value;
    }
  }
  return result;
}

function mergeList(target: readonly Json[], patch: readonly Json[], shape: Shape): Json[] {
  const keys = shape.keys ?? [];
  if (keys.length === 0) {
    const result = [...patch];
    for (const item of target) if (!result.includes(item)) result.push(item);
    return result;
  }
  if (
    patch.some((item) => isObject(item) && Object.keys(item).length === 1 && item['$patch'] === 'replace')
  ) {
    return patch.filter((item) => !(isObject(item) && item['$patch'] === 'replace'));
  }
  const left = [...target];
  const first: Json[] = [];
  for (const item of patch) {
    const at = isObject(item)
      ? left.findIndex((other) => isObject(other) && sameKeys(item, other, keys))
      : -1;
    const found = at < 0 ? undefined : left.splice(at, 1)[0];
    const merged = merge(found, item, shape.element);
    if (merged !== undefined) first.push(merged);
  }
  return [...first, ...left];
}

/** The first key must be equal; a further one may be missing on a side. */
function sameKeys(a: JsonObject, b: JsonObject, keys: readonly string[]): boolean {
  return keys.every((key, index) => {
    if (a[key] === b[key]) return a[key] !== undefined || index > 0;
    return index > 0 && (a[key] === undefined || b[key] === undefined);
  });
}
