/**
 * Time as a dependency. Everything in `kube`, `control`, `routers` and `providers` that waits or asks
 * what time it is does so through a `Clock`, so that the whole controller also runs on virtual time.
 */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock in milliseconds since the Unix epoch. May jump. */
  now(): number;
  /** Milliseconds that never go backwards; for expiry of leases, idle limits and back-off. */
  monotonic(): number;
  /** Runs `task` once after `delayMs`. Never keeps the process alive by itself. */
  setTimer(delayMs: number, task: () => void): Timer;
}

/** setTimeout holds at most 2^31-1 ms; longer timers are armed again in pieces. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, task) {
    let handle: NodeJS.Timeout;
    const arm = (left: number): void => {
      const piece = Math.min(Math.max(left, 0), MAX_TIMEOUT_MS);
      handle = setTimeout(() => (left > piece ? arm(left - piece) : task()), piece);
      handle.unref();
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs` on `clock`; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
