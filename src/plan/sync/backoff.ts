/** When a failed sync is tried again, and how soon drift is healed again. Spec 11 sections 1 and 2. */

import type { RetryStrategy } from '../../api/application.ts';
import { parseDuration } from '../../lang/duration.ts';

/** Automated syncs are tried again five times where the Application says nothing. */
export const DEFAULT_AUTOMATED_LIMIT = 5;

function duration(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  try {
    return Math.max(parseDuration(/^\d+$/.test(text) ? `${text}s` : text), 0);
  } catch {
    return otherwise;
  }
}

/** Milliseconds to wait before retry number `retry` (1 is the first). */
export function retryDelay(strategy: RetryStrategy | undefined, retry: number): number {
  const base = duration(strategy?.backoff?.duration, 5_000);
  const factor = Math.max(strategy?.backoff?.factor ?? 2, 1);
  const longest = duration(strategy?.backoff?.maxDuration, 180_000);
  return Math.min(base * factor ** Math.max(retry - 1, 0), longest);
}

/** -1 is without end. */
export const mayRetry = (limit: number, retriesSoFar: number): boolean => limit < 0 || retriesSoFar < limit;

const HEAL_BASE_MS = 2_000;
const HEAL_FACTOR = 3;
const HEAL_LONGEST_MS = 300_000;
/** After so long without a heal the count starts anew. */
export const HEAL_COOLDOWN_MS = 330_000;

/** The first heal is at once; after n heals in a row: 2 s, 6 s, 18 s, ... 300 s. */
export function healDelay(healsInARow: number): number {
  return healsInARow <= 0 ? 0 : Math.min(HEAL_BASE_MS * HEAL_FACTOR ** (healsInARow - 1), HEAL_LONGEST_MS);
}
