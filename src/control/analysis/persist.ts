/** Asks an API server until it answers: that it is down or busy says nothing about a release, and must not decide it. */

import { ApiError } from '../../kube/api.ts';
import { sleep } from '../../kube/clock.ts';
import type { Clock } from '../../kube/clock.ts';

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 15_000;

/**
 * Gives the first answer. Throws the `ApiError` that asking again would not change, or the reason of `signal`. `work`
 * may run several times, also after an attempt that was applied without an answer.
 */
export async function persist<T>(work: () => Promise<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (isFinal(error)) throw error;
      await sleep(clock, waitMs, signal);
    }
  }
}

/** The request itself is at fault: not there, not allowed, not valid. */
function isFinal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code >= 400 && error.code < 500 && error.code !== 429;
}
