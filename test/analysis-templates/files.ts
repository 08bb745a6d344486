/** The ready templates as the tests read them. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../analysis-templates/', import.meta.url));

export const readTemplateFile = (name: string): string => readFileSync(`${folder}${name}`, 'utf8');

/** Names without `.yaml`. */
export const templateNames = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
  .map((name) => name.replace(/\.yaml$/, ''))
  .sort();
