/** Deployment, ReplicaSet, StatefulSet, DaemonSet, Pod, Job: Argo CD's rules. */

import { isObject, type JsonObject } from '../../../lang/json.ts';
import { conditionOf, health, isObserved, number, section, text, type Health } from './types.ts';

const WAITING = 'Waiting for rollout to finish:';

export function deploymentHealth(object: JsonObject): Health {
  const spec = section(object, 'spec');
  const status = section(object, 'status');
  if (spec['paused'] === true) return health('Suspended', 'Deployment is paused');
  if (!isObserved(object)) {
    return health('Progressing', `${WAITING} observed deployment generation less than desired generation`);
  }
  if (conditionOf(object, 'Progressing')?.reason === 'ProgressDeadlineExceeded') {
    return health(
      'Degraded',
      `Deployment "${text(section(object, 'metadata')['name'])}" exceeded its progress deadline`,
    );
  }
  const wanted = number(spec['replicas'], 1);
  const updated = number(status['updatedReplicas']);
  const all = number(status['replicas']);
  const available = number(status['availableReplicas']);
  if (updated < wanted) {
    return health('Progressing', `${WAITING} ${updated} out of ${wanted} new replicas have been updated...`);
  }
  if (all > updated) {
    return health('Progressing', `${WAITING} ${all - updated} old replicas are pending termination...`);
  }
  if (available < updated) {
    return health('Progressing', `${WAITING} ${available} of ${updated} updated replicas are available...`);
  }
  return health('Healthy');
}

export function replicaSetHealth(object: JsonObject): Health {
  if (!isObserved(object)) {
    return health('Progressing', `${WAITING} observed replica set generation less than desired generation`);
  }
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return health('Degraded', failure.message);
  const wanted = number(section(object, 'spec')['replicas'], 1);
  const available = number(section(object, 'status')['availableReplicas']);
  if (available < wanted) {
    return health('Progressing', `${WAITING} ${available} out of ${wanted} new replicas are available...`);
  }
  return health('Healthy');
}

export function statefulSetHealth(object: JsonObject): Health {
  const spec = section(object, 'spec');
  const status = section(object, 'status');
  if (number(status['observedGeneration']) === 0 || !isObserved(object)) {
    return health('Progressing', 'Waiting for statefulset spec update to be observed...');
  }
  const wanted = number(spec['replicas'], 1);
  const ready = number(status['readyReplicas']);
  if (ready < wanted) return health('Progressing', `Waiting for ${wanted - ready} pods to be ready...`);
  const strategy = section(spec, 'updateStrategy');
  if (strategy['type'] === 'OnDelete') {
    return health('Healthy', `statefulset has ${ready} ready pods`);
  }
  const updated = number(status['updatedReplicas']);
  const rolling = strategy['rollingUpdate'];
  const partition = isObject(rolling) ? number(rolling['partition']) : 0;
  if (partition > 0) {
    return updated < wanted - partition
      ? health(
          'Progressing',
          `Waiting for partitioned roll out to finish: ${updated} out of ${wanted - partition} new pods have been updated...`,
        )
      : health('Healthy', `partitioned roll out complete: ${updated} new pods have been updated...`);
  }
  if (status['updateRevision'] !== status['currentRevision']) {
    return health(
      'Progressing',
      `waiting for statefulset rolling update to complete ${updated} pods at revision ${text(status['updateRevision'])}...`,
    );
  }
  return health('Healthy');
}

export function daemonSetHealth(object: JsonObject): Health {
  const status = section(object, 'status');
  if (!isObserved(object)) {
    return health('Progressing', `${WAITING} observed daemon set generation less than desired generation`);
  }
  if (section(section(object, 'spec'), 'updateStrategy')['type'] === 'OnDelete') return health('Healthy');
  const wanted = number(status['desiredNumberScheduled']);
  const updated = number(status['updatedNumberScheduled']);
  const available = number(status['numberAvailable']);
  if (updated < wanted) {
    return health('Progressing', `${WAITING} ${updated} out of ${wanted} new pods have been updated...`);
  }
  if (available < wanted) {
    return health('Progressing', `${WAITING} ${available} of ${wanted} updated pods are available...`);
  }
  return health('Healthy');
}

export function podHealth(object: JsonObject): Health {
  const status = section(object, 'status');
  const always = (section(object, 'spec')['restartPolicy'] ?? 'Always') === 'Always';
  const containers = (Array.isArray(status['containerStatuses']) ? status['containerStatuses'] : []).filter(
    isObject,
  );
  if (always) {
    for (const container of containers) {
      const waiting = section(section(container, 'state'), 'waiting');
      const reason = text(waiting['reason']);
      if (/^Err|Error$|BackOff$/.test(reason)) return health('Degraded', text(waiting['message']) || reason);
    }
  }
  switch (status['phase']) {
    case 'Succeeded':
      return health('Healthy', text(status['message']));
    case 'Failed':
      return health('Degraded', text(status['message']) || text(status['reason']));
    case 'Running': {
      if (!always) return health('Progressing', text(status['message']));
      if (conditionOf(object, 'Ready')?.status === 'True') return health('Healthy', text(status['message']));
      const crashed = containers.some((container) => isObject(section(container, 'lastState')['terminated']));
      return crashed
        ? health('Degraded', text(status['message']))
        : health('Progressing', text(status['message']));
    }
    case 'Pending':
      return health('Progressing', text(status['message']));
    default:
      return status['phase'] === undefined
        ? health('Progressing')
        : health('Unknown', text(status['message']));
  }
}

export function jobHealth(object: JsonObject): Health {
  const failed = conditionOf(object, 'Failed');
  if (failed?.status === 'True') return health('Degraded', failed.message);
  const complete = conditionOf(object, 'Complete');
  if (complete?.status === 'True') return health('Healthy', complete.message);
  const suspended = conditionOf(object, 'Suspended');
  if (suspended?.status === 'True') return health('Suspended', suspended.message);
  return health('Progressing', 'Waiting for job to complete');
}
