/**
 * Sequential Mann-Whitney test on histograms. The effect is A = P(a request of the canary is slower than one of stable)
 * plus half the chance that both fall into one bucket: 0.5 when nothing differs. Two e-processes by betting (see
 * `error-rate.ts` for what that gives), for the nulls A <= 0.5 and A >= 0.5 + margin. Pure.
 *
 * A bet pays 1 + l (D - 0.5) for each request of the side with fewer requests, where D compares it with its own m requests
 * of the other side, drawn without replacement: independent, between 0 and 1, with mean A. Which ones it draws is of no
 * interest, so the expectation of the logarithm over all draws is taken; by Jensen's inequality that is at most the
 * logarithm of the mean pay-off, which is an e-value.
 */

/** Requests by bucket, fastest first; both sides have the same buckets. */
export interface LatencyBlock {
  readonly canary: readonly number[];
  readonly stable: readonly number[];
}

/** Natural logarithms of e-values, one for each of `STAKES`. */
export interface LatencyEvidence {
  readonly worse: readonly number[];
  readonly noWorse: readonly number[];
  /** Sum over blocks of pairs, and of pairs in which the canary was slower, ties by half: A is their ratio. */
  readonly pairs: number;
  readonly slower: number;
}

export const STAKES: readonly number[] = [0.12, 0.25, 0.5, 0.95];

export const NO_LATENCY_EVIDENCE: LatencyEvidence = {
  worse: STAKES.map(() => 0),
  noWorse: STAKES.map(() => 0),
  pairs: 0,
  slower: 0,
};

/** Requests that each side of a block must have; fewer wait for the next look. */
export const MIN_BLOCK = 5;
/** From so many partners on, the bound for groups is tighter than comparing in pairs. */
const MIN_GROUP = 6;

export function addLatencyBlock(
  evidence: LatencyEvidence,
  block: LatencyBlock,
  { margin }: { readonly margin: number },
): LatencyEvidence {
  const canary = sum(block.canary);
  const stable = sum(block.stable);
  if (canary === 0 || stable === 0) return evidence;
  // The bet is on the side with fewer requests; seen from stable, "slower" is turned round.
  const swapped = canary > stable;
  const ofCanary = placements(block.canary, block.stable);
  const placed = swapped ? placements(block.stable, block.canary) : ofCanary;
  const group = Math.floor(Math.max(canary, stable) / Math.min(canary, stable));
  const sign = swapped ? -1 : 1;
  const expectedLog = (stake: number, mean: number): number =>
    placed.reduce((log, { count, below, tied, above }) => {
      const pays = (d: number): number => Math.log1p(stake * (d - mean));
      if (group < MIN_GROUP) return log + count * (below * pays(1) + tied * pays(0.5) + above * pays(0));
      const middle = below + tied / 2;
      const variance = below + tied / 4 - middle * middle;
      // log(1 + u) >= log(1 + v) + (u - v) / (1 + v) - 2 (u - v)^2 where 1 + u and 1 + v are at least 1/2.
      return log + count * (pays(middle) - (2 * stake * stake * variance) / group);
    }, 0);
  const slower = ofCanary.reduce(
    (pairs, { count, below, tied }) => pairs + count * (below + tied / 2) * stable,
    0,
  );
  return {
    worse: evidence.worse.map((log, i) => log + expectedLog(sign * (STAKES[i] ?? 0), 0.5)),
    noWorse: evidence.noWorse.map(
      (log, i) => log + expectedLog(-sign * (STAKES[i] ?? 0), 0.5 + sign * margin),
    ),
    pairs: evidence.pairs + canary * stable,
    slower: evidence.slower + slower,
  };
}

interface Placement {
  readonly count: number;
  /** Shares of the other side in faster buckets, in this one, and in slower ones. */
  readonly below: number;
  readonly tied: number;
  readonly above: number;
}

function placements(side: readonly number[], other: readonly number[]): Placement[] {
  const total = sum(other);
  let below = 0;
  return side.map((count, k) => {
    const tied = (other[k] ?? 0) / total;
    const placement = { count, below, tied, above: Math.max(0, 1 - below - tied) };
    below += tied;
    return placement;
  });
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
