/** Everything that one decision about a Rollout needs, read from the stores at one instant. No I/O. */

import type { AnalysisRun, AnalysisTemplate, ClusterAnalysisTemplate } from '../../api/analysis.ts';
import { clusterAnalysisTemplateSchema, decodeTemplate } from '../../api/analysis.ts';
import { decoderOf } from '../../api/decode.ts';
import type { Rollout, RolloutStatus } from '../../api/rollout.ts';
import type { KubeObject, ResourceType } from '../../kube/api.ts';
import { keyOf } from '../../kube/api.ts';
import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  CLUSTER_ANALYSIS_TEMPLATE,
  INGRESS,
  REPLICA_SET,
  SERVICE,
} from '../../kube/kinds.ts';
import type { JsonObject } from '../../lang/json.ts';
import { isObject } from '../../lang/json.ts';
import { maxWeight } from '../../plan/rollout/defaults.ts';
import { MANAGED_BY } from '../../plan/rollout/names.ts';
import { rolesOf, stableEnd } from '../../plan/rollout/roles.ts';
import type { FailedIntent, RolloutSnapshot, RouteView, ServiceView } from '../../plan/rollout/index.ts';
import type { ReplicaSet } from '../../plan/rollout/replica-set.ts';
import { collectTemplates } from '../../plan/analysis/build.ts';
import { withoutUnreadable } from '../../plan/rollout/unreadable.ts';
import type { ReferencedObjects } from '../../plan/rollout/validate-references.ts';
import {
  ingressReferences,
  serviceReferences,
  templateReferences,
} from '../../plan/rollout/validate-references.ts';
import type { WorkloadView } from '../../plan/rollout/workload-ref.ts';
import { withWorkload } from '../../plan/rollout/workload-ref.ts';
import { ROUTERS } from '../../routers/index.ts';
import type { Router, RouterObjects } from '../../routers/index.ts';
import type { Stores } from '../controller.ts';
import { decodeRun } from '../decode-run.ts';
import { decodeRollout, readableRest } from './decode.ts';
import { BY_OWNER, ORPHANS } from './indexes.ts';

export interface GatherFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly statusWrittenAt?: number | undefined;
  readonly statusWritten?: RolloutStatus | undefined;
  readonly revisionWritten?: { readonly revision: number; readonly at: number } | undefined;
  readonly failed?: readonly FailedIntent[] | undefined;
  readonly workload?: WorkloadView | undefined;
  /** Those that the controller drives; by default all that there are. */
  readonly routers?: readonly Router[] | undefined;
}

export function gatherRollout(stores: Stores, object: KubeObject, facts: GatherFacts): RolloutSnapshot {
  const decoded = decodeRollout(object);
  const { workload } = facts;
  const stored = decoded.ok ? withoutUnreadable(decoded.value) : undefined;
  const rollout =
    stored === undefined || workload === undefined || 'error' in workload
      ? stored
      : withWorkload(stored, workload);
  const uid = object.metadata.uid ?? '';
  const namespace = object.metadata.namespace ?? '';
  const readable = decoded.ok ? undefined : readableRest(object);
  const known = rollout ?? readable;
  const referenced = known === undefined ? EMPTY : referencedObjects(stores, known);
  return Object.freeze({
    now: facts.now,
    stored: object as unknown as RolloutSnapshot['stored'],
    rollout,
    issues: decoded.ok ? [] : decoded.issues,
    readable,
    workload,
    replicaSets: replicaSets(stores, uid, namespace),
    analysisRuns: analysisRuns(stores, uid),
    ...referenced,
    routes: known === undefined ? [] : routes(stores, known, facts.routers ?? ROUTERS),
    statusWrittenAt: facts.statusWrittenAt,
    statusWritten: facts.statusWritten,
    revisionWritten: facts.revisionWritten,
    failed: facts.failed ?? [],
  });
}

type Referenced = Pick<RolloutSnapshot, 'services' | 'templates' | 'clusterTemplates' | 'references'>;
const EMPTY: Referenced = { services: {}, templates: [], clusterTemplates: [], references: {} };

/** Objects that don't look like a ReplicaSet are nobody's: an API server would not have stored them. */
function replicaSets(stores: Stores, uid: string, namespace: string): ReplicaSet[] {
  const store = stores.of(REPLICA_SET);
  return [...store.byIndex(BY_OWNER, uid), ...store.byIndex(ORPHANS, namespace)].filter(
    (object) => isObject(object['spec']) && isObject(object['spec']['template']),
  ) as unknown as ReplicaSet[];
}

