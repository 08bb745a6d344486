/** What measurements record of their evidence, taken out again: for comparison with the reference, which has none. */
export function withoutEvidence<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), function (this: unknown, key, item: unknown) {
    if (key !== 'metadata' || typeof item !== 'object' || item === null) return item;
    if (!('phase' in (this as object))) return item;
    const kept = Object.entries(item).filter(([name]) => !name.startsWith('sluice.dev/'));
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }) as T;
}
