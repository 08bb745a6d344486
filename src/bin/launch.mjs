// Plain JavaScript that any Node from 12 on can parse: it finds the Node 24 that the package brings along
// (npm's node-<platform> packages), or says what to do. From a checkout it runs the TypeScript sources,
// from an installed package the bundle.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const NEEDED = [22, 19];

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** Path of the Node that npm installed beside us, or undefined. */
function pinnedNode() {
  // The packages for macOS on ARM are published under the second name.
  for (const prefix of ['node', 'node-bin']) {
    const name = `${prefix}-${process.platform}-${process.arch}`;
    try {
      const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
      const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
      if (existsSync(binary)) return binary;
    } catch {
      // Not installed on this platform: the next name.
    }
  }
  return undefined;
}

/** The program: `src/bin/<name>.main.ts` in a checkout, `dist/<name>.js` in a package. */
function program(name) {
  const source = join(here, `${name}.main.ts`);
  return existsSync(source) ? source : join(root, 'dist', `${name}.js`);
}

export async function launch(name) {
  const entry = program(name);
  if (!existsSync(entry)) {
    console.error(`${name}: ${entry} is missing: this installation is incomplete, install the package again`);
    process.exitCode = 1;
    return;
  }
  if (isNewEnough(process.versions.node)) {
    await import(pathToFileURL(entry).href);
    return;
  }
  const node = pinnedNode();
  if (node === undefined) {
    console.error(
      `${name}: Node ${NEEDED.join('.')} or newer is needed and this is ${process.versions.node}. ` +
        'Run `npm ci` (without --omit=optional) to get the one that the package brings, or install Node 24.',
    );
    process.exitCode = 1;
    return;
  }
  // The channel lets the child notice when this process is killed and end as well.
  const child = spawn(node, [entry, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, SLUICE_LAUNCHED: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${name}: could not start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}
