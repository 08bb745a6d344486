/** After names have changed: whoever named an object by its old name gets the new one. */

import type { Json, JsonObject } from '../../../lang/json.ts';
import { isObject } from '../../../lang/json.ts';
import { RenderError } from '../../errors.ts';
import { asObject } from '../types.ts';
import { visitField, type FieldSpec } from './field-path.ts';
import { REFERENCES } from './reference-fields.ts';
import {
  currentId,
  describeId,
  effectiveNamespace,
  gvkOf,
  isClusterScoped,
  metadataOf,
  originalId,
  selectedBy,
  type Gvk,
  type Resource,
} from './resource.ts';

export function fixReferences(resources: readonly Resource[], where: string): void {
  const renamed = resources.filter((resource) => resource.previous.length > 0);
  for (const referrer of resources) {
    const reachable = reachableFrom(referrer, renamed);
    if (reachable.length === 0) continue;
    const original = originalId(referrer);
    for (const { target, fields } of REFERENCES) {
      for (const field of fields) {
        if (!selectedBy(original, field)) continue;
        visitField(
          referrer.object,
          { path: field.path },
          (value) => rewritten(value, { referrer, target, field, where, candidates: reachable }),
          gvkOf(referrer.object),
        );
      }
    }
  }
}

interface Search {
  readonly referrer: Resource;
  readonly target: Partial<Gvk>;
  readonly field: FieldSpec;
  readonly where: string;
  readonly candidates: readonly Resource[];
}

/** Cluster-scoped objects can name anything, and be named by anything; others only what is in their namespace. */
function reachableFrom(referrer: Resource, resources: readonly Resource[]): Resource[] {
  const id = currentId(referrer);
  if (isClusterScoped(id)) return [...resources];
  const subjects = Array.isArray(referrer.object['subjects']) ? referrer.object['subjects'] : [];
  const others = new Set(
    id.kind === 'RoleBinding' ? subjects.map((subject) => asObject(subject)?.['namespace']) : [],
  );
  return resources.filter((candidate) => {
    const other = currentId(candidate);
    return (
      isClusterScoped(other) ||
      effectiveNamespace(other) === effectiveNamespace(id) ||
      others.has(metadataOf(candidate.object)['namespace'])
    );
  });
}

function rewritten(value: Json | undefined, search: Search): Json | undefined {
  if (typeof value === 'string') {
    const referral = pick(value, search.candidates, search, (a, b) => nameOf(a) === nameOf(b));
    return referral === undefined ? value : nameOf(referral);
  }
  if (Array.isArray(value)) return value.map((item) => rewritten(item, search) ?? null);
  if (isObject(value)) {
    rewriteMapping(value, search);
    return value;
  }
  return value;
}

function rewriteMapping(value: JsonObject, search: Search): void {
  const name = value['name'];
  if (typeof name !== 'string') return;
  const namespace = value['namespace'];
  let candidates = search.candidates;
  if (typeof namespace === 'string') {
    const inOriginal = candidates.filter((candidate) => effectiveOriginal(candidate) === namespace);
    candidates =
      inOriginal.length > 0
        ? inOriginal
        : candidates.filter((candidate) => effectiveNamespace(currentId(candidate)) === namespace);
  }
  const referral = pick(
    name,
    candidates,
    search,
    (a, b) => nameOf(a) === nameOf(b) && namespaceOf(a) === namespaceOf(b),
  );
  if (referral === undefined) return;
  value['name'] = nameOf(referral);
  if (namespaceOf(referral) !== '') value['namespace'] = namespaceOf(referral);
}

const nameOf = (resource: Resource): string => currentId(resource).name;
const namespaceOf = (resource: Resource): string => currentId(resource).namespace;
const effectiveOriginal = (resource: Resource): string => effectiveNamespace(originalId(resource));

function pick(
  oldName: string,
  all: readonly Resource[],
  search: Search,
  alike: (a: Resource, b: Resource) => boolean,
): Resource | undefined {
  const { referrer, target, field } = search;
  const referrerId = currentId(referrer);
  const role = field.path.endsWith('roleRef/name') ? roleRef(referrer.object) : undefined;
  let candidates = all.filter(
    ({ previous, object }) =>
      previous.some((id) => id.name === oldName) &&
      previous.some((id) => selectedBy(id, target)) &&
      (role === undefined || previous.some((id) => selectedBy(id, role))) &&
      (isClusterScoped(referrerId) ||
        isClusterScoped(gvkOf(object)) ||
        object['kind'] === 'ServiceAccount' ||
        effectiveNamespace(currentId({ object } as Resource)) === effectiveNamespace(referrerId)),
  );
  if (candidates.length > 1) {
    candidates = candidates.filter((candidate) => sameContext(candidate, referrer, true));
    if (candidates.length > 1) {
      candidates = candidates.filter((candidate) => sameContext(candidate, referrer, false));
    }
  }
  const [first] = candidates;
  if (first === undefined || candidates.every((candidate) => alike(first, candidate))) return first;
  throw new RenderError(
    search.where,
    `${describeId(referrerId)} names "${oldName}" at ${field.path}, which could be ${candidates
      .map((candidate) => describeId(currentId(candidate)))
      .join(' or ')}`,
  );
}

function roleRef(object: JsonObject): Partial<Gvk> | undefined {
  const reference = asObject(object['roleRef']);
  const group = reference?.['apiGroup'];
  const kind = reference?.['kind'];
  return typeof group === 'string' && typeof kind === 'string' ? { group, kind } : undefined;
}

/** Both went through the same layers: their prefixes and suffixes end alike. */
function sameContext(a: Resource, b: Resource, emptyFitsAll: boolean): boolean {
  const fits = (x: readonly string[], y: readonly string[]): boolean =>
    (emptyFitsAll && (x.length === 0 || y.length === 0)) || endsAlike(x, y);
  return fits(a.prefixes, b.prefixes) && fits(a.suffixes, b.suffixes);
}

function endsAlike(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length === 0) return long.length === 0;
  return short.every((item, index) => item === long[long.length - short.length + index]);
}
