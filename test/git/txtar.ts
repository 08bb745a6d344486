/** Fixtures of one file each: a comment, then `-- path --` headers with the files of a small repository. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Archive {
  comment: string;
  files: Record<string, string>;
}

export function parseArchive(text: string): Archive {
  const files: Record<string, string> = {};
  let comment = '';
  let name: string | undefined;
  for (const line of text.split('\n')) {
    const header = /^-- (.+) --$/.exec(line)?.[1];
    if (header !== undefined) {
      name = header;
      files[name] = '';
    } else if (name === undefined) {
      comment += `${line}\n`;
    } else {
      files[name] += `${line}\n`;
    }
  }
  for (const key of Object.keys(files)) files[key] = (files[key] ?? '').replace(/\n+$/, '\n');
  return { comment: comment.trim(), files };
}

export function printArchive({ comment, files }: Archive): string {
  const parts = Object.entries(files).map(([name, text]) => `-- ${name} --\n${text.replace(/\n*$/, '\n')}`);
  return `${comment}\n\n${parts.join('')}`;
}

const folder = fileURLToPath(new URL('./fixtures/', import.meta.url));

export interface Fixture {
  name: string;
  about: string;
  /** Folder to render. */
  path: string;
  files: Record<string, string>;
  /** What `kubectl kustomize` printed; undefined: not yet. */
  want: string | undefined;
}

/** A fixture's first lines: what it is about, then `path: FOLDER`. `want.yaml` is the oracle's output. */
export function fixtures(): Fixture[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => {
      const { comment, files } = parseArchive(readFileSync(folder + name, 'utf8'));
      const path = /^path: (.+)$/m.exec(comment)?.[1] ?? '.';
      const { 'want.yaml': want, ...rest } = files;
      return { name: name.replace(/\.txt$/, ''), about: comment, path, files: rest, want };
    });
}

export function saveWant(fixture: Fixture, want: string): void {
  const text = printArchive({ comment: fixture.about, files: { ...fixture.files, 'want.yaml': want } });
  writeFileSync(`${folder}${fixture.name}.txt`, text);
}
