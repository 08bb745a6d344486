/**
 * List and watch of one type as one async generator. Pulling it drives a small state machine:
 *
 *   empty ──list──► listing ──last page──► watching ──410, relist due, no progress──► empty
 *                     │ └─410 on continue──► empty                │
 *                     └─failure: same page again                  └─end, failure: watch again from the last version
 *
 * A failure is yielded, not thrown: pulling again tries again. `withBackoff` puts the waiting between. The
 * consumer sees every change in the order of the server; after `synced` everything that was not listed since
 * `restarted` is gone.
 */

import { linkedAbort } from './abort.ts';
import type { KubeApi, KubeObject, ResourceType } from './api.ts';
import { ApiUnreachable, isGone } from './api.ts';
import { Backoff } from './backoff.ts';
import { type Clock, sleep } from './clock.ts';

export type WatchStep =
  /** A full list begins. */
  | { type: 'restarted' }
  | { type: 'page'; objects: readonly KubeObject[] }
  /** The list is complete, as of `resourceVersion`. */
  | { type: 'synced'; resourceVersion: string }
  | { type: 'applied' | 'deleted'; object: KubeObject }
  /**
   * Nothing is lost: the next pull tries again. `livedMs`: how long the stream had been up; `opened`: the server had
   * taken it on. `quiet`: nothing was heard
   * for the idle limit, which a half-open connection looks like, and also a cluster where nothing has changed since the
   * watch began: the server sends no bookmark before something has.
   */
  | {
      type: 'failed';
      error: unknown;
      during: 'list' | 'watch';
      livedMs: number;
      opened?: boolean;
      quiet?: boolean;
    };

export interface WatchMachineOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly pageSize?: number | undefined;
  /** After so long a full list repairs what a watch may have missed. Absent: only when the server asks for it. */
  readonly relistAfterMs?: number | undefined;
}

type State =
  { mode: 'empty' } | { mode: 'listing'; continue: string } | { mode: 'watching'; resourceVersion: string };

const PAGE_SIZE = 500;
/** A stream that ends sooner, with nothing in it, counts as a failure: else a broken proxy would be polled. */
const SHORT_LIFE_MS = 1_000;
/** So many failures at one resourceVersion without any progress, and only a new list can help. */
const STUCK_AFTER = 3;
/** From the second 410 in one listing the server can't hold a page token long enough: list in one piece. */
const UNPAGED_AFTER = 2;

