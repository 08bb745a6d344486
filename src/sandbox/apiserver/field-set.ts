/**
 * Sets of field paths, held in the very form in which `managedFields` stores them (FieldsV1): a tree whose keys
 * are path elements (`f:name`, `k:{"name":"a"}`, `v:"x"`). A node is a member of the set when it is empty or has
 * the key `.`. Trees are never changed in place, so that they can be shared between revisions of an object.
 */

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** The set without any path. (As a child, the same shape means: a member without members below it.) */
export const EMPTY_SET: FieldSet = Object.freeze({});
const LEAF: FieldSet = EMPTY_SET;
const SELF = '.';

export const isEmptySet = (set: FieldSet): boolean => {
  for (const _ in set) return false;
  return true;
};

const isMember = (node: FieldSet): boolean => Object.hasOwn(node, SELF) || isEmptySet(node);

/** A child node, or undefined where neither it nor anything below it is a member. */
function node(member: boolean, children: Record<string, FieldSet>): FieldSet | undefined {
  let any = false;
  for (const _ in children) {
    any = true;
    break;
  }
  if (!any) return member ? LEAF : undefined;
  return member ? { [SELF]: LEAF, ...children } : children;
}

const hasBelow = (set: FieldSet, key: string): boolean => key !== SELF && Object.hasOwn(set, key);

/** Elements of a set in the canonical order. */
const sorted = (children: Record<string, FieldSet>): Record<string, FieldSet> => {
  const keys = Object.keys(children);
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i - 1] as string) > (keys[i] as string)) {
      const out: Record<string, FieldSet> = {};
      for (const key of keys.sort()) out[key] = children[key] as FieldSet;
      return out;
    }
  }
  return children;
};

export function unionSets(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  if (isEmptySet(a)) return b;
  const out: Record<string, FieldSet> = {};
  let changed = false;
  for (const key in a) if (key !== SELF) out[key] = a[key] as FieldSet;
  for (const key in b) {
    if (key === SELF) continue;
    const left = out[key];
    const right = b[key] as FieldSet;
    const joined = left === undefined ? right : unionNodes(left, right);
    if (joined !== left) {
      out[key] = joined;
      changed = true;
    }
  }
  return changed ? sorted(out) : a;
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const children = unionSets(withoutSelf(a), withoutSelf(b));
  const member = isMember(a) || isMember(b);
  if (children === a && isMember(a) === member) return a;
  return node(member, children as Record<string, FieldSet>) as FieldSet;
}

function withoutSelf(set: FieldSet): FieldSet {
  if (!Object.hasOwn(set, SELF)) return set;
  const { [SELF]: _, ...rest } = set;
  return rest;
}

/** Paths of `a` that are not in `b`. */
export function differenceSets(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return a;
  const out: Record<string, FieldSet> = {};
  let changed = false;
  for (const key in a) {
    if (key === SELF) continue;
    const left = a[key] as FieldSet;
    if (!hasBelow(b, key)) {
      out[key] = left;
      continue;
    }
    const right = b[key] as FieldSet;
    const children = differenceSets(withoutSelf(left), withoutSelf(right));
    const rest = node(isMember(left) && !isMember(right), children as Record<string, FieldSet>);
    if (rest !== undefined) out[key] = rest;
    changed = true;
  }
  return changed ? out : a;
}

/** Paths of `a` that are in `b`. */
export function intersectSets(a: FieldSet, b: FieldSet): FieldSet {
  const out: Record<string, FieldSet> = {};
  for (const key in a) {
    if (!hasBelow(b, key)) continue;
    const left = a[key] as FieldSet;
    const right = b[key] as FieldSet;
    const children = intersectSets(withoutSelf(left), withoutSelf(right));
    const both = node(isMember(left) && isMember(right), children as Record<string, FieldSet>);
    if (both !== undefined) out[key] = both;
  }
  return out;
}

