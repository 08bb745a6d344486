/** status.phase and status.message, and how a client should read them (spec 01 section 8). Pure. */

import type { Rollout, RolloutSpec, RolloutStatus } from '../../api/rollout.ts';
import { parseTime } from '../../lang/time.ts';
import { isCompleted } from '../analysis/types.ts';
import { writtenStatus, replicasOf, stableHashOf, pausesOf, conditionsOf, countIn } from './defaults.ts';

export interface PhaseAndMessage {
  phase: 'Progressing' | 'Paused' | 'Degraded' | 'Healthy';
  message: string;
}

/** What a phase reads of a status; the engine passes the one that it is about to write. */
export type PhaseInput = RolloutStatus;

const progressing = (message: string): PhaseAndMessage => ({ phase: 'Progressing', message });

/** First match wins. */
export function rolloutPhase(spec: RolloutSpec, status: PhaseInput): PhaseAndMessage {
  for (const condition of conditionsOf(status)) {
    if (condition.type === 'InvalidSpec')
      return { phase: 'Degraded', message: `InvalidSpec: ${condition.message}` };
    if (condition.reason === 'RolloutAborted' || condition.reason === 'ProgressDeadlineExceeded')
      return { phase: 'Degraded', message: `${condition.reason}: ${condition.message}` };
    if (condition.type === 'NotImplemented')
      return { phase: 'Degraded', message: `NotImplemented: ${condition.message}` };
    if (condition.reason === 'AnalysisRunInvalid')
      return { phase: 'Degraded', message: `${condition.reason}: ${condition.message}` };
  }
  if (spec.paused === true) return { phase: 'Paused', message: 'manually paused' };
  const pause = status.pauseConditions?.[0];
  if (pause !== undefined) return { phase: 'Paused', message: pause.reason };
  if (spec.restartAt !== undefined && parseTime(spec.restartAt) !== parseTime(status.restartedAt))
    return progressing('rollout is restarting');
  const replicas = replicasOf(spec);
  const updated = countIn(status, 'updatedReplicas');
  if (updated < replicas) return progressing('more replicas need to be updated');
  if (countIn(status, 'availableReplicas') < updated)
    return progressing('updated replicas are still becoming available');
  const strategy = spec.strategy;
  if (strategy?.blueGreen !== undefined) return blueGreenPhase(strategy.blueGreen, status);
  if (strategy?.canary !== undefined) {
    if (strategy.canary.trafficRouting === undefined && countIn(status, 'replicas') > updated)
      return progressing('old replicas are pending termination');
    if (!fullyPromoted(status)) return progressing('waiting for all steps to complete');
  }
  return { phase: 'Healthy', message: '' };
}

function blueGreenPhase(
  strategy: { postPromotionAnalysis?: unknown },
  status: RolloutStatus,
): PhaseAndMessage {
  const active = status.blueGreen?.activeSelector ?? '';
  if (active === '' || active !== status.currentPodHash) return progressing('active service cutover pending');
  if (fullyPromoted(status)) return { phase: 'Healthy', message: '' };
  const run = status.blueGreen?.postPromotionAnalysisRunStatus;
  return strategy.postPromotionAnalysis !== undefined && (run === undefined || !isCompleted(run.status))
    ? progressing('waiting for analysis to complete')
    : progressing('waiting for post-promotion verification to complete');
}

/** A version that is not the stable one is on its way, or was aborted. */
export const isUpdate = (status: RolloutStatus): boolean =>
  stableHashOf(status) !== '' && !fullyPromoted(status);

export function fullyPromoted(status: RolloutStatus): boolean {
  const stable = stableHashOf(status);
  return stable !== '' && stable === status.currentPodHash;
}

/**
 * What a client shows: a phase that is older than the spec or than a command is not believed.
 * `templateFromRef`: the pod template came from the workload that the Rollout refers to.
 */
export function clientPhase(
  rollout: Pick<Rollout, 'spec' | 'status'> & {
    metadata?: { generation?: number; annotations?: Record<string, string> };
  },
  templateFromRef = false,
): PhaseAndMessage {
  const status = writtenStatus(rollout);
  if (!isObserved(status.observedGeneration, rollout.metadata?.generation ?? 0))
    return progressing('waiting for rollout spec update to be observed');
  if (status.controllerPause === true && pausesOf(status).length === 0)
    return progressing('waiting for rollout to unpause');
  if (templateFromRef) {
    const workload = rollout.metadata?.annotations?.['rollout.argoproj.io/workload-generation'];
    const observed = status.workloadObservedGeneration;
    if (isNumber(workload) && isNumber(observed) && Number(workload) !== Number(observed))
      return progressing('waiting for rollout spec update to be observed for the reference workload');
  }
  if (status.phase !== undefined && status.phase !== '')
    return { phase: status.phase as PhaseAndMessage['phase'], message: status.message ?? '' };
  return rolloutPhase(rollout.spec, status);
}

const isNumber = (text: string | undefined): text is string => text !== undefined && /^[+-]?\d+$/.test(text);

/** Only a smaller number is behind: a larger one comes from a restored backup, text from an older controller. */
export function isObserved(observed: number | string | undefined, generation: number): boolean {
  if (typeof observed === 'number') return observed >= generation;
  if (!isNumber(observed)) return true;
  return Number(observed) >= generation;
}
