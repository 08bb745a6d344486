/** One watch: the history it missed, then every change, filtered; bookmarks and its end come from the clock. */

import type { Clock, Timer } from '../../kube/clock.ts';
import { apiVersionOf, type KubeObject, type WatchEvent } from '../../kube/api.ts';
import type { Resource } from './resource.ts';
import type { Selection } from './selection.ts';
import type { Change, Store } from './storage.ts';

export interface WatchSink {
  event(event: WatchEvent): void;
  /** The server closes the stream. */
  end(): void;
}

export interface SubscriptionOptions {
  allowWatchBookmarks: boolean;
  timeoutMs: number;
  /** Revision up to which the client knows everything. */
  from: number;
  /** State that is sent first, as ADDED. */
  initial: readonly KubeObject[] | undefined;
  /** Marks the end of `initial` with a bookmark. */
  markInitial: boolean;
  revision: () => number;
}

const BOOKMARK_MS = 60_000;
/** One more comes so long before the server closes the stream. */
const BEFORE_END_MS = 2000;

/** Starts it and returns what stops it. */
export function subscribe(
  clock: Clock,
  resource: Resource,
  store: Store,
  selection: Selection,
  options: SubscriptionOptions,
  sink: WatchSink,
): () => void {
  let open = true;
  const bookmark = (annotations?: Record<string, string>): void => {
    const metadata = {
      resourceVersion: String(options.revision()),
      ...(annotations === undefined ? {} : { annotations }),
    };
    sink.event({
      type: 'BOOKMARK',
      object: {
        apiVersion: apiVersionOf(resource.type),
        kind: resource.type.kind,
        metadata: metadata as KubeObject['metadata'],
      },
    });
  };
  const deliver = (change: Change): void => {
    const event = visible(change, selection);
    if (event !== undefined) sink.event(event);
  };
  for (const object of options.initial ?? []) sink.event({ type: 'ADDED', object });
  if (options.markInitial) bookmark({ 'k8s.io/initial-events-end': 'true' });
  if (options.initial === undefined) for (const change of store.since(options.from) ?? []) deliver(change);
  const unlisten = store.onChange(deliver);
  let bookmarks: Timer | undefined;
  const ends = clock.now() + options.timeoutMs;
  const armBookmark = (): void => {
    const left = ends - BEFORE_END_MS - clock.now();
    if (left <= 0) return;
    bookmarks = clock.setTimer(Math.min(BOOKMARK_MS, left), () => {
      if (options.revision() > options.from) bookmark();
      armBookmark();
    });
  };
  if (options.allowWatchBookmarks) armBookmark();
  const stop = (): void => {
    if (!open) return;
    open = false;
    unlisten();
    bookmarks?.cancel();
    end.cancel();
  };
  const end = clock.setTimer(options.timeoutMs, () => {
    stop();
    sink.end();
  });
  return stop;
}

/** What a watcher with this selection sees of a change: an object that stops matching is deleted for it. */
function visible(change: Change, selection: Selection): WatchEvent | undefined {
  const { object, before } = change;
  const matched = before !== undefined && selection.matches(before);
  const matches = change.type !== 'DELETED' && selection.matches(object);
  if (matches) return { type: matched ? 'MODIFIED' : 'ADDED', object };
  if (!matched || before === undefined) return undefined;
  if (change.type === 'DELETED') return { type: 'DELETED', object };
  // Left the selection: the last state that matched, at the revision of the change.
  return {
    type: 'DELETED',
    object: { ...before, metadata: { ...before.metadata, resourceVersion: String(change.revision) } },
  };
}
