/** SIGINT, SIGTERM and SIGHUP as one abort. */

/**
 * Ctrl-C reaches the whole foreground group, and the launcher passes it on as well: within this time a second signal
 * is the same one.
 */
const SAME_MS = 1000;

/** A first signal aborts, so that everything ends in order. One more, later: the process ends at once with `code`. */
export function abortOnSignals(code: number, told?: (signal: string) => void): AbortSignal {
  const stop = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) {
        first = performance.now();
        told?.(signal);
        stop.abort(new Error(`got ${signal}`));
      } else if (performance.now() - first > SAME_MS) process.exit(code);
    });
  }
  return stop.signal;
}
