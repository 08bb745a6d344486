/** From a URL path to what it names. */

export interface Target {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Undefined where the path names no resource. Parts are decoded already. */
export function targetOf(parts: readonly string[]): Target | undefined {
  const [root] = parts;
  const rest = root === 'api' ? parts.slice(1) : parts.slice(2);
  const group = root === 'api' ? '' : (parts[1] ?? '');
  if ((root !== 'api' && root !== 'apis') || (root === 'apis' && group === '')) return undefined;
  const [version, first, second, third, fourth, fifth, ...more] = rest;
  if (version === undefined || first === undefined || more.length > 0) return undefined;
  const scoped =
    first === 'namespaces' &&
    third !== undefined &&
    !(root === 'api' && fourth === undefined && NAMESPACE_SUBRESOURCES.has(third));
  if (scoped) {
    return { group, version, plural: third, namespace: second, name: fourth, subresource: fifth };
  }
  if (fourth !== undefined) return undefined;
  return { group, version, plural: first, namespace: undefined, name: second, subresource: third };
}
