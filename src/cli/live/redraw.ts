/** Draws again when something changed: not too often, and not too seldom. */

import type { Clock, Timer } from '../../kube/clock.ts';

export interface RedrawOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Least time between two frames, milliseconds. */
  readonly leastMs: number;
  /** Without any change, the next frame comes after so long: ages and time limits go on. */
  readonly mostMs: number;
  /** Tells of changes; answers with the way to stop it. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Draws, and says whether to go on. What it throws ends the drawing. */
  readonly frame: () => boolean;
}

/** Resolves when a frame was the last one or `signal` is aborted. */
export function redraw({ clock, signal, leastMs, mostMs, subscribe, frame }: RedrawOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: Timer | undefined;
    let drawnAt = Number.NEGATIVE_INFINITY;
    let over = false;
    let unsubscribe: (() => void) | undefined;
    const end = (settle: () => void): void => {
      over = true;
      timer?.cancel();
      unsubscribe?.();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => end(resolve);
    const arm = (delayMs: number): void => {
      timer?.cancel();
      timer = clock.setTimer(delayMs, draw);
    };
    const draw = (): void => {
      if (over) return;
      let goOn: boolean;
      try {
        goOn = frame();
      } catch (error) {
        end(() => reject(error as Error));
        return;
      }
      drawnAt = clock.monotonic();
      if (goOn) arm(mostMs);
      else end(resolve);
    };
    if (signal.aborted) {
      resolve();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    unsubscribe = subscribe(() => {
      if (!over) arm(Math.max(0, drawnAt + leastMs - clock.monotonic()));
    });
    draw();
  });
}
