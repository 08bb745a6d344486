/** Where a basic canary wants to arrive for a weight (spec 03 section 3.2). */

export interface Sizes {
  readonly canary: number;
  readonly stable: number;
}

/**
 * The split of `replicas` (or, with surge, of one more) whose share of canary pods comes nearest to `weight` of
 * `maxWeight`. No version gets 0 pods while its share is above 0, except on a single replica without surge.
 */
export function targetSplit(replicas: number, weight: number, maxWeight: number, surge: number): Sizes {
  if (replicas === 0) return { canary: 0, stable: 0 };
  const exact = (replicas * weight) / maxWeight;
  const up = Math.ceil(exact);
  const down = Math.floor(exact);
  const zeroAllowed = weight === maxWeight || weight === 0 || (replicas === 1 && surge === 0);
  const halfway = (total: number): boolean => ((2 * total * weight) / maxWeight) % 2 === 1;

  const candidates: { canary: number; total: number }[] = [];
  if (up < replicas || zeroAllowed) candidates.push({ canary: up, total: replicas });
  if (!halfway(replicas) && (down !== 0 || zeroAllowed)) candidates.push({ canary: down, total: replicas });
  if (surge > 0) {
    candidates.push({ canary: up, total: replicas + 1 });
    if (!halfway(replicas + 1) && (down !== 0 || zeroAllowed))
      candidates.push({ canary: down, total: replicas + 1 });
  }

  let best: { canary: number; total: number } | undefined;
  let bestError = Infinity;
  for (const candidate of candidates) {
    const error = Math.abs((candidate.canary * maxWeight) / candidate.total - weight);
    if (error < bestError) [best, bestError] = [candidate, error];
  }
  // Half a pod below all of them, without surge: the reference drops the canary to 0 here.
  best ??= { canary: replicas - 1, total: replicas };
  return { canary: best.canary, stable: best.total - best.canary };
}
