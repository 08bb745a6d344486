/**
 * What is worked out from an object that no longer changes is worked out once. Objects of a store and of a snapshot
 * are frozen all the way down (`deepFreeze`), and versions of an object share the parts that they have in common, so
 * identity stands for equality there. Of anything that isn't frozen nothing is kept. Pure as seen from outside.
 */
export function memoizeFrozen<K extends object, V>(compute: (value: K) => V): (value: K) => V {
  const known = new WeakMap<K, { readonly result: V }>();
  return (value) => {
    // Input from outside may be anything, and what is no object counts as frozen.
    if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return compute(value);
    let entry = known.get(value);
    if (entry === undefined) {
      entry = { result: compute(value) };
      known.set(value, entry);
    }
    return entry.result;
  };
}
