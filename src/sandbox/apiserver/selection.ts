/** Which objects a list or a watch is about. */

import { parseFieldSelector, type FieldSelector } from '../../lang/field-selector.ts';
import { matchesSelector, parseSelector, SelectorError, type Selector } from '../../lang/selector.ts';
import type { KubeObject } from '../../kube/api.ts';
import { badRequest } from './errors.ts';
import type { Resource } from './resource.ts';
import type { Store } from './storage.ts';

export interface SelectionOptions {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface Selection {
  readonly namespace: string | undefined;
  readonly labels: Selector | undefined;
  readonly fields: FieldSelector;
  /** Set when the fields name exactly one object. */
  readonly name: string | undefined;
  readonly everything: boolean;
  matches(object: KubeObject): boolean;
}

function fieldGetter(resource: Resource, field: string): (object: KubeObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name;
  if (field === 'metadata.namespace' && resource.type.namespaced)
    return (object) => object.metadata.namespace ?? '';
  const getter = Object.hasOwn(resource.selectable, field) ? resource.selectable[field] : undefined;
  if (getter === undefined) {
    // Kinds with fields of their own have a conversion of their own, with a shorter text.
    const plain = !resource.custom && Object.keys(resource.selectable).length === 0;
    throw badRequest(
      plain
        ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
        : `field label not supported: ${field}`,
    );
  }
  return getter;
}

/** Throws 400 with the server's text. */
export function select(resource: Resource, options: SelectionOptions): Selection {
  let labels: Selector | undefined;
  let fields: FieldSelector = [];
  try {
    if (options.labelSelector !== undefined && options.labelSelector !== '') {
      labels = parseSelector(options.labelSelector);
    }
    if (options.fieldSelector !== undefined && options.fieldSelector !== '') {
      fields = parseFieldSelector(options.fieldSelector);
    }
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
  const tests = fields.map((requirement) => {
    const get = fieldGetter(resource, requirement.field);
    return (object: KubeObject): boolean =>
      (get(object) === requirement.value) === (requirement.operator === '=');
  });
  const namespace = resource.type.namespaced && options.namespace !== '' ? options.namespace : undefined;
  const named = fields.find((item) => item.field === 'metadata.name' && item.operator === '=');
  return {
    namespace,
    labels,
    fields,
    name: named?.value,
    everything: labels === undefined && fields.length === 0,
    matches: (object) =>
      (namespace === undefined || object.metadata.namespace === namespace) &&
      (labels === undefined || matchesSelector(labels, object.metadata.labels ?? {})) &&
      tests.every((test) => test(object)),
  };
}

const byName = (a: KubeObject, b: KubeObject): number => {
  const left = `${a.metadata.namespace ?? ''}/${a.metadata.name}`;
  const right = `${b.metadata.namespace ?? ''}/${b.metadata.name}`;
  return left < right ? -1 : left > right ? 1 : 0;
};

/** The selected objects in the order of their keys; uses an index where the selector allows it. */
export function selected(store: Store, selection: Selection): KubeObject[] {
  const equal = selection.labels?.requirements.find(
    (item) => (item.operator === '=' || item.operator === '==') && item.values.length === 1,
  );
  if (selection.name !== undefined && selection.namespace !== undefined) {
    const object = store.get({ namespace: selection.namespace, name: selection.name });
    return object !== undefined && selection.matches(object) ? [object] : [];
  }
  if (equal !== undefined) {
    const found = [...store.withLabel(equal.key, equal.values[0] ?? '', selection.namespace)];
    return found.filter((object) => selection.matches(object)).sort(byName);
  }
  const all = store.sorted(selection.namespace);
  return selection.everything ? all : all.filter((object) => selection.matches(object));
}
