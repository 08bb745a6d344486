/** Results on standard output: a line of text for a person, or the object for a program (`-o json|yaml`). */

import type { Json } from '../lang/json.ts';
import { printYaml } from '../lang/yaml.ts';
import type { CliIo } from './io.ts';

export type OutputFormat = 'text' | 'json' | 'yaml';

export class Printer {
  readonly format: OutputFormat;
  readonly #io: CliIo;
  readonly #objects: unknown[] = [];
  #streamed = 0;

  constructor(io: CliIo, format: OutputFormat) {
    this.#io = io;
    this.format = format;
  }

  /** One result of a command that may have several. Text goes out at once. */
  result(line: string, object: unknown): void {
    if (this.format === 'text') this.#io.out(`${line}\n`);
    else this.#objects.push(object);
  }

  lines(lines: readonly string[]): void {
    this.#io.out(lines.map((line) => `${line}\n`).join(''));
  }

  /** The answer of a command that has exactly one. */
  document(value: unknown): void {
    this.#io.out(this.format === 'yaml' ? printYaml(value as Json) : `${JSON.stringify(value, null, 2)}\n`);
  }

  /** One state of a watch: a line of JSON, or a document of YAML. */
  state(value: unknown): void {
    const separator = this.#streamed > 0 ? '---\n' : '';
    this.#streamed += 1;
    this.#io.out(
      this.format === 'yaml' ? `${separator}${printYaml(value as Json)}` : `${JSON.stringify(value)}\n`,
    );
  }

  /** Prints the collected results: one as it is, several as a List. */
  finish(): void {
    if (this.#objects.length === 0) return;
    const [only] = this.#objects;
    this.document(
      this.#objects.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: this.#objects },
    );
  }
}
