/** What the logs of a failed demo complain of, so that nobody has to look for it first. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dig } from './world.ts';

const MAX_TEXT = 300;

/** The last error of each log, one line each. */
export function complaints(directory: string): string[] {
  return readdirSync(directory)
    .sort()
    .flatMap((file) => {
      const lines = readFileSync(join(directory, file), 'utf8').trim().split('\n');
      const last = lines.map(complaintIn).findLast((text) => text !== undefined);
      return last === undefined ? [] : [`${file}: ${last.slice(0, MAX_TEXT)}`];
    });
}

/** Structured logs say what is an error; anything that isn't structured was not expected. */
function complaintIn(line: string): string | undefined {
  if (line === '') return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (dig(entry, 'level') !== 'error' && dig(entry, 'level') !== 'fatal') return undefined;
    const why = dig(entry, 'error', 'message');
    return `${String(dig(entry, 'msg'))}${typeof why === 'string' ? `: ${why}` : ''}`;
  } catch {
    return line;
  }
}
