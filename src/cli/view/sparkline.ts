/** Numbers as one line of bars. Pure. */

import type { Style } from './style.ts';

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const TYPED_BARS = ['_', '.', '-', '=', '+', '*', '%', '#'];

export interface Scale {
  readonly min: number;
  readonly max: number;
}

/** The finite ones of the values; a scale of nothing goes from 0 to 1. */
export function scaleOf(values: readonly (number | undefined)[]): Scale {
  const finite = values.filter((value): value is number => value !== undefined && Number.isFinite(value));
  if (finite.length === 0) return { min: 0, max: 1 };
  return {
    min: finite.reduce((a, b) => Math.min(a, b)),
    max: finite.reduce((a, b) => Math.max(a, b)),
  };
}

/** From 0 to 1; undefined for what is no number. Where all values are the same they stand at the bottom. */
export function shareOf(value: number | undefined, { min, max }: Scale): number | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  if (value === Infinity) return 1;
  if (value === -Infinity || max === min) return 0;
  return Math.min(1, Math.max(0, (value - min) / (max - min)));
}

/** One character for each value; one of its own for what is no number. */
export function bars(values: readonly (number | undefined)[], scale: Scale, { symbols }: Style): string[] {
  const levels = symbols ? BARS : TYPED_BARS;
  return values.map((value) => {
    const share = shareOf(value, scale);
    if (share === undefined) return symbols ? '·' : '~';
    return levels[Math.min(levels.length - 1, Math.floor(share * levels.length))] ?? '';
  });
}

/** Short, for labels. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return String(Number(value.toPrecision(4)));
}
