/** Source text with a mutant's edits in it, as this process loads it. */

import { registerHooks } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Edit, Mutant } from './table.ts';

const SRC = new URL('../../../src/', import.meta.url);

/** Throws where an edit does not fit: a mutant that changes nothing would never be found. */
export function edited(source: string, edit: Edit, mutant: string): string {
  const places = source.split(edit.find).length - 1;
  if (places !== 1)
    throw new Error(
      `mutant "${mutant}": src/${edit.file} has its text ${places} times, not once; write the edit anew: ${edit.find}`,
    );
  return source.replace(edit.find, () => edit.replace);
}

/** All files of a mutant, by their URL. */
export function sourcesOf({ edits, name }: Mutant): Map<string, string> {
  const sources = new Map<string, string>();
  for (const edit of edits) {
    const url = new URL(edit.file, SRC).href;
    const source = sources.get(url) ?? readFileSync(fileURLToPath(url), 'utf8');
    sources.set(url, edited(source, edit, name));
  }
  return sources;
}

/** From now on what this process imports has the defect. Call it before anything of `src` is loaded. */
export function plant(mutant: Mutant): void {
  const sources = sourcesOf(mutant);
  registerHooks({
    load(url, context, next) {
      const source = sources.get(url);
      return source === undefined
        ? next(url, context)
        : { format: 'module-typescript', source, shortCircuit: true };
    },
  });
}
