/** Takes out of a live pod template what the controller put in (spec 02 section 3). */

import type { Json, JsonObject } from '../../lang/json.ts';
import { isObject, objectOf } from '../../lang/json.ts';
import { EPHEMERAL_METADATA, HASH_LABEL } from './names.ts';
import type { ReplicaSet } from './replica-set.ts';

/** The template without injected metadata and without injected anti-affinity terms. */
export function ownTemplate(rs: ReplicaSet): JsonObject {
  return withoutInjectedAffinity(withoutEphemeralMetadata(rs));
}

function withoutEphemeralMetadata(rs: ReplicaSet): JsonObject {
  const { template } = rs.spec;
  const recorded = parse(rs.metadata.annotations?.[EPHEMERAL_METADATA]);
  const metadata = template['metadata'];
  if (recorded === undefined || !isObject(metadata)) return template;
  const strip = (field: 'labels' | 'annotations'): JsonObject => {
    const map = metadata[field];
    const injected = recorded[field];
    if (!isObject(map) || !isObject(injected)) return {};
    return {
      [field]: Object.fromEntries(Object.entries(map).filter(([key]) => !Object.hasOwn(injected, key))),
    };
  };
  return { ...template, metadata: { ...metadata, ...strip('labels'), ...strip('annotations') } };
}

function parse(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // someone else's annotation: nothing that we know of was injected
  }
}

const TERM_LISTS = [
  'preferredDuringSchedulingIgnoredDuringExecution',
  'requiredDuringSchedulingIgnoredDuringExecution',
];

function withoutInjectedAffinity(template: JsonObject): JsonObject {
  const spec = objectOf(template['spec']);
  const affinity = objectOf(spec['affinity']);
  const anti = objectOf(affinity['podAntiAffinity']);
  const kept: JsonObject = { ...anti };
  let changed = false;
  for (const list of TERM_LISTS) {
    const terms = anti[list];
    if (!Array.isArray(terms)) continue;
    const own = terms.filter((term) => !namesHash(term));
    if (own.length === terms.length) continue;
    changed = true;
    if (own.length > 0) kept[list] = own;
    else delete kept[list];
  }
  if (!changed) return template;
  const { podAntiAffinity: _, ...others } = affinity;
  const left: JsonObject = Object.keys(kept).length > 0 ? { ...others, podAntiAffinity: kept } : others;
  const { affinity: __, ...rest } = spec;
  return { ...template, spec: Object.keys(left).length > 0 ? { ...rest, affinity: left } : rest };
}

/** The versions that injected terms of an affinity keep away from. */
export function injectedHashes(affinity: JsonObject): Json[] {
  const anti = objectOf(affinity['podAntiAffinity']);
  return TERM_LISTS.flatMap((list) => (Array.isArray(anti[list]) ? anti[list] : [])).flatMap((term) =>
    hashExpressions(term).flatMap(({ values }) => (Array.isArray(values) ? values : [])),
  );
}

/** Recognised by the hash label in a match expression, in a term or a weighted term. */
const namesHash = (term: Json): boolean => hashExpressions(term).length > 0;

function hashExpressions(term: Json): JsonObject[] {
  const own = objectOf(term);
  const inner = isObject(own['podAffinityTerm']) ? own['podAffinityTerm'] : own;
  const expressions = objectOf(inner['labelSelector'])['matchExpressions'];
  if (!Array.isArray(expressions)) return [];
  return expressions.filter((e): e is JsonObject => isObject(e) && e['key'] === HASH_LABEL);
}
