/**
 * resourceVersions are opaque by contract, but every API server that keeps them in etcd hands out decimal
 * revisions that grow, over all objects of a type. Where both are decimal we may ask which is newer; elsewhere
 * the caller has to take what came last.
 */

const DECIMAL = /^[0-9]+$/;

/** Negative: `a` is older; 0: the same; positive: `a` is newer; undefined: can't be told. */
export function compareResourceVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return 0;
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return undefined;
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** True only where it is certain that `candidate` is older than `current`. */
export function isOlder(candidate: string | undefined, current: string | undefined): boolean {
  const order = compareResourceVersions(candidate, current);
  return order !== undefined && order < 0;
}
