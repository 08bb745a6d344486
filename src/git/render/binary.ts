/**
 * Renders with a `kustomize` (or `kubectl`) program instead of the built-in renderer: the commit's files are
 * written to a temporary folder, an overlay on top holds what the Application adds, and nothing is fetched.
 */

import { access, chmod, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import type { JsonObject } from '../../lang/json.ts';
import { parseYaml, printYaml } from '../../lang/yaml.ts';
import { run } from '../command.ts';
import { GitError, RenderError } from '../errors.ts';
import { parentOf, type SourceTree } from '../tree.ts';
import { parseManifests } from './manifests.ts';
import { loadKustomization } from './kustomize/file.ts';
import { applyOptions } from './kustomize/options.ts';
import { asObject, type KustomizeOptions } from './types.ts';

const LIMITS = { timeoutMs: 60_000, maxOutputBytes: 64 * 1024 * 1024 };

/** Neither git nor helm is found, and no HTTP gets out: remote bases fail whatever the kustomization asks for. */
const NOTHING_FETCHED = {
  PATH: '/nonexistent',
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
};

/** A name without a path is looked for on our own PATH, since the program itself gets none. */
async function located(program: string): Promise<string> {
  if (program.includes('/')) return program;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, program);
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && found) return candidate;
  }
  return program;
}

export async function renderWithBinary(
  tree: SourceTree,
  directory: string,
  options: KustomizeOptions,
  program: string,
  signal: AbortSignal | undefined,
): Promise<JsonObject[]> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-kustomize-'));
  try {
    await chmod(root, 0o700);
    for (const name of tree.filesBelow('')) {
      // Links are written as what they lead to, so that the program can't follow one out of the folder.
      const real = await tree.resolve(name);
      if (real?.type !== 'file') continue;
      await mkdir(join(root, parentOf(name)), { recursive: true });
      await writeFile(join(root, name), await tree.bytes(name), { mode: 0o600 });
    }
    await adjust(tree, directory, options, root);
    const target = directory === '' ? '.' : `./${directory}`;
    const args = basename(program).startsWith('kubectl') ? ['kustomize', target] : ['build', target];
    const result = await run(await located(program), args, {
      ...LIMITS,
      cwd: root,
      env: { ...NOTHING_FETCHED, HOME: root, LC_ALL: 'C' },
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.ended === 'missing') {
      throw new GitError(
        'Failed',
        `the program ${program} was not found; check the flag for the kustomize program`,
      );
    }
    if (result.ended === 'timeout') {
      throw new GitError('Timeout', `${program} took longer than ${LIMITS.timeoutMs / 1000} s and was ended`);
    }
    if (result.code !== 0) {
      const text = result.stderr.replaceAll(root, '.').trim().slice(0, 500);
      throw new RenderError(directory, `${basename(program)} failed: ${text}`);
    }
    return parseManifests(result.stdout.toString('utf8'), directory === '' ? '.' : directory);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Writes the Application's additions into the copy of the kustomization file. */
async function adjust(
  tree: SourceTree,
  directory: string,
  options: KustomizeOptions,
  root: string,
): Promise<void> {
  if (Object.values(options).every((value) => value === undefined)) return;
  let where: string;
  let text: string;
  try {
    const file = await loadKustomization(tree, directory);
    const added = applyOptions({ ...file, patches: [] }, options);
    where = file.where;
    const document = asObject(parseYaml(await tree.text(where), where)[0]) ?? {};
    for (const field of ['namespace', 'namePrefix', 'nameSuffix'] as const) {
      if (added[field] !== '') document[field] = added[field];
    }
    document['images'] = added.images.map((image) => ({ ...image }));
    document['replicas'] = added.replicas.map((replica) => ({ ...replica }));
    document['commonLabels'] = added.commonLabels;
    document['commonAnnotations'] = added.commonAnnotations;
    document['components'] = added.components;
    const patches = Array.isArray(document['patches']) ? document['patches'] : [];
    document['patches'] = [...patches, ...((options.patches ?? []) as JsonObject[])];
    text = printYaml(document);
  } catch (error) {
    if (error instanceof RenderError) {
      throw new RenderError(
        '',
        `source.kustomize can't be combined with this kustomization: ${error.message}`,
      );
    }
    throw error;
  }
  await writeFile(join(root, where), text, { mode: 0o600 });
}