export async function* watchSteps(
  api: KubeApi,
  type: ResourceType,
  options: WatchMachineOptions,
): AsyncGenerator<WatchStep, void, void> {
  const { clock, random, signal } = options;
  const scope = {
    namespace: options.namespace,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
  };
  let state: State = { mode: 'empty' };
  let listedAt = clock.monotonic();
  let expiredPages = 0;
  let expiredWatches = 0;
  let stuck = 0;

  while (!signal.aborted) {
    if (state.mode !== 'watching') {
      const token: string | undefined = state.mode === 'listing' ? state.continue : undefined;
      if (token === undefined) {
        yield { type: 'restarted' };
        listedAt = clock.monotonic();
      }
      try {
        const limit = expiredPages < UNPAGED_AFTER ? (options.pageSize ?? PAGE_SIZE) : undefined;
        const page = await api.list(type, { ...scope, limit, continue: token, signal });
        yield { type: 'page', objects: page.items };
        if (page.continue !== undefined && page.continue !== '') {
          state = { mode: 'listing', continue: page.continue };
          continue;
        }
        expiredPages = 0;
        stuck = 0;
        state = { mode: 'watching', resourceVersion: page.resourceVersion };
        yield { type: 'synced', resourceVersion: page.resourceVersion };
      } catch (error) {
        if (signal.aborted) return;
        if (isGone(error) && token !== undefined) {
          state = { mode: 'empty' };
          expiredPages += 1;
          if (expiredPages <= UNPAGED_AFTER) continue;
        }
        yield { type: 'failed', error, during: 'list', livedMs: 0 };
      }
      continue;
    }

    const openedAt = clock.monotonic();
    const idleMs = 70_000 + 20_000 * random();
    const stream = linkedAbort(signal);
    let heardAt = openedAt;
    const onIdle = (): void => {
      const left = heardAt + idleMs - clock.monotonic();
      if (left > 0) idle = clock.setTimer(left, onIdle);
      else
        stream.abort(
          new ApiUnreachable(`watch of ${type.plural}: nothing heard for ${Math.round(idleMs)} ms`),
        );
    };
    let idle = clock.setTimer(idleMs, onIdle);
    let opened = false;
    let progress = false;
    let failure: unknown;
    try {
      const events = api.watch(type, {
        ...scope,
        resourceVersion: state.resourceVersion,
        allowWatchBookmarks: true,
        timeoutSeconds: 240 + Math.floor(61 * random()),
        idleTimeoutMs: idleMs,
        signal: stream.signal,
        onOpen: () => (opened = true),
      });
      for await (const event of events) {
        heardAt = clock.monotonic();
        const version: string | undefined = event.object?.metadata?.resourceVersion;
        if (version === undefined || version === '') {
          throw new ApiUnreachable(`watch of ${type.plural}: an event without metadata.resourceVersion`);
        }
        progress = true;
        state = { mode: 'watching', resourceVersion: version };
        if (event.type === 'BOOKMARK') continue;
        yield { type: event.type === 'DELETED' ? 'deleted' : 'applied', object: event.object };
      }
    } catch (error) {
      failure = error;
    } finally {
      idle.cancel();
      stream.unlink();
      stream.abort();
    }
    if (signal.aborted) return;

    const livedMs = clock.monotonic() - openedAt;
    if (progress) {
      stuck = 0;
      expiredWatches = 0;
    }
    if (isGone(failure)) {
      // Once is the ordinary course of things; again at once means that lists come from a lagging replica.
      state = { mode: 'empty' };
      expiredWatches += 1;
      if (expiredWatches > 1) yield { type: 'failed', error: failure, during: 'watch', livedMs };
    } else if (failure !== undefined) {
      if (!progress) stuck += 1;
      if (stuck >= STUCK_AFTER && livedMs < SHORT_LIFE_MS) state = { mode: 'empty' };
      const quiet = clock.monotonic() - heardAt >= idleMs;
      yield { type: 'failed', error: failure, during: 'watch', livedMs, opened, quiet };
    } else if (!progress && livedMs < SHORT_LIFE_MS) {
      const error = new ApiUnreachable(`watch of ${type.plural}: the server closed the stream at once`);
      yield { type: 'failed', error, during: 'watch', livedMs };
    }
    const due = options.relistAfterMs !== undefined && clock.monotonic() - listedAt >= options.relistAfterMs;
    if (due) state = { mode: 'empty' };
  }
}

export interface BackoffOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onFailure?:
    ((step: Extract<WatchStep, { type: 'failed' }>, retryInMs: number) => void) | undefined;
  /** A delay of the caller's choice for this failure; undefined leaves it to the back-off. */
  readonly delayFor?: ((error: unknown) => number | undefined) | undefined;
}

/** A stream that was up for so long was healthy. */
const HEALTHY_MS = 60_000;

/**
 * Waits after each failure: 0.8 s doubling to 30 s, with jitter. A stream that had been up for a minute resets
 * it; one that had been up for a second leaves it as it is and waits 0.8 s, so that a network that cuts every
 * stream after some seconds delays events by less than a second, while a server that is down is left alone. One that
 * the server took on and that was cut at once waits 3 s at most.
 */
export async function* withBackoff(
  steps: AsyncIterable<WatchStep>,
  options: BackoffOptions,
): AsyncGenerator<WatchStep, void, void> {
  const { clock, signal, random } = options;
  const backoff = new Backoff({ baseMs: 800, maxMs: 30_000, random });
  const cut = new Backoff({ baseMs: 800, maxMs: 3_000, random });
  let syncedAt: number | undefined;
  for await (const step of steps) {
    yield step;
    if (step.type === 'synced') syncedAt = clock.monotonic();
    if (step.type !== 'failed') continue;
    const healthy =
      step.livedMs >= HEALTHY_MS ||
      (syncedAt !== undefined && step.during === 'list' && clock.monotonic() - syncedAt >= HEALTHY_MS);
    if (healthy) backoff.reset();
    syncedAt = undefined;
    const own = (): number => {
      if (step.livedMs >= SHORT_LIFE_MS) {
        cut.reset();
        return backoff.hold();
      }
      return step.opened === true ? cut.next() : backoff.next();
    };
    const delay = options.delayFor?.(step.error) ?? own();
    options.onFailure?.(step, delay);
    try {
      await sleep(clock, delay, signal);
    } catch {
      return;
    }
  }
}
