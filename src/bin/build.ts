/** `npm run build`: bundles the two programs into plain JavaScript, for `npm pack` and the image. */

import { build } from 'esbuild';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outdir = `${root}dist`;

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { sluice: 'src/bin/sluice.main.ts', 'kubectl-sluice': 'src/bin/kubectl-sluice.main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  minifySyntax: true,
  // V8 keeps the sources of what is loaded in memory. Names stay, for stack traces.
  minifyWhitespace: true,
  legalComments: 'linked',
  sourcemap: false,
  logLevel: 'warning',
  // Dependencies in CommonJS expect these names.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
