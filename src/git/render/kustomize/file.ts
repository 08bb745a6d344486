/** Reads one kustomization file. A field that is not known is an error that names it and the file. */

import type { Json, JsonObject } from '../../../lang/json.ts';
import { parseYaml } from '../../../lang/yaml.ts';
import { RenderError } from '../../errors.ts';
import type { SourceTree } from '../../tree.ts';
import { asObject } from '../types.ts';

export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

interface LabelEntry {
  pairs: Record<string, string>;
  includeSelectors: boolean;
  includeTemplates: boolean;
  fields: { path: string; group?: string; version?: string; kind?: string; create: boolean }[];
}

export interface ImageEntry {
  name: string;
  newName?: string;
  newTag?: string;
  digest?: string;
  tagSuffix?: string;
}

export interface PatchTarget {
  group?: string;
  version?: string;
  kind?: string;
  name?: string;
  namespace?: string;
  labelSelector?: string;
  annotationSelector?: string;
}

export interface PatchEntry {
  path?: string;
  patch?: string;
  target?: PatchTarget;
  allowNameChange: boolean;
  allowKindChange: boolean;
}

export interface GeneratorOptions {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  disableNameSuffixHash: boolean;
  immutable: boolean;
}

export interface GeneratorEntry {
  name: string;
  namespace?: string;
  behavior: 'create' | 'replace' | 'merge';
  type?: string;
  literals: string[];
  files: string[];
  envs: string[];
  options: GeneratorOptions;
}

export interface KustomizationFile {
  /** Path of the file in the repository, for messages. */
  where: string;
  directory: string;
  kind: 'Kustomization' | 'Component';
  resources: string[];
  components: string[];
  namespace: string;
  namePrefix: string;
  nameSuffix: string;
  labels: LabelEntry[];
  commonLabels: Record<string, string>;
  commonAnnotations: Record<string, string>;
  images: ImageEntry[];
  replicas: { name: string; count: number }[];
  patches: PatchEntry[];
  /** Inline text or path. */
  patchesStrategicMerge: string[];
  patchesJson6902: PatchEntry[];
  configMapGenerator: GeneratorEntry[];
  secretGenerator: GeneratorEntry[];
  generatorOptions: GeneratorOptions;
  /** `fifo` keeps the order of the files. */
  order: 'legacy' | 'fifo';
}

/** Fields of Kustomize that the built-in renderer does not do; a kustomize program does. */
const NOT_DONE = [
  'bases',
  'buildMetadata',
  'configurations',
  'crds',
  'generators',
  'helmCharts',
  'helmChartInflationGenerator',
  'helmGlobals',
  'openapi',
  'replacements',
  'transformers',
  'validators',
  'vars',
];

/** Reads typed values out of a mapping and complains about what is left over. */
class Fields {
  readonly #object: JsonObject;
  readonly #where: string;
  readonly #at: string;
  readonly #read = new Set<string>();

  constructor(value: Json | undefined, where: string, at: string) {
    const object = asObject(value);
    if (object === undefined) throw new RenderError(where, `${at} must be a mapping`);
    this.#object = object;
    this.#where = where;
    this.#at = at;
  }

  name(field: string): string {
    return this.#at === '' ? field : `${this.#at}.${field}`;
  }

