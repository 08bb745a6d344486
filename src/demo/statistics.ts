/** The little statistics that the demo judges by. Pure. */

/** Pearson's statistic. `expected` are counts, none of them 0. */
export function chiSquared(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, i) => {
    const wanted = expected[i] ?? 0;
    return sum + (count - wanted) ** 2 / wanted;
  }, 0);
}

/** Probability that a chi-squared variable with `degrees` degrees of freedom is at least `x`. */
export function chiSquaredTail(x: number, degrees: number): number {
  return x <= 0 ? 1 : upperGamma(degrees / 2, x / 2);
}

/** What stays below in all but about one of 1.7 million cases: mean and five standard deviations. */
export function upperLimit(mean: number, variance: number): number {
  return mean + 5 * Math.sqrt(variance);
}

/** The regularized upper incomplete gamma function Q(a, x): series below a + 1, continued fraction above. */
function upperGamma(a: number, x: number): number {
  const scale = Math.exp(-x + a * Math.log(x) - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 500 && Math.abs(term) > Math.abs(sum) * 1e-14; n += 1) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - scale * sum);
  }
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 500; n += 1) {
    const factor = -n * (n - a);
    b += 2;
    d = 1 / nonZero(factor * d + b, tiny);
    c = nonZero(b + factor / c, tiny);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-14) break;
  }
  return Math.min(1, scale * fraction);
}

const nonZero = (value: number, tiny: number): number => (Math.abs(value) < tiny ? tiny : value);

/** Lanczos' approximation, for a > 0. */
function logGamma(a: number): number {
  // The digits as they are published; the last ones are beyond a double.
  // oxlint-disable no-loss-of-precision
  const coefficients = [
    76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155, 0.001208650973866179,
    -0.000005395239384953,
  ];
  const base = a + 5.5 - (a + 0.5) * Math.log(a + 5.5);
  const series = coefficients.reduce(
    (sum, coefficient, i) => sum + coefficient / (a + i + 1),
    1.000000000190015,
  );
  return -base + Math.log((2.5066282746310005 * series) / a);
}
