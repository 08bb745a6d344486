/** Keeps the pods of a new version off the nodes of the stable one (spec 02 section 12). */

import type { AntiAffinity } from '../../api/rollout-strategy.ts';
import type { Rollout } from '../../api/rollout.ts';
import type { Json, JsonObject } from '../../lang/json.ts';
import { isObject } from '../../lang/json.ts';
import { createMergePatch } from '../../lang/patch/merge.ts';
import { HASH_LABEL } from './names.ts';
import type { ReplicaSet } from './replica-set.ts';
import { injectedHashes } from './strip.ts';
import { strategyOf, stableHashOf, namespaceOf, writtenStatus } from './defaults.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** The affinity of the new version's pods: the user's own, and our term where an update is under way. */
function wantedAffinity(rollout: Rollout, hash: string): JsonObject | undefined {
  const { canary, blueGreen } = strategyOf(rollout);
  const setting: AntiAffinity | undefined = canary?.antiAffinity ?? blueGreen?.antiAffinity;
  const stable = stableHashOf(writtenStatus(rollout));
  const spec = rollout.spec.template?.['spec'];
  const own = isObject(spec) && isObject(spec['affinity']) ? spec['affinity'] : undefined;
  if (setting === undefined || stable === '' || stable === hash) return own;
  const term: JsonObject = {
    labelSelector: { matchExpressions: [{ key: HASH_LABEL, operator: 'In', values: [stable] }] },
    namespaces: [namespaceOf(rollout)],
    topologyKey: 'kubernetes.io/hostname',
  };
  const anti = isObject(own?.['podAntiAffinity']) ? own['podAntiAffinity'] : {};
  const added = (list: string, item: JsonObject): JsonObject => ({
    ...own,
    podAntiAffinity: { ...anti, [list]: [...listOf(anti[list]), item] },
  });
  const preferred = setting[PREFERRED];
  if (preferred !== undefined && preferred !== null)
    return added(PREFERRED, { podAffinityTerm: term, weight: preferred.weight });
  return setting[REQUIRED] === undefined ? own : added(REQUIRED, term);
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

/** The pod spec of a new ReplicaSet. */
export function withAntiAffinity(rollout: Rollout, hash: string, spec: JsonObject): JsonObject {
  const affinity = wantedAffinity(rollout, hash);
  return affinity === undefined ? spec : { ...spec, affinity };
}

/**
 * A merge patch of the pod spec of an existing ReplicaSet whose term names a version that is no longer the stable one.
 * Undefined where the term is right, and where there is none: running pods are not moved for it.
 */
export function antiAffinityPatch(rollout: Rollout, fresh: ReplicaSet, hash: string): JsonObject | undefined {
  const stable = stableHashOf(writtenStatus(rollout));
  if (stable === '' || stable === hash) return undefined;
  const { spec } = fresh.spec.template;
  const present = isObject(spec) && isObject(spec['affinity']) ? spec['affinity'] : undefined;
  if (present === undefined || injectedHashes(present).every((value) => value === stable)) return undefined;
  const wanted = wantedAffinity(rollout, hash);
  if (wanted === undefined) return { affinity: null };
  const patch = createMergePatch(present, wanted);
  return patch === undefined ? undefined : { affinity: patch };
}
