/**
 * Loaded with `--import` before a test or a history: one file of `src` is its instrumented text, in which the mutant of
 * `__STRYKER_ACTIVE_MUTANT__` is switched on. What to load stands in SLUICE_MUTATED, as `url path`.
 */

import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const [mutated = '', path = ''] = (process.env['SLUICE_MUTATED'] ?? '').split(' ');

registerHooks({
  load(url, context, next) {
    return url === mutated
      ? { format: 'module-typescript', source: readFileSync(path, 'utf8'), shortCircuit: true }
      : next(url, context);
  },
});
