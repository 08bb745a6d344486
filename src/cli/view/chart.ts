/** Values over time in a few lines of text, with limits drawn across. Pure. */

import { phaseColor } from './icons.ts';
import { scaleOf, shareOf, shortNumber } from './sparkline.ts';
import type { Cell, Piece, Style } from './style.ts';

export interface ChartPoint {
  readonly value: number | undefined;
  /** Colours it. */
  readonly phase: string;
}

/** Room for labels left of the chart. */
export const GUTTER = 12;

/** `columns`: undefined where there is nothing to draw. As many characters wide as there are columns. */
export function chartLines(
  columns: readonly (ChartPoint | undefined)[],
  limits: readonly number[],
  height: number,
  { symbols }: Style,
): Cell[] {
  const values = columns.map((point) => point?.value);
  const scale = scaleOf([...values, ...limits]);
  const rowOf = (value: number | undefined): number | undefined => {
    const share = shareOf(value, scale);
    return share === undefined ? undefined : Math.round(share * (height - 1));
  };
  const [dot, line] = symbols ? ['●', '┄'] : ['*', '-'];
  const limitRows = new Map(limits.map((limit) => [rowOf(limit), limit]));
  return Array.from({ length: height }, (_, i): Cell => {
    const row = height - 1 - i;
    const limit = limitRows.get(row);
    const label = limit ?? (i === 0 ? scale.max : row === 0 ? scale.min : undefined);
    const drawn = columns.map((point): Piece => {
      if (point !== undefined && rowOf(point.value) === row)
        return { text: dot, color: phaseColor(point.phase) };
      return { text: limit === undefined ? ' ' : line };
    });
    return [
      { text: `${(label === undefined ? '' : shortNumber(label)).padStart(GUTTER - 2)} |` },
      ...joined(drawn),
    ];
  });
}

/** Neighbours of one colour as one piece, so that a line has few escape sequences. */
export function joined(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last !== undefined && last.color === piece.color)
      result[result.length - 1] = { ...last, text: last.text + piece.text };
    else result.push(piece);
  }
  return result;
}
