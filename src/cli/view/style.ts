/** Text with colours, as data: cells know their width whatever colours they have. Pure. */

export interface Style {
  /** ANSI colours. */
  readonly color: boolean;
  /** Icons and line drawing; without them plain ASCII. */
  readonly symbols: boolean;
}

export type Color = 'yellow' | 'blue' | 'red' | 'green';

export interface Piece {
  readonly text: string;
  readonly color?: Color | undefined;
}

/** Pieces that stand side by side. */
export type Cell = readonly Piece[];

/** Foreground colours of SGR; blue is the bright one, which can be read on black. */
const CODES: Readonly<Record<Color, number>> = { yellow: 33, blue: 94, red: 31, green: 32 };

export const plain = (text: string): Cell => [{ text }];
export const colored = (text: string, color: Color | undefined): Cell => [{ text, color }];

export function paint(cell: Cell, style: Style): string {
  return cell
    .map(({ text, color }) => {
      const safe = printable(text);
      return style.color && color !== undefined && safe !== ''
        ? `\u001b[${CODES[color]}m${safe}\u001b[0m`
        : safe;
    })
    .join('');
}

/** Characters; all that we print are one column wide. */
export const widthOf = (cell: Cell): number =>
  cell.reduce((sum, { text }) => sum + Array.from(printable(text)).length, 0);

/** What comes from a cluster must not move the cursor or break the line. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

export const printable = (text: string): string => text.replaceAll(CONTROL, ' ');
