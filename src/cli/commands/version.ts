/** `version`: of this program; it asks no cluster. */

import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';

export const version: Command = {
  name: 'version',
  summary: 'print the version of this plugin',
  flags: [{ name: 'short', type: 'boolean', help: 'only the first line' }, OUTPUT_FLAG],
  examples: [{ about: 'Print the version', line: 'kubectl sluice version --short' }],
  run({ print, flags, build }) {
    const details = flags.boolean('short') ? [] : build.details;
    if (print.format === 'text')
      print.lines([
        `kubectl-sluice: ${build.version}`,
        ...details.map(([name, value]) => `  ${name}: ${value}`),
      ]);
    else print.document({ version: build.version, ...Object.fromEntries(details) });
    return Promise.resolve();
  },
};
