/**
 * The binaries of a real control plane: from KUBEBUILDER_ASSETS, else built once from Go modules into a cache,
 * else undefined with one line that says what is missing.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('./go', import.meta.url));
const VERSION = 'v1.36.1';

/** Name of the binary -> Go package that builds it. */
const PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  kwok: 'sigs.k8s.io/kwok/cmd/kwok',
} as const;

export type BinaryName = keyof typeof PACKAGES;
export type Binaries = Record<BinaryName, string>;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function findOnPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((dir) => join(dir, name))
    .find(isExecutable);
}

export const findGo = (): string | undefined =>
  findOnPath('go') ?? (isExecutable('/usr/local/go/bin/go') ? '/usr/local/go/bin/go' : undefined);

function allIn(dir: string): Binaries | undefined {
  const names = Object.keys(PACKAGES) as BinaryName[];
  if (!names.every((name) => isExecutable(join(dir, name)))) return undefined;
  return Object.fromEntries(names.map((name) => [name, join(dir, name)])) as Binaries;
}

/** The cache is keyed by the pinned versions, so that a change of go.mod builds anew. */
export function cacheDir(): string {
  const pins = createHash('sha256')
    .update(readFileSync(join(MODULE, 'go.mod')))
    .digest('hex')
    .slice(0, 12);
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(base, 'sluice', `control-plane-${VERSION}-${pins}`);
}

/**
 * Builds what the cache lacks (minutes on the first run; progress goes to stderr).
 * @returns the paths, or the one line that says why there are none.
 */
export function controlPlaneBinaries(): { binaries: Binaries } | { missing: string } {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && assets !== '') {
    const found = allIn(assets);
    return found === undefined
      ? { missing: `KUBEBUILDER_ASSETS=${assets} lacks one of ${Object.keys(PACKAGES).join(', ')}` }
      : { binaries: found };
  }
  const cache = cacheDir();
  const cached = allIn(cache);
  if (cached !== undefined) return { binaries: cached };
  const go = findGo();
  if (go === undefined)
    return { missing: 'no control plane: set KUBEBUILDER_ASSETS, or install Go to build one' };

  mkdirSync(cache, { recursive: true });
  for (const [name, pkg] of Object.entries(PACKAGES)) {
    const target = join(cache, name);
    if (existsSync(target)) continue;
    const started = performance.now();
    process.stderr.write(`building ${name} ... `);
    const ldflags = `-s -w -X k8s.io/component-base/version.gitVersion=${VERSION}`;
    const built = spawnSync(go, ['build', '-trimpath', '-ldflags', ldflags, '-o', `${target}.part`, pkg], {
      cwd: MODULE,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
      encoding: 'utf8',
    });
    if (built.status !== 0)
      return { missing: `building ${name} failed: ${built.stderr.trim().slice(-2000)}` };
    renameSync(`${target}.part`, target);
    process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  }
  const all = allIn(cache);
  return all === undefined ? { missing: `the build left ${cache} incomplete` } : { binaries: all };
}
