/** An abort signal with a time limit on a given clock. */

import type { Clock } from '../../kube/clock.ts';

export interface Deadline {
  /** Aborted by the outer signal, by the time, or by `end`. */
  readonly signal: AbortSignal;
  end(): void;
}

/** `timeoutMs` of 0 is no limit. */
export function deadline(clock: Clock, outer: AbortSignal, timeoutMs: number): Deadline {
  const controller = new AbortController();
  const stop = (): void => controller.abort(outer.reason);
  if (outer.aborted) stop();
  outer.addEventListener('abort', stop, { once: true });
  const timer = timeoutMs > 0 ? clock.setTimer(timeoutMs, () => controller.abort()) : undefined;
  return {
    signal: controller.signal,
    end: () => {
      timer?.cancel();
      outer.removeEventListener('abort', stop);
      controller.abort();
    },
  };
}