  fail(field: string, needed: string): never {
    throw new RenderError(this.#where, `${this.name(field)} must be ${needed}`);
  }

  raw(field: string): Json | undefined {
    this.#read.add(field);
    return this.#object[field] ?? undefined;
  }

  text(field: string): string | undefined {
    const value = this.raw(field);
    if (value === undefined || typeof value === 'string') return value;
    return this.fail(field, 'a text');
  }

  flag(field: string): boolean {
    const value = this.raw(field) ?? false;
    return typeof value === 'boolean' ? value : this.fail(field, 'true or false');
  }

  texts(field: string): string[] {
    const value = this.raw(field) ?? [];
    if (!Array.isArray(value)) return this.fail(field, 'a list');
    return value.map((item) => (typeof item === 'string' ? item : this.fail(field, 'a list of texts')));
  }

  pairs(field: string): Record<string, string> {
    const value = this.raw(field) ?? {};
    const object = asObject(value);
    if (object === undefined) return this.fail(field, 'a mapping');
    const pairs: Record<string, string> = {};
    for (const [key, item] of Object.entries(object)) {
      if (typeof item !== 'string') return this.fail(`${field}.${key}`, 'a text (put it in quotes)');
      Object.defineProperty(pairs, key, {
        value: item,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return pairs;
  }

  list<T>(field: string, read: (fields: Fields) => T): T[] {
    const value = this.raw(field) ?? [];
    if (!Array.isArray(value)) return this.fail(field, 'a list');
    return value.map((item, index) => {
      const fields = new Fields(item, this.#where, this.name(`${field}[${index}]`));
      const result = read(fields);
      fields.end();
      return result;
    });
  }

  map<T>(field: string, read: (fields: Fields) => T): T | undefined {
    const value = this.raw(field);
    if (value === undefined) return undefined;
    const fields = new Fields(value, this.#where, this.name(field));
    const result = read(fields);
    fields.end();
    return result;
  }

  end(): void {
    for (const field of Object.keys(this.#object)) {
      if (!this.#read.has(field))
        throw new RenderError(this.#where, `${this.name(field)} is not a known field`);
    }
  }
}

const given = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };

const generatorOptions = (fields: Fields): GeneratorOptions => ({
  labels: fields.pairs('labels'),
  annotations: fields.pairs('annotations'),
  disableNameSuffixHash: fields.flag('disableNameSuffixHash'),
  immutable: fields.flag('immutable'),
});
const noOptions = (): GeneratorOptions => ({
  labels: {},
  annotations: {},
  disableNameSuffixHash: false,
  immutable: false,
});

function generator(fields: Fields, withType: boolean): GeneratorEntry {
  const behavior = fields.text('behavior') ?? 'create';
  if (behavior !== 'create' && behavior !== 'replace' && behavior !== 'merge') {
    return fields.fail('behavior', 'create, replace or merge');
  }
  const env = fields.text('env');
  const name = fields.text('name') ?? '';
  if (name === '') fields.fail('name', 'given');
  return {
    name,
    ...given('namespace', fields.text('namespace')),
    behavior,
    ...(withType ? given('type', fields.text('type')) : {}),
    literals: fields.texts('literals'),
    files: fields.texts('files'),
    envs: [...fields.texts('envs'), ...(env === undefined ? [] : [env])],
    options: fields.map('options', generatorOptions) ?? noOptions(),
  };
}

const target = (fields: Fields): PatchTarget => ({
  ...given('group', fields.text('group')),
  ...given('version', fields.text('version')),
  ...given('kind', fields.text('kind')),
  ...given('name', fields.text('name')),
  ...given('namespace', fields.text('namespace')),
  ...given('labelSelector', fields.text('labelSelector')),
  ...given('annotationSelector', fields.text('annotationSelector')),
});

/** Also for the patches of an Application. */
export function readPatch(fields: Fields): PatchEntry {
  const options = fields.map('options', (o) => ({
    allowNameChange: o.flag('allowNameChange'),
    allowKindChange: o.flag('allowKindChange'),
  }));
  const selected = fields.map('target', target);
  return {
    ...given('path', fields.text('path')),
    ...given('patch', fields.text('patch')),
    ...(selected === undefined ? {} : { target: selected }),
    allowNameChange: options?.allowNameChange ?? false,
    allowKindChange: options?.allowKindChange ?? false,
  };
}

export function readPatches(value: Json, where: string): PatchEntry[] {
  return new Fields({ patches: value }, where, '').list('patches', readPatch);
}

function readKustomization(text: string, where: string, directory: string): KustomizationFile {
  let documents: Json[];
  try {
    documents = parseYaml(text, where);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new RenderError('', message.includes(where) ? message : `${where}: ${message}`);
  }
  if (documents.length !== 1) {
    throw new RenderError(where, documents.length === 0 ? 'is empty' : 'holds more than one document');
  }
  const fields = new Fields(documents[0], where, '');
  const kind = fields.text('kind') ?? 'Kustomization';
  if (kind !== 'Kustomization' && kind !== 'Component') fields.fail('kind', 'Kustomization or Component');
  const apiVersion = fields.text('apiVersion');
  const expected = `kustomize.config.k8s.io/${kind === 'Component' ? 'v1alpha1' : 'v1beta1'}`;
  if (apiVersion !== undefined && apiVersion !== expected) fields.fail('apiVersion', expected);
  fields.raw('metadata');
  for (const field of NOT_DONE) {
    const value = fields.raw(field);
    const empty = value === undefined || (Array.isArray(value) && value.length === 0);
    if (!empty && field !== 'bases') {
      throw new RenderError(
        where,
        `${field} is not supported by the built-in Kustomize renderer; use a kustomize program for it`,
      );
    }
  }
  const order =
    fields.map('sortOptions', (sort) => {
      const asked = sort.text('order') ?? 'legacy';
      if (asked !== 'legacy' && asked !== 'fifo') sort.fail('order', 'legacy or fifo');
      return asked as 'legacy' | 'fifo';
    }) ?? 'legacy';
  const image = (entry: Fields): ImageEntry => ({
    name: entry.text('name') ?? '',
    ...given('newName', entry.text('newName')),
    ...given('newTag', entry.text('newTag')),
    ...given('digest', entry.text('digest')),
    ...given('tagSuffix', entry.text('tagSuffix')),
  });

  const file: KustomizationFile = {
    where,
    directory,
    kind: kind as 'Kustomization' | 'Component',
    resources: [...fields.texts('resources'), ...fields.texts('bases')],
    components: fields.texts('components'),
    namespace: fields.text('namespace') ?? '',
    namePrefix: fields.text('namePrefix') ?? '',
    nameSuffix: fields.text('nameSuffix') ?? '',
    labels: fields.list('labels', (entry) => ({
      pairs: entry.pairs('pairs'),
      includeSelectors: entry.flag('includeSelectors'),
      includeTemplates: entry.flag('includeTemplates'),
      fields: entry.list('fields', (spec) => ({
        path: spec.text('path') ?? '',
        ...given('group', spec.text('group')),
        ...given('version', spec.text('version')),
        ...given('kind', spec.text('kind')),
        create: spec.flag('create'),
      })),
    })),
    commonLabels: fields.pairs('commonLabels'),
    commonAnnotations: fields.pairs('commonAnnotations'),
    images: [...fields.list('images', image), ...fields.list('imageTags', image)],
    replicas: fields.list('replicas', (entry) => {
      const count = entry.raw('count');
      if (typeof count !== 'number' || !Number.isInteger(count)) return entry.fail('count', 'a whole number');
      return { name: entry.text('name') ?? '', count };
    }),
    patches: fields.list('patches', readPatch),
    patchesStrategicMerge: fields.texts('patchesStrategicMerge'),
    patchesJson6902: fields.list('patchesJson6902', readPatch),
    configMapGenerator: fields.list('configMapGenerator', (entry) => generator(entry, false)),
    secretGenerator: fields.list('secretGenerator', (entry) => generator(entry, true)),
    generatorOptions: fields.map('generatorOptions', generatorOptions) ?? noOptions(),
    order,
  };
  fields.end();
  return file;
}

/** The kustomization of a directory; exactly one of the file names may be there. */
export async function loadKustomization(tree: SourceTree, directory: string): Promise<KustomizationFile> {
  const found: string[] = [];
  for (const name of KUSTOMIZATION_FILES) {
    const path = directory === '' ? name : `${directory}/${name}`;
    if (await tree.isFile(path)) found.push(path);
  }
  const [path, second] = found;
  if (path === undefined) {
    throw new RenderError(directory === '' ? '.' : directory, `holds no ${KUSTOMIZATION_FILES.join(' or ')}`);
  }
  if (second !== undefined) throw new RenderError(directory, `holds both ${path} and ${second}; keep one`);
  return readKustomization(await tree.text(path), path, directory);
}
