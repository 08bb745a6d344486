/** Names, labels and identity of AnalysisRuns (spec 05 section 9.1). Shared by Rollouts and Experiments. */

import { deepEqual } from '../../lang/json.ts';
import type { AnalysisRunSpec, AnalysisRunStatus } from './types.ts';
import { isCompleted } from './types.ts';
import { asWritten } from './written.ts';
import { uidOf } from '../rollout/replica-set.ts';

export const POD_TEMPLATE_HASH_LABEL = 'rollouts-pod-template-hash';
export const ROLLOUT_TYPE_LABEL = 'rollout-type';
const STEP_INDEX_LABEL = 'step-index';
export const INSTANCE_ID_LABEL = 'argo-rollouts.argoproj.io/controller-instance-id';
export const REVISION_ANNOTATION = 'rollout.argoproj.io/revision';
/** The attempt that started a run: the time of the last progress on record. A retry has another one. */
export const ATTEMPT_ANNOTATION = 'sluice.dev/attempt';

export type RolloutAnalysisType = 'Step' | 'Background' | 'PrePromotion' | 'PostPromotion';

interface Owner {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string | undefined;
    uid?: string | undefined;
    labels?: Readonly<Record<string, string>> | undefined;
  };
}

/** `<rollout>-<hash>-<revision>[-<infix>]`: the step index, `pre`, `post`, or nothing for background analysis. */
export function rolloutRunName(rollout: string, hash: string, revision: string | number, infix = ''): string {
  return `${rollout}-${hash}-${revision}${infix === '' ? '' : `-${infix}`}`;
}

/** The name to try when `base` is taken by another run; `attempt` counts from 1. */
export const collisionName = (base: string, attempt: number): string => `${base}.${attempt}`;

/** Later entries win: the selector's labels stand over everything, as Services and HPAs select by them. */
export function rolloutRunLabels(options: {
  rolloutLabels: Readonly<Record<string, string>> | undefined;
  hash: string;
  type: RolloutAnalysisType;
  stepIndex?: number | undefined;
  metadataLabels?: Readonly<Record<string, string>> | undefined;
  matchLabels?: Readonly<Record<string, string>> | undefined;
}): Record<string, string> {
  const instanceId = options.rolloutLabels?.[INSTANCE_ID_LABEL];
  return {
    [POD_TEMPLATE_HASH_LABEL]: options.hash,
    [ROLLOUT_TYPE_LABEL]: options.type,
    ...(options.type === 'Step' && options.stepIndex !== undefined
      ? { [STEP_INDEX_LABEL]: String(options.stepIndex) }
      : {}),
    ...(instanceId === undefined ? {} : { [INSTANCE_ID_LABEL]: instanceId }),
    ...options.metadataLabels,
    ...options.matchLabels,
  };
}

export interface AnalysisRunManifest {
  apiVersion: 'argoproj.io/v1alpha1';
  kind: 'AnalysisRun';
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences: {
      apiVersion: string;
      kind: string;
      name: string;
      uid: string;
      controller: true;
      blockOwnerDeletion: true;
    }[];
  };
  spec: AnalysisRunSpec;
  [field: string]: unknown;
}

/** The object to create. Owned by the Rollout or Experiment, so that it goes with it. */
export function newAnalysisRun(options: {
  name: string;
  owner: Owner;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: AnalysisRunSpec;
}): AnalysisRunManifest {
  const { owner } = options;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: {
      name: options.name,
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      labels: options.labels,
      annotations: options.annotations,
      ownerReferences: [
        {
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          name: owner.metadata.name,
          uid: uidOf(owner),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: asWritten(options.spec),
  };
}

/**
 * Whether a run that already has the wanted name is the one we mean: made by the same owner, and started by this very
 * attempt, which did not hear of it (the answer was lost, or the process crashed), or not finished and asking for the
 * same. That of this attempt stands also where a template was edited since: what it has found is not lost by that.
 * `spec` is undefined where none can be built now. Otherwise take the next `collisionName`. `terminate` is not compared, nor who wrote the run: us, or the reference
 * before us.
 */
export function isSameRun(
  existing: {
    metadata: {
      annotations?: Readonly<Record<string, string>> | undefined;
      ownerReferences?: readonly { uid: string; controller?: boolean | undefined }[] | undefined;
    };
    spec?: AnalysisRunSpec | undefined;
    status?: AnalysisRunStatus | undefined;
  },
  wanted: { ownerUid: string; spec: AnalysisRunSpec | undefined; attempt?: string | undefined },
): boolean {
  const owner = existing.metadata.ownerReferences?.find((ref) => ref.controller === true);
  if (owner?.uid !== wanted.ownerUid) return false;
  const attempt = existing.metadata.annotations?.[ATTEMPT_ANNOTATION];
  const ofThisAttempt = attempt !== undefined && attempt === wanted.attempt;
  if (ofThisAttempt) return true;
  if (wanted.spec === undefined || isCompleted(existing.status?.phase)) return false;
  const [there, here] = [asWritten(existing.spec ?? {}), asWritten(wanted.spec)];
  return (['metrics', 'args', 'dryRun', 'measurementRetention'] as const).every((field) =>
    deepEqual(there[field] ?? [], here[field] ?? []),
  );
}
