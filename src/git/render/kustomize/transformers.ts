/** The transformers after the patches, in Kustomize's order: namespace, names, labels, annotations, ... */

import type { Json, JsonObject } from '../../../lang/json.ts';
import { isObject } from '../../../lang/json.ts';
import { RenderError } from '../../errors.ts';
import type { SourceTree } from '../../tree.ts';
import { asObject } from '../types.ts';
import { visitField, type FieldSpec } from './field-path.ts';
import { ANNOTATION_FIELDS, SELECTOR_FIELDS, TEMPLATE_LABEL_FIELDS } from './field-specs.ts';
import type { KustomizationFile } from './file.ts';
import { setImages } from './images.ts';
import { applyJsonPatches } from './patches.ts';
import {
  currentId,
  describeId,
  gvkOf,
  isClusterScoped,
  metadataOf,
  originalId,
  rememberId,
  sameId,
  type Resource,
} from './resource.ts';

export async function transform(
  tree: SourceTree,
  file: KustomizationFile,
  resources: Resource[],
): Promise<Resource[]> {
  if (file.namespace !== '') setNamespace(resources, file.namespace, file.where);
  if (file.namePrefix !== '') rename(resources, file.namePrefix, '');
  if (file.nameSuffix !== '') rename(resources, '', file.nameSuffix);
  for (const entry of file.labels) {
    const fields: FieldSpec[] = [...entry.fields];
    if (entry.includeSelectors) fields.push(...SELECTOR_FIELDS, ...TEMPLATE_LABEL_FIELDS);
    else if (entry.includeTemplates) fields.push(...TEMPLATE_LABEL_FIELDS);
    else fields.push({ path: 'metadata/labels', create: true });
    setPairs(resources, fields, entry.pairs);
  }
  setPairs(resources, [...SELECTOR_FIELDS, ...TEMPLATE_LABEL_FIELDS], file.commonLabels);
  setPairs(resources, ANNOTATION_FIELDS, file.commonAnnotations);
  await applyJsonPatches(tree, file, resources);
  for (const replica of file.replicas) setReplicas(resources, replica, file.where);
  for (const image of file.images) setImages(resources, image, file.where);
  return resources;
}

function setNamespace(resources: readonly Resource[], namespace: string, where: string): void {
  for (const resource of resources) {
    const { object } = resource;
    const gvk = gvkOf(object);
    rememberId(resource);
    if (!isClusterScoped(gvk)) metadataOf(object)['namespace'] = namespace;
    if (gvk.group === '' && gvk.version === 'v1' && gvk.kind === 'Namespace')
      metadataOf(object)['name'] = namespace;
    if (gvk.kind === 'RoleBinding' || gvk.kind === 'ClusterRoleBinding') {
      for (const subject of Array.isArray(object['subjects']) ? object['subjects'] : []) {
        if (isObject(subject) && subject['name'] === 'default') subject['namespace'] = namespace;
      }
    }
    visitField(
      object,
      { path: 'spec/service/namespace', group: 'apiregistration.k8s.io', kind: 'APIService', create: true },
      () => namespace,
    );
    visitField(
      object,
      {
        path: 'spec/conversion/webhook/clientConfig/service/namespace',
        group: 'apiextensions.k8s.io',
        kind: 'CustomResourceDefinition',
      },
      () => namespace,
    );
    const id = currentId(resource);
    if (resources.filter((other) => sameId(currentId(other), id)).length !== 1) {
      throw new RenderError(where, `namespace: ${describeId(id)} would be there twice`);
    }
  }
}

function keepsItsName(resource: Resource): boolean {
  const { group, kind } = originalId(resource);
  return (
    kind === 'CustomResourceDefinition' ||
    kind === 'Namespace' ||
    (kind === 'APIService' && group === 'apiregistration.k8s.io')
  );
}

function rename(resources: readonly Resource[], prefix: string, suffix: string): void {
  for (const resource of resources) {
    if (keepsItsName(resource)) continue;
    if (prefix !== '') resource.prefixes.push(prefix);
    if (suffix !== '') resource.suffixes.push(suffix);
    rememberId(resource);
    const metadata = metadataOf(resource.object);
    metadata['name'] = `${prefix}${String(metadata['name'])}${suffix}`;
  }
}

function setPairs(
  resources: readonly Resource[],
  fields: readonly FieldSpec[],
  pairs: Readonly<Record<string, string>>,
): void {
  if (Object.keys(pairs).length === 0) return;
  const set = (value: Json | undefined): JsonObject => ({ ...asObject(value ?? undefined), ...pairs });
  for (const { object } of resources) for (const field of fields) visitField(object, field, set);
}

const REPLICA_KINDS = ['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet'];

function setReplicas(
  resources: readonly Resource[],
  replica: { name: string; count: number },
  where: string,
): void {
  const matching = resources.filter((resource) =>
    [...resource.previous, currentId(resource)].some(
      (id) => id.name === replica.name && REPLICA_KINDS.includes(id.kind),
    ),
  );
  if (matching.length === 0) {
    throw new RenderError(
      where,
      `replicas: no ${REPLICA_KINDS.join(', ')} is named "${replica.name}" (other kinds, such as Rollout, need a patch)`,
    );
  }
  for (const { object } of matching) {
    for (const kind of REPLICA_KINDS) {
      visitField(object, { path: 'spec/replicas', kind, create: true }, () => replica.count);
    }
  }
}
