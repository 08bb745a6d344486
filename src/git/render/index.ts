/** Makes the manifests of a source out of the files of a commit. Spec 11 section 3. */

import { GitError, RenderError } from '../errors.ts';
import { joinInside, type SourceTree } from '../tree.ts';
import { renderWithBinary } from './binary.ts';
import { renderDirectory } from './directory.ts';
import { buildKustomization } from './kustomize/build.ts';
import { KUSTOMIZATION_FILES } from './kustomize/file.ts';
import { applyOptions } from './kustomize/options.ts';
import { DEFAULT_RENDER_LIMITS, type Rendered, type RenderLimits, type RenderSource } from './types.ts';

export interface RenderSettings {
  readonly limits?: RenderLimits | undefined;
  /** Path of a `kustomize` (or `kubectl`) program to use in place of the built-in renderer. */
  readonly kustomizeBinary?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Throws `GitError` or `RenderError`, whose messages are made for an Application's condition. */
export async function render(
  tree: SourceTree,
  source: RenderSource,
  settings: RenderSettings = {},
): Promise<Rendered> {
  const limits = settings.limits ?? DEFAULT_RENDER_LIMITS;
  if (source.chart !== undefined && source.chart !== '') {
    throw new RenderError('', 'source.chart: Helm charts are not supported yet');
  }
  if (source.helm !== undefined) throw new RenderError('', 'source.helm: Helm is not supported yet');
  if (source.plugin !== undefined) {
    throw new RenderError('', 'source.plugin: config management plugins are not supported');
  }
  const asked = source.path ?? '';
  const path = asked === '' || asked === '.' ? '' : joinInside('', asked);
  if (path === undefined) {
    throw new GitError(
      'PathOutside',
      `source.path "${asked}" leads out of the repository; name a folder inside it`,
    );
  }
  const real = await tree.resolve(path);
  if (real === undefined) {
    throw new GitError(
      'PathNotFound',
      `source.path "${asked}" does not exist at commit ${tree.sha.slice(0, 12)}; check source.path and source.targetRevision`,
    );
  }
  if (real.type === 'file') {
    throw new GitError(
      'PathNotFound',
      `source.path "${asked}" is a file; name the folder that holds the manifests`,
    );
  }
  const within = (name: string): string => (real.path === '' ? name : `${real.path}/${name}`);

  if (source.directory === undefined && (await tree.isFile(within('Chart.yaml')))) {
    throw new RenderError(within('Chart.yaml'), 'this folder is a Helm chart, and Helm is not supported yet');
  }
  let kustomization = false;
  for (const name of KUSTOMIZATION_FILES) kustomization ||= await tree.isFile(within(name));
  if (kustomization || source.kustomize !== undefined) {
    if (!kustomization) {
      throw new RenderError(real.path, `source.kustomize is set, but there is no ${KUSTOMIZATION_FILES[0]}`);
    }
    const options = source.kustomize ?? {};
    const objects =
      settings.kustomizeBinary === undefined
        ? await buildKustomization(tree, real.path, {
            adjust: (file) => applyOptions(file, options),
            maxObjects: limits.maxObjects,
          })
        : await renderWithBinary(tree, real.path, options, settings.kustomizeBinary, settings.signal);
    return { sourceType: 'Kustomize', objects };
  }
  return {
    sourceType: 'Directory',
    objects: await renderDirectory(tree, real.path, source.directory ?? {}, limits),
  };
}
