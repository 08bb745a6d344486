/**
 * `spec.workloadRef`: pod template and selector of another object (spec 01 section 4). Resolved in memory only; what
 * follows decides on a Rollout that has its own template like any other.
 */

import type { Rollout, RolloutStatus } from '../../api/rollout.ts';
import type { JsonObject } from '../../lang/json.ts';
import { deepFreeze, isObject, objectOf } from '../../lang/json.ts';
import type { Draft } from './intents.ts';
import { WORKLOAD_GENERATION } from './names.ts';

/** The referenced object, or in words why there is none. */
export type WorkloadView = ResolvedWorkload | { readonly error: string };

export interface ResolvedWorkload {
  readonly kind: string;
  readonly name: string;
  readonly generation: number;
  readonly template: JsonObject;
  /** Of a PodTemplate there is none. */
  readonly selector: JsonObject | undefined;
  /** Pods that it asks for by itself. */
  readonly replicas: number;
  /** As the user wrote it; anything but `onsuccess` and `progressively` means never. */
  readonly scaleDown: string | undefined;
}

/** Where the template of each supported kind stands. */
export function workloadTemplate(object: { kind: string; spec?: unknown; template?: unknown }): {
  template: JsonObject;
  selector: JsonObject | undefined;
  replicas: number;
} {
  const spec = objectOf(object.spec);
  const template = object.kind === 'PodTemplate' ? object.template : spec['template'];
  const { selector, replicas } = spec;
  return {
    template: objectOf(template),
    selector: isObject(selector) ? selector : undefined,
    replicas: object.kind === 'PodTemplate' || typeof replicas !== 'number' ? 0 : replicas,
  };
}

/** A template of its own beside the reference is a mistake that validation names. */
export function refersToWorkload(rollout: Rollout): boolean {
  const { workloadRef, template } = rollout.spec;
  const metadata = objectOf(template?.['metadata']);
  const given = ['labels', 'annotations'].some((field) => {
    const map = metadata[field];
    return isObject(map) && Object.keys(map).length > 0;
  });
  return workloadRef !== undefined && !given;
}

/** The Rollout with the template in its place, and the generation that it was read at among its annotations. */
export function withWorkload(rollout: Rollout, workload: ResolvedWorkload): Rollout {
  return Object.freeze({
    ...rollout,
    metadata: {
      ...rollout.metadata,
      annotations: { ...rollout.metadata.annotations, [WORKLOAD_GENERATION]: String(workload.generation) },
    },
    spec: resolvedSpec(rollout.spec, workload),
  });
}

/** The last one made of each spec: as long as nothing changes it stays the same value, and what is known about it holds. */
const resolved = new WeakMap<
  Rollout['spec'],
  { readonly workload: Pick<ResolvedWorkload, 'template' | 'selector'>; readonly spec: Rollout['spec'] }
>();

function resolvedSpec(whole: Rollout['spec'], workload: ResolvedWorkload): Rollout['spec'] {
  const known = resolved.get(whole);
  if (known?.workload.template === workload.template && known.workload.selector === workload.selector)
    return known.spec;
  const { workloadRef: _, ...spec } = whole;
  const selector = (spec.selector ?? workload.selector) as Rollout['spec']['selector'];
  const made: Rollout['spec'] = {
    ...spec,
    template: workload.template as Exclude<Rollout['spec']['template'], undefined>,
    ...(selector === undefined ? {} : { selector }),
  };
  const isFixed = [whole, workload.template, workload.selector].every((part) => Object.isFrozen(part));
  if (isFixed) resolved.set(whole, { workload, spec: deepFreeze(made) });
  return made;
}

export interface WorkloadFacts {
  readonly workload: WorkloadView | undefined;
  /** As stored, before anything was resolved. */
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly old: RolloutStatus;
  readonly replicas: number;
  readonly revision: number;
  /** Pods of the Rollout that are available now. */
  readonly available: number;
  readonly promoted: boolean;
  readonly now: number;
  readonly draft: Draft;
}

/** Records the generation, and takes down the pods of a Deployment that the Rollout replaces. Gives the status field. */
export function planWorkload(facts: WorkloadFacts): string | undefined {
  const { workload, draft, annotations, now } = facts;
  if (workload === undefined || 'error' in workload) return undefined;
  const generation = String(workload.generation);
  if (annotations?.[WORKLOAD_GENERATION] !== generation) {
    // Both would carry the same version of the Rollout, and one of them would fail.
    if (draft.intents.some((intent) => intent.kind === 'patchRolloutMeta')) {
      draft.lookAgainAt(now);
      return facts.old.workloadObservedGeneration;
    }
    draft.intend({
      kind: 'patchRolloutMeta',
      key: 'rollout/workload',
      wave: 'objects',
      patch: 'workload',
      generation,
    });
  }
  const size = workloadSize(facts, workload);
  if (size !== undefined && size < workload.replicas) {
    draft.intend({
      kind: 'scaleWorkload',
      key: `workload/${workload.name}`,
      wave: 'cleanup',
      name: workload.name,
      replicas: size,
    });
    draft.note('workload.scale', `Deployment ${workload.name}: ${workload.replicas} to ${size}`);
  }
  return generation;
}

/** Only while the first version takes over, and only down: pods of the Deployment go as those of the Rollout serve. */
function workloadSize(facts: WorkloadFacts, workload: ResolvedWorkload): number | undefined {
  const { old, replicas, available } = facts;
  if (workload.kind !== 'Deployment' || facts.revision !== 1) return undefined;
  const { scaleDown } = workload;
  if (scaleDown !== 'onsuccess' && scaleDown !== 'progressively') return undefined;
  if (old.phase === 'Healthy' && facts.promoted && available >= replicas) return 0;
  return scaleDown === 'progressively' && available > 0 ? Math.max(0, replicas - available) : undefined;
}
