/** Services, storage, autoscaling, APIs, and the kinds of Argo Rollouts. */

import type { JsonObject } from '../../../lang/json.ts';
import { annotationsOf } from '../identity.ts';
import { conditionOf, conditionsOf, health, number, section, text, type Health } from './types.ts';

const hasAddress = (object: JsonObject): boolean => {
  const ingress = section(section(object, 'status'), 'loadBalancer')['ingress'];
  return Array.isArray(ingress) && ingress.length > 0;
};

export function serviceHealth(object: JsonObject): Health {
  if (section(object, 'spec')['type'] !== 'LoadBalancer' || hasAddress(object)) return health('Healthy');
  return health('Progressing', 'Waiting for the load balancer to get an address');
}

export function ingressHealth(object: JsonObject): Health {
  return hasAddress(object)
    ? health('Healthy')
    : health('Progressing', 'Waiting for the load balancer to get an address');
}

export function claimHealth(object: JsonObject): Health {
  switch (section(object, 'status')['phase']) {
    case 'Bound':
      return health('Healthy');
    case 'Lost':
      return health('Degraded');
    case 'Pending':
    case undefined:
      return health('Progressing');
    default:
      return health('Unknown');
  }
}

const SCALING_FAILURES = new Set([
  'AbleToScale/FailedGetScale',
  'AbleToScale/FailedUpdateScale',
  'ScalingActive/FailedGetResourceMetric',
  'ScalingActive/InvalidSelector',
]);

export function autoscalerHealth(object: JsonObject): Health {
  const conditions = conditionsOf(object);
  const failed = conditions.find(({ type, reason }) => SCALING_FAILURES.has(`${type}/${reason}`));
  if (failed !== undefined) return health('Degraded', failed.message);
  const good = conditions.find(
    ({ type, status }) => (type === 'AbleToScale' || type === 'ScalingLimited') && status === 'True',
  );
  return good === undefined ? health('Progressing', 'Waiting to Autoscale') : health('Healthy', good.message);
}

export function apiServiceHealth(object: JsonObject): Health {
  const available = conditionOf(object, 'Available');
  if (available === undefined) return health('Progressing', 'Waiting to be processed');
  return available.status === 'True'
    ? health('Healthy', `${available.reason}: ${available.message}`)
    : health('Progressing', `${available.reason}: ${available.message}`);
}

export function definitionHealth(object: JsonObject): Health {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return health('Degraded', names.message);
  return conditionOf(object, 'Established')?.status === 'True'
    ? health('Healthy')
    : health('Progressing', 'Waiting for the CustomResourceDefinition to be established');
}

/** `status.phase` passes through once the spec has been observed (coexistence.md "What Argo CD reads"). */
export function rolloutHealth(object: JsonObject): Health {
  const status = section(object, 'status');
  const observed = status['observedGeneration'];
  const generation = number(section(object, 'metadata')['generation']);
  if (observed !== undefined && observed !== null && Number(observed) !== generation) {
    return health('Progressing', 'Waiting for rollout spec update to be observed');
  }
  if (section(object, 'spec')['workloadRef'] !== undefined) {
    const wanted = annotationsOf(object)['rollout.argoproj.io/workload-generation'] ?? '';
    if (wanted !== String(status['workloadObservedGeneration'] ?? '')) {
      return health(
        'Progressing',
        'Waiting for rollout spec update to be observed for the reference workload',
      );
    }
  }
  const message = text(status['message']);
  switch (status['phase']) {
    case 'Healthy':
    case 'Degraded':
    case 'Progressing':
      return health(status['phase'], message);
    case 'Paused':
      return health('Suspended', message);
    default:
      return health('Progressing', message === '' ? 'Waiting for the rollout to be observed' : message);
  }
}

export function analysisRunHealth(object: JsonObject): Health {
  const status = section(object, 'status');
  const message = text(status['message']);
  switch (status['phase']) {
    case 'Successful':
      return health('Healthy', message);
    case 'Failed':
    case 'Error':
      return health('Degraded', message);
    case 'Inconclusive':
      return health('Unknown', message);
    default:
      return health('Progressing', message);
  }
}
