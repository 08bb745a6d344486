/** The version of this build, from the package's manifest. */

import { existsSync, readFileSync } from 'node:fs';

/** The manifest is two folders up from the sources and one up from the bundle. */
export function version(): string {
  for (const up of ['../../package.json', '../package.json']) {
    const manifest = new URL(up, import.meta.url);
    if (!existsSync(manifest)) continue;
    const { name, version: text } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      name?: string;
      version?: string;
    };
    if (name === 'sluice' && text !== undefined) return text;
  }
  return '0.0.0-unknown';
}
