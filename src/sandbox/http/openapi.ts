/**
 * OpenAPI v3 as far as kubectl needs it: which query parameters and patch types a kind takes, patch metadata, and the
 * fields for `explain`. Descriptions of built-in kinds are not kept.
 */

import { createHash } from 'node:crypto';
import { isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { digest, schemaName } from '../apiserver/catalog.ts';
import type { Resource } from '../apiserver/resource.ts';
import type { ApiServer } from '../apiserver/server.ts';
import { PATCH_TYPES } from '../apiserver/patching.ts';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const INTERNAL = new Set(['x-omit-zero', 'x-value', 'x-proto']);
const REF = '#/components/schemas/';

/** The sandbox's compact schema as OpenAPI: references spelled out, internal marks gone. */
function published(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => published(item) ?? null);
  if (!isObject(value)) return value;
  const out: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (INTERNAL.has(key) || key === '$ref') continue;
    out[key] = published(item);
  }
  const ref = value['$ref'];
  if (typeof ref !== 'string') return out;
  const target = { $ref: `${REF}${ref}` };
  return Object.keys(out).length === 0 ? target : { ...out, allOf: [target] };
}

function closure(names: Iterable<string>): JsonObject {
  const schemas: JsonObject = {};
  const visit = (value: Json | undefined): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (isObject(value)) {
      if (typeof value['$ref'] === 'string') take(value['$ref']);
      Object.values(value).forEach(visit);
    }
  };
  const take = (name: string): void => {
    const source = digest.schemas[name];
    if (source === undefined || schemas[name] !== undefined) return;
    schemas[name] = published(source);
    visit(source);
  };
  for (const name of names) take(name);
  return schemas;
}

const componentName = (resource: Resource): string => {
  const { group, version, kind } = resource.type;
  return schemaName(group, version, kind) ?? `${group.split('.').toReversed().join('.')}.${version}.${kind}`;
};

function customComponent(resource: Resource): JsonObject {
  const structural = resource.structural ?? {};
  return {
    ...structural,
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { allOf: [{ $ref: `${REF}${OBJECT_META}` }] },
      ...(isObject(structural['properties']) ? structural['properties'] : {}),
    },
  };
}

const query = (name: string, type = 'string'): JsonObject => ({
  name,
  in: 'query',
  schema: { type, uniqueItems: true },
});
const WRITE = [query('dryRun'), query('fieldManager'), query('fieldValidation')];
const LIST = [
  ...['continue', 'fieldSelector', 'labelSelector', 'resourceVersion', 'resourceVersionMatch'].map((name) =>
    query(name),
  ),
  query('limit', 'integer'),
  query('watch', 'boolean'),
];

const inPath = (name: string): JsonObject => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string' },
});

function pathsOf(resource: Resource): JsonObject {
  const { group, version, plural, kind, namespaced } = resource.type;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const base = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const tag = { group, version, kind };
  const ref = { $ref: `${REF}${componentName(resource)}` };
  const content = { 'application/json': { schema: ref } };
  const operation = (action: string, parameters: JsonObject[], body?: JsonObject): JsonObject => ({
    operationId: `${action}_${plural}_${version}`,
    parameters,
    ...(body === undefined ? {} : { requestBody: { content: body, required: true } }),
    responses: { 200: { description: 'OK', content } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': tag,
  });
  const anything = { '*/*': { schema: ref } };
  if (resource.review !== undefined) return { [base]: { post: operation('post', WRITE, anything) } };
  const shared = namespaced ? [inPath('namespace')] : [];
  const patches = Object.values(PATCH_TYPES).filter(
    (type) => !resource.custom || type !== PATCH_TYPES.strategic,
  );
  const out: JsonObject = {
    [base]: {
      parameters: shared,
      get: operation('list', LIST),
      post: operation('post', WRITE, anything),
    },
    [`${base}/{name}`]: {
      parameters: [...shared, inPath('name')],
      get: operation('get', []),
      put: operation('put', WRITE, anything),
      patch: operation(
        'patch',
        [...WRITE, query('force', 'boolean')],
        Object.fromEntries(patches.map((type) => [type, { schema: { type: 'object' } }])),
      ),
      delete: operation('delete', [
        query('dryRun'),
        query('propagationPolicy'),
        query('gracePeriodSeconds', 'integer'),
      ]),
    },
  };
  if (namespaced) out[`${root}/${plural}`] = { get: operation('list', LIST) };
  return out;
}

export class OpenApi {
  readonly #server: ApiServer;
  readonly #documents = new Map<string, { text: string; hash: string }>();
  #revision = -1;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  #fresh(): Map<string, { text: string; hash: string }> {
    if (this.#revision !== this.#server.resourcesRevision) {
      this.#documents.clear();
      this.#revision = this.#server.resourcesRevision;
    }
    return this.#documents;
  }

  #path(resource: Resource): string {
    const { group, version } = resource.type;
    return group === '' ? `api/${version}` : `apis/${group}/${version}`;
  }

  /** `/openapi/v3`. */
  index(): JsonObject {
    const paths: JsonObject = {};
    for (const resource of this.#server.resources()) {
      const path = this.#path(resource);
      if (paths[path] !== undefined) continue;
      const hash = this.document(path)?.hash ?? '';
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
    }
    return { paths };
  }

  /** `/openapi/v3/<path>`: `api/v1`, `apis/apps/v1`. */
  document(path: string): { text: string; hash: string } | undefined {
    const documents = this.#fresh();
    const known = documents.get(path);
    if (known !== undefined) return known;
    const resources = [...this.#server.resources()].filter((resource) => this.#path(resource) === path);
    if (resources.length === 0) return undefined;
    const builtin = resources.filter((resource) => !resource.custom).map(componentName);
    const schemas = closure([...builtin, OBJECT_META]);
    for (const resource of resources) {
      const name = componentName(resource);
      const schema = resource.custom ? customComponent(resource) : (schemas[name] as JsonObject);
      const { group, version, kind } = resource.type;
      schemas[name] = { ...schema, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
    }
    const text = JSON.stringify({
      openapi: '3.0.0',
      info: { title: 'Sluice sandbox', version: 'v1.36.1' },
      paths: Object.assign({}, ...resources.map(pathsOf)) as JsonObject,
      components: { schemas },
    });
    const made = { text, hash: createHash('sha256').update(text).digest('hex').toUpperCase() };
    documents.set(path, made);
    return made;
  }
}
