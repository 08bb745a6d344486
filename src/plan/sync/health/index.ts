/** Health of one object, and of a whole Application. Spec 11 section 5. */

import type { JsonObject } from '../../../lang/json.ts';
import { annotationsOf, describe, identityOf } from '../identity.ts';
import type { ResourceIdentity } from '../types.ts';
import {
  analysisRunHealth,
  apiServiceHealth,
  autoscalerHealth,
  claimHealth,
  definitionHealth,
  ingressHealth,
  rolloutHealth,
  serviceHealth,
} from './others.ts';
import { conditionOf, health, HEALTH_ORDER, isObserved, section, type Health } from './types.ts';
import {
  daemonSetHealth,
  deploymentHealth,
  jobHealth,
  podHealth,
  replicaSetHealth,
  statefulSetHealth,
} from './workloads.ts';

export type { Health, HealthCode } from './types.ts';

const RULES: Readonly<Record<string, (object: JsonObject) => Health>> = {
  'apps/Deployment': deploymentHealth,
  'apps/ReplicaSet': replicaSetHealth,
  'apps/StatefulSet': statefulSetHealth,
  'apps/DaemonSet': daemonSetHealth,
  '/Pod': podHealth,
  'batch/Job': jobHealth,
  '/Service': serviceHealth,
  'networking.k8s.io/Ingress': ingressHealth,
  '/PersistentVolumeClaim': claimHealth,
  'autoscaling/HorizontalPodAutoscaler': autoscalerHealth,
  'apiregistration.k8s.io/APIService': apiServiceHealth,
  'apiextensions.k8s.io/CustomResourceDefinition': definitionHealth,
  'argoproj.io/Rollout': rolloutHealth,
  'argoproj.io/AnalysisRun': analysisRunHealth,
};

/** undefined: nothing can be said about this kind (a ConfigMap is neither healthy nor ill). */
export function resourceHealth(object: JsonObject): Health | undefined {
  if (section(object, 'metadata')['deletionTimestamp'] !== undefined) {
    return health('Progressing', 'Pending deletion');
  }
  const { group, kind } = identityOf(object);
  const rule = RULES[`${group}/${kind}`];
  return rule === undefined ? conditionHealth(object) : rule(object);
}

/** Kinds without a rule: the conditions that kstatus reads. */
function conditionHealth(object: JsonObject): Health | undefined {
  const stalled = conditionOf(object, 'Stalled');
  if (stalled?.status === 'True') return health('Degraded', stalled.message);
  const reconciling = conditionOf(object, 'Reconciling');
  if (reconciling?.status === 'True') return health('Progressing', reconciling.message);
  const ready = conditionOf(object, 'Ready');
  if (ready === undefined) return undefined;
  if (section(object, 'status')['observedGeneration'] !== undefined && !isObserved(object)) {
    return health('Progressing', 'Waiting for the spec to be observed');
  }
  return ready.status === 'True' ? health('Healthy', ready.message) : health('Progressing', ready.message);
}

interface HealthInput {
  readonly identity: ResourceIdentity;
  readonly manifest: JsonObject;
  readonly live: JsonObject | undefined;
}

export const healthOf = ({ live }: HealthInput): Health | undefined =>
  live === undefined ? health('Missing') : resourceHealth(live);

/** The worst of all; the message names the first resource that is so bad. */
export function applicationHealth(resources: readonly HealthInput[]): Health {
  let worst: Health = { status: 'Healthy' };
  for (const resource of resources) {
    if (annotationsOf(resource.manifest)['argocd.argoproj.io/ignore-healthcheck'] === 'true') continue;
    const own = healthOf(resource);
    if (own === undefined || HEALTH_ORDER.indexOf(own.status) <= HEALTH_ORDER.indexOf(worst.status)) continue;
    const said =
      own.message === undefined ? (own.status === 'Missing' ? ' is missing' : '') : `: ${own.message}`;
    worst = health(own.status, `${describe(resource.identity)}${said}`);
  }
  return worst;
}
