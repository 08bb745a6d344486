/** Where the demo shows itself: on a terminal lines that scroll above a picture that moves, elsewhere lines only. */

export interface Output {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';
const FRAME_MS = 120;

export class Screen {
  readonly #out: Output;
  readonly #live: boolean;
  #draw: (() => string[]) | undefined;
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: Output, live: boolean) {
    this.#out = out;
    this.#live = live;
  }

  get columns(): number {
    return this.#out.columns ?? 100;
  }

  /** A line of its own, above the picture. */
  line(text = ''): void {
    this.#out.write(`${this.#erase()}${text}\n`);
    this.#paint();
  }

  /** Shows what `draw` gives, again and again. Off a terminal nothing moves. */
  animate(draw: () => string[]): void {
    if (!this.#live) return;
    this.#draw = draw;
    this.#out.write(HIDE);
    this.#timer ??= setInterval(() => this.#paint(), FRAME_MS);
    this.#paint();
  }

  /** Takes the picture away and gives the cursor back. */
  settle(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#draw === undefined) return;
    this.#out.write(`${this.#erase()}${SHOW}`);
    this.#draw = undefined;
  }

  #paint(): void {
    if (this.#draw === undefined) return;
    // A picture that is higher than the terminal could not be drawn over.
    const lines = this.#draw().slice(0, Math.max(1, (this.#out.rows ?? 24) - 2));
    this.#out.write(`${this.#erase()}\n${lines.join('\n')}\n`);
    this.#drawn = lines.length + 1;
  }

  #erase(): string {
    if (this.#drawn === 0) return '';
    const up = `\u001b[${this.#drawn}F\u001b[J`;
    this.#drawn = 0;
    return up;
  }
}