/** A run that can't be read still has a name, an owner and perhaps a phase; its own controller reports it. */
function analysisRuns(stores: Stores, uid: string): AnalysisRun[] {
  return stores
    .of(ANALYSIS_RUN)
    .byIndex(BY_OWNER, uid)
    .map((object) => {
      const decoded = decodeRun(object);
      return decoded.ok ? decoded.value : undefined;
    })
    .filter((run) => run !== undefined);
}

function referencedObjects(stores: Stores, rollout: Rollout): Referenced {
  const namespace = rollout.metadata.namespace ?? '';
  const find = (type: ResourceType, name: string): KubeObject | undefined =>
    stores.of(type).get(keyOf({ namespace: type.namespaced ? namespace : undefined, name }));
  const found = (type: ResourceType, names: readonly string[]): Record<string, JsonObject | undefined> =>
    Object.fromEntries(names.map((name) => [name, find(type, name) as unknown as JsonObject | undefined]));

  const serviceNames = serviceReferences(rollout).map(({ name }) => name);
  const templates = templatesOf(rollout, find);
  const references: ReferencedObjects = Object.freeze({
    services: found(SERVICE, serviceNames),
    ingresses: found(
      INGRESS,
      ingressReferences(rollout).map(({ name }) => name),
    ),
    analysisTemplates: byName(templates.raw.namespaced),
    clusterAnalysisTemplates: byName(templates.raw.cluster),
  });
  return {
    services: Object.fromEntries(serviceNames.map((name) => [name, viewOf(find(SERVICE, name))])),
    templates: templates.namespaced,
    clusterTemplates: templates.cluster,
    references,
  };
}

function viewOf(service: KubeObject | undefined): ServiceView | null {
  if (service === undefined) return null;
  const spec = service['spec'];
  const selector = isObject(spec) && isObject(spec['selector']) ? spec['selector'] : {};
  return {
    name: service.metadata.name,
    selector: Object.fromEntries(
      Object.entries(selector).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    managedBy: service.metadata.annotations?.[MANAGED_BY],
  };
}

const byName = (objects: readonly KubeObject[]): Record<string, JsonObject> =>
  Object.fromEntries(objects.map((object) => [object.metadata.name, object as unknown as JsonObject]));

const decodeClusterTemplate = decoderOf(clusterAnalysisTemplateSchema);

interface Templates {
  namespaced: AnalysisTemplate[];
  cluster: ClusterAnalysisTemplate[];
  raw: { namespaced: KubeObject[]; cluster: KubeObject[] };
}

/** The templates that the Rollout names, and those that they name. */
function templatesOf(
  rollout: Rollout,
  find: (type: ResourceType, name: string) => KubeObject | undefined,
): Templates {
  const raw: Templates['raw'] = { namespaced: [], cluster: [] };
  const refs = templateReferences(rollout);
  if (refs.length === 0) return { namespaced: [], cluster: [], raw };
  const namespaced = new Map<string, AnalysisTemplate>();
  const cluster = new Map<string, ClusterAnalysisTemplate>();
  for (const ref of refs) {
    // One reference at a time: a missing one must not hide the others.
    collectTemplates([ref], {
      template: (name) => {
        const object = find(ANALYSIS_TEMPLATE, name);
        const decoded = object === undefined ? undefined : decodeTemplate(object);
        if (object === undefined || decoded?.ok !== true) return undefined;
        if (!namespaced.has(name)) raw.namespaced.push(object);
        namespaced.set(name, decoded.value);
        return decoded.value;
      },
      clusterTemplate: (name) => {
        const object = find(CLUSTER_ANALYSIS_TEMPLATE, name);
        const decoded = object === undefined ? undefined : decodeClusterTemplate(object);
        if (object === undefined || decoded?.ok !== true) return undefined;
        if (!cluster.has(name)) raw.cluster.push(object);
        cluster.set(name, decoded.value);
        return decoded.value;
      },
    });
  }
  return { namespaced: [...namespaced.values()], cluster: [...cluster.values()], raw };
}

/** What the routers' objects show now. */
function routes(stores: Stores, rollout: Rollout, routers: readonly Router[]): RouteView[] {
  const strategy = rollout.spec.strategy?.canary ?? {};
  const scope = { max: maxWeight(strategy), ...rolesOf(strategy, stableEnd(rollout.status ?? {})) };
  const objects = routerObjects(stores, rollout.metadata.namespace);
  return routers
    .filter((router) => router.isConfigured(rollout))
    .map((router) => ({
      router: router.name,
      confirms: router.verify !== undefined,
      ...router.observe(rollout, scope, objects),
    }));
}

export function routerObjects(stores: Stores, namespace: string | undefined): RouterObjects {
  return { get: (type, name) => stores.of(type).get(keyOf({ namespace, name })) };
}
