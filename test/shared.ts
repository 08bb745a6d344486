/** Reads the golden vectors of `../shared`, which tests use in place and skip when absent (never in CI). */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';

const shared = fileURLToPath(new URL('../../shared/', import.meta.url));

export interface VectorFile<Row> {
  about: string;
  source: string;
  rows: Row[];
}

/** Runs `body` with the rows of `vectors/<name>.json`, or reports one skipped test that says what is missing. */
export function withVectors<Row>(name: string, body: (rows: Row[]) => void): void {
  const path = `${shared}vectors/${name}.json`;
  describe(`vectors: ${name}`, () => {
    if (existsSync(path)) {
      body((JSON.parse(readFileSync(path, 'utf8')) as VectorFile<Row>).rows);
    } else if (process.env['CI'] !== undefined) {
      it('is present in CI', () => {
        throw new Error(`${path} is missing: CI must have the shared vectors beside the checkout`);
      });
    } else {
      it('needs the shared vectors', { skip: `${path} is not there` }, () => {});
    }
  });
}

export const sharedPath = (relative: string): string => shared + relative;

/** Drops undefined, null, zero, empty text, empty lists and empty objects, as the vectors leave them out. */
export function dropZeros(value: unknown): unknown {
  if (Array.isArray(value))
    return value.length === 0 ? undefined : value.map((item) => dropZeros(item) ?? null);
  if (typeof value === 'object' && value !== null) {
    const kept = Object.entries(value)
      .map(([key, item]) => [key, dropZeros(item)] as const)
      .filter(([, item]) => item !== undefined);
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }
  return value === null || value === undefined || value === 0 || value === '' || value === false
    ? undefined
    : value;
}
