/** What the commands may touch of the process: two streams, files, and whether a person looks on. */

export interface CliIo {
  /** Standard output, as is. */
  out(text: string): void;
  /** Standard error, as is. */
  err(text: string): void;
  /** A file, or standard input for `-`. Rejects with Node's error. */
  readFile(path: string): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Height of the terminal now; undefined where it is unknown. */
  rows(): number | undefined;
}

/** A terminal that understands escape sequences. */
export const isCapable = (io: CliIo): boolean => io.isTerminal && io.env['TERM'] !== 'dumb';