/** Takes these paths and everything below them out. */
export function excludePaths(set: FieldSet, prefixes: FieldSet): FieldSet {
  if (isEmptySet(set)) return set;
  const out: Record<string, FieldSet> = {};
  let changed = false;
  for (const key in set) {
    if (!hasBelow(prefixes, key)) {
      out[key] = set[key] as FieldSet;
      continue;
    }
    changed = true;
    const prefix = prefixes[key] as FieldSet;
    if (isMember(prefix)) continue;
    const left = set[key] as FieldSet;
    const rest = node(isMember(left), excludePaths(withoutSelf(left), prefix) as Record<string, FieldSet>);
    if (rest !== undefined) out[key] = rest;
  }
  return changed ? out : set;
}

export const childSet = (set: FieldSet, key: string): FieldSet | undefined =>
  hasBelow(set, key) ? withoutSelf(set[key] as FieldSet) : undefined;

export const hasMember = (set: FieldSet, key: string): boolean =>
  hasBelow(set, key) && isMember(set[key] as FieldSet);

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const key in a) {
    if (key === SELF) continue;
    count++;
    if (!hasBelow(b, key)) return false;
    const left = a[key] as FieldSet;
    const right = b[key] as FieldSet;
    if (isMember(left) !== isMember(right) || !equalSets(left, right)) return false;
  }
  for (const key in b) if (key !== SELF) count--;
  return count === 0;
}

/** Every member's path, as elements. */
export function pathsOf(set: FieldSet): string[][] {
  const paths: string[][] = [];
  const visit = (below: FieldSet, path: string[]): void => {
    for (const key of Object.keys(below).sort()) {
      if (key === SELF) continue;
      const child = below[key] as FieldSet;
      const here = [...path, key];
      if (isMember(child)) paths.push(here);
      visit(child, here);
    }
  };
  visit(set, []);
  return paths;
}

/** `.spec.containers[name="app"].image`, as conflict messages print paths. */
export function formatPath(path: readonly string[]): string {
  return path
    .map((element) => {
      const content = element.slice(2);
      if (element.startsWith('f:')) return `.${content}`;
      if (element.startsWith('v:')) return `[=${content}]`;
      if (element.startsWith('k:')) {
        const keys = Object.entries(JSON.parse(content) as Record<string, unknown>);
        return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
      }
      return `[${content}]`;
    })
    .join('');
}

interface BuilderNode {
  member: boolean;
  children: Map<string, BuilderNode> | undefined;
}

/** Collects paths, then gives the set. The path passed to `add` may be changed afterwards. */
export class FieldSetBuilder {
  readonly #root: BuilderNode = { member: false, children: undefined };

  add(path: readonly string[]): void {
    let at = this.#root;
    for (const element of path) {
      at.children ??= new Map();
      let next = at.children.get(element);
      if (next === undefined) {
        next = { member: false, children: undefined };
        at.children.set(element, next);
      }
      at = next;
    }
    at.member = true;
  }

  build(): FieldSet {
    return below(this.#root) as FieldSet;
  }
}

function below(from: BuilderNode): Record<string, FieldSet> {
  const out: Record<string, FieldSet> = {};
  if (from.children === undefined) return out;
  const keys = [...from.children.keys()];
  for (const key of keys.length > 1 ? keys.sort() : keys) {
    const child = from.children.get(key) as BuilderNode;
    const built = node(child.member, below(child));
    if (built !== undefined) out[key] = built;
  }
  return out;
}

/** A set of the given dotted struct paths: `metadata.name`. */
export function setOf(...paths: string[]): FieldSet {
  const builder = new FieldSetBuilder();
  for (const path of paths) builder.add(path.split('.').map((part) => `f:${part}`));
  return builder.build();
}

/** FieldsV1 from outside: anything but nested objects is refused. Depth is bounded. */
export function isFieldSet(value: unknown, depth = 0): value is FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > 64) return false;
  return Object.entries(value).every(
    ([key, child]) => (key === SELF || /^[fkvi]:/.test(key)) && isFieldSet(child, depth + 1),
  );
}
