/** The one error of the expression language. */

/** Where in the source: `offset` counts characters from 0, `line` and `column` from 1. */
export interface Position {
  offset: number;
  line: number;
  column: number;
}

/** Any fault of an expression: syntax, types or evaluation. `message` is the first line of the text that Go's expr gives. */
export class ExpressionError extends Error {
  override name = 'ExpressionError';
  readonly position: Position;
  /** The line of the source with a caret under the fault; empty for a blank line. */
  readonly snippet: string;

  constructor(message: string, source: string, offset: number) {
    super(message);
    const chars = Array.from(source);
    const before = chars.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    const line = before.filter((char) => char === '\n').length + 1;
    this.position = { offset, line, column: before.length - lineStart + 1 };
    const lineEnd = chars.indexOf('\n', lineStart);
    const text = chars
      .slice(lineStart, lineEnd < 0 ? chars.length : lineEnd)
      .join('')
      .replaceAll('\t', ' ');
    this.snippet = text === '' ? '' : `${text}\n${'.'.repeat(this.position.column - 1)}^`;
  }
}

/** A fault that does not know its place yet; who walks the tree turns it into an ExpressionError. */
export class Fault extends Error {
  override name = 'Fault';
}

/** What Go does in `panic(text)`. */
export function panic(message: string): never {
  throw new Fault(message);
}
