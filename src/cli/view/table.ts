/** Columns under each other. Pure. */

import { type Cell, paint, type Style, widthOf } from './style.ts';

const GAP = 2;

/** `minimum`: least width of each column. The last cell of a row isn't filled up. */
export function tableLines(
  rows: readonly (readonly Cell[])[],
  style: Style,
  minimum: readonly number[] = [],
): string[] {
  const widths: number[] = [...minimum];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const fill = i === row.length - 1 ? 0 : (widths[i] ?? 0) + GAP - widthOf(cell);
        return paint(cell, style) + ' '.repeat(fill);
      })
      .join('')
      .trimEnd(),
  );
}
