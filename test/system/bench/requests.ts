/** What the controller asks of the API server, counted where it arrives: all HTTP requests to this process are its own. */

import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/** Requests so far, by `verb resource`; of watches only their beginning. */
export type Requests = ReadonlyMap<string, number>;

const VERBS: Readonly<Record<string, string>> = {
  POST: 'Create',
  PATCH: 'Patch',
  PUT: 'Update',
  DELETE: 'Delete',
};

const counts = new Map<string, number>();

subscribe('http.server.request.start', (message) => {
  const { method = '', url = '' } = (message as { request: IncomingMessage }).request;
  const what = `${VERBS[method] ?? (url.includes('watch=true') ? 'Watch' : 'Get')} ${resourceOf(url)}`;
  counts.set(what, (counts.get(what) ?? 0) + 1);
});

export const requestsSoFar = (): Requests => new Map(counts);

/** `/apis/apps/v1/namespaces/shop/replicasets/web`: `replicasets`. */
function resourceOf(url: string): string {
  const parts = (url.split('?')[0] ?? '').split('/').slice(1);
  const inGroup = parts.slice(parts[0] === 'api' ? 2 : 3);
  return (inGroup[0] === 'namespaces' && inGroup.length > 2 ? inGroup[2] : inGroup[0]) ?? '';
}

/** Requests between two looks, largest first. */
export function requestsBetween(before: Requests, after: Requests): [string, number][] {
  return [...after]
    .map(([what, count]): [string, number] => [what, count - (before.get(what) ?? 0)])
    .filter(([, count]) => count > 0)
    .toSorted((a, b) => b[1] - a[1]);
}
