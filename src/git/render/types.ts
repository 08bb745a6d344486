/** What a rendering is asked for, and what comes out of it. */

import type { Json, JsonObject } from '../../lang/json.ts';

/** The parts of an Application's source that rendering reads (spec 11 section 1); a decoded source fits. */
export interface RenderSource {
  readonly path?: string | undefined;
  readonly chart?: string | undefined;
  readonly directory?: DirectoryOptions | undefined;
  readonly kustomize?: KustomizeOptions | undefined;
  readonly helm?: unknown;
  readonly plugin?: unknown;
}

export interface DirectoryOptions {
  readonly recurse?: boolean | undefined;
  readonly include?: string | undefined;
  readonly exclude?: string | undefined;
  readonly jsonnet?: unknown;
}

export interface KustomizeOptions {
  readonly namePrefix?: string | undefined;
  readonly nameSuffix?: string | undefined;
  readonly namespace?: string | undefined;
  /** `[name=]image[:tag|@digest]`. */
  readonly images?: readonly string[] | undefined;
  readonly replicas?: readonly { readonly name: string; readonly count: number | string }[] | undefined;
  readonly commonLabels?: Readonly<Record<string, string>> | undefined;
  readonly commonAnnotations?: Readonly<Record<string, string>> | undefined;
  readonly patches?: readonly unknown[] | undefined;
  readonly components?: readonly string[] | undefined;
  readonly [unknown: string]: unknown;
}

export interface Rendered {
  readonly sourceType: 'Directory' | 'Kustomize' | 'Helm';
  /** In the order in which they were found. Every one has apiVersion, kind and metadata.name. */
  readonly objects: readonly JsonObject[];
}

export interface RenderLimits {
  readonly maxFiles: number;
  readonly maxObjects: number;
}

export const DEFAULT_RENDER_LIMITS: RenderLimits = { maxFiles: 2_000, maxObjects: 10_000 };

export const asObject = (value: Json | undefined): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
