/** How to start this program again in another process: the sources in a checkout, the bundle in a package. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Command and first arguments. */
export function programAgain(): string[] {
  const source = fileURLToPath(new URL('./sluice.main.ts', import.meta.url));
  const bundle = fileURLToPath(new URL('./sluice.js', import.meta.url));
  return [process.execPath, existsSync(source) ? source : bundle];
}
