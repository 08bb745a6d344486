/** What Argo CD and kstatus (Flux, Helm 4) read of our objects, and what Argo CD's actions write. */

import type { KubeObject } from '../../src/kube/api.ts';
import { isObject, type JsonObject } from '../../src/lang/json.ts';

export type ArgoHealth = 'Healthy' | 'Degraded' | 'Progressing' | 'Suspended' | 'Unknown';

const part = (object: KubeObject, name: string): JsonObject =>
  isObject(object[name]) ? (object[name] as JsonObject) : {};

/** The health of a Rollout: not before its generation was observed; then its phase, where a pause is a suspension. */
export function argoRolloutHealth(rollout: KubeObject): ArgoHealth {
  const { observedGeneration, phase } = part(rollout, 'status');
  if (observedGeneration !== undefined && Number(observedGeneration) !== rollout.metadata.generation)
    return 'Progressing';
  switch (phase) {
    case 'Paused':
      return 'Suspended';
    case 'Healthy':
    case 'Degraded':
    case 'Progressing':
      return phase;
    default:
      return 'Unknown';
  }
}

export function argoAnalysisRunHealth(run: KubeObject): ArgoHealth {
  const phases: Record<string, ArgoHealth> = {
    '': 'Progressing',
    Pending: 'Progressing',
    Running: 'Progressing',
    Successful: 'Healthy',
    Failed: 'Degraded',
    Error: 'Degraded',
  };
  return phases[String(part(run, 'status')['phase'] ?? '')] ?? 'Unknown';
}

/** What an action changes: the part of the status goes to `/status`, the rest to the object. */
export interface ArgoAction {
  readonly name: string;
  readonly status?: (rollout: KubeObject) => JsonObject;
  readonly spec?: (now: string) => JsonObject;
}

export const ARGO_ACTIONS: Readonly<Record<string, ArgoAction>> = {
  resume: { name: 'resume', status: () => ({ pauseConditions: null }), spec: () => ({ paused: false }) },
  abort: { name: 'abort', status: () => ({ abort: true }) },
  retry: { name: 'retry', status: () => ({ abort: null }) },
  pause: { name: 'pause', spec: () => ({ paused: true }) },
  restart: { name: 'restart', spec: (now) => ({ restartAt: now }) },
  promoteFull: { name: 'promote-full', status: () => ({ promoteFull: true }) },
  skipStep: {
    name: 'skip-current-step',
    status: (rollout) => ({
      pauseConditions: null,
      currentStepIndex: Number(part(rollout, 'status')['currentStepIndex'] ?? 0) + 1,
    }),
  },
};

export type Kstatus = 'Current' | 'InProgress' | 'Failed' | 'Error';

/** The generic rules of kstatus: a text as observedGeneration is an error. */
export function kstatus(object: KubeObject): Kstatus {
  const { observedGeneration, conditions } = part(object, 'status');
  if (observedGeneration !== undefined) {
    if (typeof observedGeneration !== 'number') return 'Error';
    if (observedGeneration !== object.metadata.generation) return 'InProgress';
  }
  const is = (type: string, status: string): boolean =>
    Array.isArray(conditions) &&
    conditions.some((each) => isObject(each) && each['type'] === type && each['status'] === status);
  if (is('Reconciling', 'True')) return 'InProgress';
  if (is('Stalled', 'True')) return 'Failed';
  if (is('Ready', 'False') || is('Ready', 'Unknown')) return 'InProgress';
  return 'Current';
}
