/** Where the frames of a watch go: over each other on a terminal, below each other elsewhere. */

import { type CliIo, isCapable } from '../io.ts';
import type { Printer } from '../printer.ts';

/** Home, clear, home: as the reference does before each frame. */
const CLEAR = '\u001b[H\u001b[2J\u001b[0;0H';
/** Long lines are cut by the terminal instead of wrapped, so that a frame is as high as it has lines. */
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';

export class Screen {
  readonly #io: CliIo;
  readonly #print: Printer;
  #last: string | undefined;

  constructor(io: CliIo, print: Printer) {
    this.#io = io;
    this.#print = print;
  }

  /** `model` tells whether anything but time has changed; `lines` is called only when they are shown. */
  show(model: unknown, lines: () => readonly string[], note?: string): void {
    if (this.#print.format === 'text' && isCapable(this.#io)) {
      const frame = cropped([...lines(), ...(note === undefined ? [] : ['', note])], this.#io.rows());
      this.#io.out(`${CLEAR}${NO_WRAP}${frame.join('\n')}\n${WRAP}`);
      return;
    }
    const key = JSON.stringify(model);
    if (key === this.#last) return;
    if (this.#print.format !== 'text') this.#print.state(model);
    else {
      if (this.#last !== undefined) this.#io.out('\n');
      this.#print.lines(lines());
    }
    this.#last = key;
  }
}

/** The cursor stands below the last line, which takes a row as well. */
function cropped(lines: readonly string[], rows: number | undefined): readonly string[] {
  if (rows === undefined || rows < 4 || lines.length < rows) return lines;
  const kept = rows - 2;
  return [...lines.slice(0, kept), `... ${lines.length - kept} more lines`];
}
